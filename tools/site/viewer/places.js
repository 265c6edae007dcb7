// The five structures as places on the page. A thread, a packet, a device is one element that goes from list to list; what
// moved is animated from where it was.
"use strict";
(() => {
  const {NONE, WAITING, RELEASED, PAUSED} = courseTrace.model;
  const MOST = {devices: 8, queue: 8, waiting: 8, released: 8, paused: 8, outside: 8};
  const SLOTS = 8;  // free places drawn for the limit

  function element(tag, className, text) {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  }

  function item(className, text) {
    const e = element("div", className, text);
    e.setAttribute("role", "listitem");
    return e;
  }

  class Places {
    // `onFollow(what, name)`: somebody clicked on a thread, a device or a packet.
    constructor(root, onFollow) {
      this.root = root;
      this.onFollow = onFollow;
      this.tokens = new Map();
      this.lists = {};
      for (const name of Object.keys(MOST)) {
        const place = element("section", `place ${name}`);
        place.setAttribute("role", "group");
        const head = element("h3");
        this.lists[name] = {place, head, note: element("p", "note"), ul: element("div", "items")};
        this.lists[name].ul.setAttribute("role", "list");
        place.append(head, this.lists[name].note, this.lists[name].ul);
        root.append(place);
      }
      root.addEventListener("click", (e) => {
        const token = e.target.closest("[data-what]");
        if (token) this.onFollow(token.dataset.what, Number(token.dataset.name));
      });
    }

    setTrace(trace, lang) {
      this.trace = trace;
      this.lang = lang;
      this.words = courseTrace.WORDS[lang];
      for (const token of this.tokens.values()) token.remove();
      this.tokens.clear();
      this.deviceNames = new Map();
      for (const [name, {place, head, note}] of Object.entries(this.lists)) {
        head.replaceChildren(element("span", "", this.words[name]), element("b", "count"));
        note.textContent = {devices: this.words.devicesHint, queue: this.words.fifo, waiting: this.words.lifo, paused: this.words.pausedHint, outside: this.words.outsideHint}[name] || "";
        place.setAttribute("aria-label", this.words[name]);
      }
    }

    // Draws the state after step `s`. `followed`: {what, name} or null.
    draw(state, s, followed, animated) {
      const before = animated ? this._where() : null;
      this.state = state;
      this.followed = followed;
      this.used = new Set();
      const [first, end] = this.trace.range(s), number = this._port(s, state);
      this.portNumber = number;
      const port = state.ports.get(number), lists = port ? port.lists : [[], [], [], []];
      this.now = {first, end, threads: new Set(), devices: new Set(), packets: new Set()};
      for (let i = first; i < end; ++i) {
        this.now.threads.add(this.trace.thread[i]);
        this.now.devices.add(this.trace.device[i]);
        this.now.packets.add(this.trace.packet[i]);
      }
      this._devices(port, end);
      this._queue(port);
      this._threads("waiting", lists[WAITING], port);
      this._threads("released", lists[RELEASED], port);
      this._threads("paused", lists[PAUSED], port);
      this._outside(s, state, this.trace.actor[first]);
      this._limit(port);
      for (const [name, token] of this.tokens) if (!this.used.has(name)) { token.remove(); this.tokens.delete(name); }
      if (animated) this._animate(before, first);
    }

    // The port that the step concerns, or the last one before it.
    _port(s, state) {
      for (let i = s; i >= 0 && i > s - 200; --i) {
        const port = this.trace.port[this.trace.steps[i]];
        if (port >= 0 && state.ports.has(port)) return port;
      }
      return state.ports.keys().next().value ?? -1;
    }

    _devices(port, end) {
      const all = port ? [...port.devices.keys()] : [];
      const chosen = this._some(all, MOST.devices, (d) => this.now.devices.has(d) || this._isFollowed("device", d));
      this._fill("devices", all.length, chosen.map((d) => {
        const token = this._token(`d${d}`, "device", "device", d);
        const pending = this.trace.pending(d, end).map((i) => this.trace.words.list[this.trace.op[i]]);
        this._text(token, [this._deviceName(d), `${this.words.key} ${courseTrace.keyName(this.trace.words.list[port.devices.get(d)])}`, ...pending.map((p) => `… ${p}`)]);
        token.classList.toggle("now", this.now.devices.has(d));
        return token;
      }), all.length - chosen.length);
    }

    _queue(port) {
      const all = port ? port.waitingPackets() : [];
      const shown = all.slice(0, MOST.queue);
      this._fill("queue", all.length, shown.map((p) => this._packet(p)).reverse(), all.length - shown.length, true);
    }

    _threads(name, threads, port) {
      const chosen = this._some(threads, MOST[name], (t) => this.now.threads.has(t) || this._isFollowed("thread", t));
      this._fill(name, threads.length, chosen.map((t, n) => this._thread(t, name === "released" && port && threads.length > port.concurrency && n < threads.length - port.concurrency)),
                 threads.length - chosen.length);
    }

    // Who has been seen, will be seen again, and is in no list; and who calls now.
    _outside(s, state, actor) {
      const threads = [];
      for (const [t, steps] of this.trace.concerned.thread) {
        const place = state.place.get(t) || NONE;
        if (place === NONE && (t === actor || steps[0] <= s && steps[steps.length - 1] > s)) threads.push(t);
      }
      const chosen = this._some(threads, MOST.outside, (t) => t === actor);
      this._fill("outside", threads.length, chosen.map((t) => this._thread(t)), threads.length - chosen.length);
    }

    _limit(port) {
      const {note, ul} = this.lists.released;
      note.textContent = port ? this.words.limit(port.concurrency) + (port.open ? "" : ` · ${this.words.closedPort}`) : "";
      const free = port && port.open ? Math.max(0, Math.min(port.concurrency, SLOTS) - port.lists[RELEASED].length) : 0;
      for (let n = 0; n < free; ++n) ul.append(item("slot", this.words.free));
      this.lists.released.place.classList.toggle("full", Boolean(port && port.open && free === 0 && port.lists[RELEASED].length >= port.concurrency));
    }

    // The order is kept; those that matter now come before others when there are too many.
    _some(all, most, matters) {
      if (all.length <= most) return all;
      const chosen = new Set(all.filter(matters).slice(0, most));
      for (const one of all) { if (chosen.size >= most) break; chosen.add(one); }
      return all.filter((one) => chosen.has(one));
    }

    _fill(name, count, tokens, more, moreFirst) {
      const {head, ul, place} = this.lists[name];
      head.lastChild.textContent = count;
      const wanted = tokens.slice();
      if (more > 0) wanted[moreFirst ? "unshift" : "push"](item("more", this.words.more(more)));
      if (!wanted.length && name !== "released") wanted.push(item("nothing", this.words.none));
      ul.replaceChildren(...wanted);
      place.classList.toggle("many", tokens.length > 5);
    }

    _token(id, className, what, name) {
      this.used.add(id);
      let token = this.tokens.get(id);
      if (!token) {
        token = item(`token ${className}`);
        token.append(element("button"));
        token.firstChild.type = "button";
        token.firstChild.dataset.what = what;
        token.firstChild.dataset.name = name;
        this.tokens.set(id, token);
      }
      token.classList.toggle("dim", Boolean(this.followed) && !this._isFollowed(what, name));
      token.classList.toggle("followed", this._isFollowed(what, name));
      return token;
    }

    _isFollowed(what, name) {
      return Boolean(this.followed) && this.followed.what === what && this.followed.name === name;
    }

    _text(token, pieces) {
      const button = token.firstChild;
      const now = pieces.join("\n");
      if (button.dataset.text === now) return;
      button.dataset.text = now;
      button.replaceChildren(...pieces.map((p, n) => element("span", n ? "sub" : "name", p)));
    }

    _thread(t, over) {
      const token = this._token(`t${t}`, "thread", "thread", t);
      token.style.setProperty("--hue", (t * 67 + 205) % 360);
      this._text(token, [this.trace.threadNames[t]]);
      token.classList.toggle("now", this.now.threads.has(t));
      token.classList.toggle("over", Boolean(over));
      const held = (this.state.holds.get(t) || []).slice(0, 3).map((p) => this._packet(p, true));
      while (token.childNodes.length > 1) token.lastChild.remove();
      token.append(...held);
      return token;
    }

    _packet(p, held) {
      const t = this.trace, device = t.device[p], overlapped = t.overlapped[p], failed = courseTrace.isFailed(t.words.list[t.status[p]]);
      const [what, name] = device >= 0 ? ["overlapped", overlapped] : ["port", t.port[p]];
      const token = this._token(`p${p}`, "packet", what, name);
      this._text(token, device >= 0 ? [this._deviceName(device), failed ? this.words.failed : this.words.bytes(t.bytes[p])] : [`${this.words.key} ${courseTrace.keyName(t.words.list[t.key[p]])}`]);
      if (this.followed && this._isFollowed("device", device)) { token.classList.remove("dim"); token.classList.add("followed"); }
      token.classList.toggle("failed", failed);
      token.classList.toggle("now", this.now.packets.has(p));
      token.setAttribute("role", held ? "presentation" : "listitem");
      return token;
    }

    _deviceName(d) {
      if (!this.deviceNames.has(d)) this.deviceNames.set(d, courseTrace.deviceName(this.trace, d, this.lang));
      return this.deviceNames.get(d);
    }

    // --- motion ----------------------------------------------------------------------------------------------

    _where() {
      const found = new Map();
      for (const [id, token] of this.tokens) found.set(id, token.getBoundingClientRect());
      return found;
    }

    // From where each was to where it is; a new packet comes from its device or from the thread that put it there.
    _animate(before, first) {
      const t = this.trace, places = [];
      for (const [id, token] of this.tokens) {
        let from = before.get(id);
        if (!from && id[0] === "p") from = before.get(`d${t.device[first]}`) || before.get(`t${t.actor[first]}`);
        if (from) places.push([token, from, token.getBoundingClientRect()]);
      }
      for (const [token, from, to] of places) {
        const held = token.parentElement.closest(".token"), outer = held && places.find(([other]) => other === held);
        const dx = from.left - to.left - (outer ? outer[1].left - outer[2].left : 0), dy = from.top - to.top - (outer ? outer[1].top - outer[2].top : 0);
        if (Math.abs(dx) + Math.abs(dy) < 2) continue;
        token.animate([{transform: `translate(${dx}px, ${dy}px)`, zIndex: 5}, {transform: "none", zIndex: 5}], {duration: 420, easing: "cubic-bezier(.3, .1, .2, 1)"});
      }
    }
  }

  courseTrace.Places = Places;
  courseTrace.element = element;
})();

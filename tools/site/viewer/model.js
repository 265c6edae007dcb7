// What a trace of the port says: its events in columns, its steps, and the five structures after any step. Knows no page:
// the tests run it under node. A plain script, for a browser loads no modules from a folder.
"use strict";
(function (root) {
  const EVENTS = ["port created", "port closed", "device associated", "device removed", "packet queued", "packet taken",
                  "thread moved", "operation issued", "operation completed"];
  const [CREATED, CLOSED, ADDED, REMOVED, QUEUED, TAKEN, MOVED, ISSUED, COMPLETED] = EVENTS.keys();
  const PLACES = ["none", "WaitingThreads", "ReleasedThreads", "PausedThreads"];
  const [NONE, WAITING, RELEASED, PAUSED] = PLACES.keys();
  const EVERY = 1024;  // events between two checkpoints

  class TraceError extends Error {
    constructor(reason) { super(reason); this.reason = reason; }
  }

  // Where in the ascending list the first value is that is not below `value`.
  function firstFrom(list, value) {
    let low = 0, high = list.length;
    while (low < high) { const mid = (low + high) >> 1; list[mid] < value ? low = mid + 1 : high = mid; }
    return low;
  }

  // Names become small numbers.
  class Names {
    constructor() { this.list = []; this.at = new Map(); }
    number(name) {
      let n = this.at.get(name);
      if (n === undefined) { this.at.set(name, n = this.list.length); this.list.push(name); }
      return n;
    }
  }

  // --- reading -----------------------------------------------------------------------------------------------

  // The events of a trace file; `cut`: its end is missing, and what could be read is here.
  function events(text) {
    try {
      const json = JSON.parse(text);
      const found = Array.isArray(json) ? json : json && json.traceEvents;
      if (!Array.isArray(found)) throw new TraceError("shape");
      return {found, cut: false};
    } catch (error) {
      if (error instanceof TraceError) throw error;
      const found = [];
      for (const line of text.split("\n")) {
        try { found.push(JSON.parse(line.trim().replace(/,$/, ""))); } catch { /* a torn line */ }
      }
      if (!found.some((e) => e && e.args)) throw new TraceError("json");
      return {found, cut: true};
    }
  }

  function read(text) {
    const {found, cut} = events(text);
    const names = new Map(), wanted = [];
    for (const e of found) {
      if (!e || typeof e !== "object" || !e.args) continue;
      if (e.ph === "M" && e.name === "thread_name") names.set(e.tid, String(e.args.name));
      else if (e.ph === "i" && EVENTS.includes(e.name)) wanted.push(e);
    }
    if (!wanted.length) throw new TraceError("empty");
    return new Trace(wanted, names, cut);
  }

  class Trace {
    constructor(list, names, cut) {
      const n = this.size = list.length;
      this.cut = cut;
      this.problems = [];
      this.kind = new Uint8Array(n); this.at = new Float64Array(n); this.actor = new Int32Array(n);
      for (const column of ["port", "thread", "device", "overlapped", "key", "status", "op", "packet", "length", "bytes", "buffers", "room", "pair"]) {
        this[column] = new Int32Array(n).fill(-1);
      }
      this.from = new Uint8Array(n); this.to = new Uint8Array(n);
      this.ports = new Names(); this.threads = new Names(); this.devices = new Names(); this.overlappeds = new Names();
      this.words = new Names();  // keys, statuses, kinds of operations
      this._fill(list);
      this.threadNames = this.threads.list.map((id) => names.get(id) || `T${id}`);
      this._pair();
      this.checkpoints = [];
      this._replay();
      this._group();
      this._index();
    }

    _fill(list) {
      const start = list[0].ts || 0, home = new Map(), number = (names, value) => value === undefined ? -1 : names.number(value);
      for (let i = 0; i < list.length; ++i) {
        const e = list[i], a = e.args;
        this.kind[i] = EVENTS.indexOf(e.name);
        this.at[i] = ((e.ts || 0) - start) / 1000;
        this.actor[i] = this.threads.number(e.tid);
        this.thread[i] = number(this.threads, a.thread);
        this.device[i] = number(this.devices, a.device);
        this.overlapped[i] = number(this.overlappeds, a.overlapped);
        this.key[i] = number(this.words, a.key);
        this.status[i] = number(this.words, a.status);
        this.op[i] = number(this.words, a.kind);
        this.length[i] = a.queue ?? a.concurrency ?? -1;
        this.bytes[i] = a.bytes ?? -1;
        this.buffers[i] = a.buffers ?? -1; this.room[i] = this.kind[i] === ISSUED ? a.length ?? -1 : -1;
        this.from[i] = Math.max(0, PLACES.indexOf(a.from)); this.to[i] = Math.max(0, PLACES.indexOf(a.to));
        this.port[i] = a.port !== undefined ? this.ports.number(a.port) : home.get(this.device[i]) ?? -1;
        if (this.kind[i] === ADDED) home.set(this.device[i], this.port[i]);
      }
    }

    // An operation's beginning and end know each other.
    _pair() {
      const open = new Map();
      for (let i = 0; i < this.size; ++i) {
        const name = this.overlapped[i] * this.devices.list.length + this.device[i];
        if (this.kind[i] === ISSUED) open.set(name, i);
        else if (this.kind[i] === COMPLETED && open.has(name)) {
          const begin = open.get(name);
          open.delete(name);
          this.pair[i] = begin; this.pair[begin] = i;
        }
      }
    }

    // Rebuilds all of it once: packets get their numbers, disagreements are noted, checkpoints are kept.
    _replay() {
      const state = new State(this);
      for (let i = 0; i < this.size; ++i) {
        if (i % EVERY === 0) this.checkpoints.push(state.copy());
        const problem = state.apply(i, true);
        if (problem && this.problems.length < 20) this.problems.push({event: i, problem});
      }
    }

    // Events that the port made in one go are one step.
    _group() {
      const starts = [];
      for (let i = 0; i < this.size; ++i) if (!i || !this._belongs(i)) starts.push(i);
      this.steps = Int32Array.from(starts);
      this.stepOf = new Int32Array(this.size);
      for (let s = 0, i = 0; i < this.size; ++i) {
        if (s + 1 < starts.length && starts[s + 1] === i) ++s;
        this.stepOf[i] = s;
      }
    }

    _belongs(i) {
      const b = i - 1, same = this.actor[b] === this.actor[i] && this.port[b] === this.port[i];
      if (!same) return false;
      const kinds = [this.kind[b], this.kind[i]].join();
      const moved = this.thread[b] === this.thread[i];
      switch (kinds) {
        case [COMPLETED, QUEUED].join(): return this.overlapped[b] === this.overlapped[i];
        case [TAKEN, MOVED].join(): return moved && this.to[i] === RELEASED;  // handed, or taken and gone on
        case [MOVED, TAKEN].join(): return moved && this.to[b] === NONE && this.actor[i] === this.thread[i];
        case [MOVED, MOVED].join(): return moved && this.to[b] === NONE && this.from[i] === NONE;  // asks again
        case [TAKEN, TAKEN].join(): return moved && this._asked(b);
        default: return false;
      }
    }
    _asked(i) {  // these packets were taken in one call
      while (i >= 0 && this.kind[i] === TAKEN) --i;
      return i >= 0 && this.kind[i] === MOVED && this.to[i] === NONE;
    }

    // Which steps concern a port, thread, device or OVERLAPPED.
    _index() {
      this.threadPorts = new Set();  // threads that have ever been in a list
      this.concerned = {port: new Map(), thread: new Map(), device: new Map(), overlapped: new Map()};
      for (let i = 0; i < this.size; ++i) {
        for (const what of ["port", "thread", "device", "overlapped"]) {
          this._concern(what, this[what][i], i);
          if (what === "thread" && this.actor[i] !== this.thread[i]) this._concern(what, this.actor[i], i);
        }
        if (this.kind[i] === MOVED) this.threadPorts.add(this.thread[i]);
        const packet = this.packet[i];
        if (packet >= 0 && this.device[packet] >= 0) this._concern("device", this.device[packet], i);
      }
    }
    _concern(what, name, i) {
      if (name < 0 || what === "overlapped" && /^0x0+$/.test(this.overlappeds.list[name])) return;
      let list = this.concerned[what].get(name);
      if (!list) this.concerned[what].set(name, list = []);
      if (list[list.length - 1] !== this.stepOf[i]) list.push(this.stepOf[i]);
    }

    get stepCount() { return this.steps.length; }
    // The events of step `s`: from here to before there.
    range(s) { return [this.steps[s], s + 1 < this.steps.length ? this.steps[s + 1] : this.size]; }

    // The operations of a device that are pending after `end` events, newest last.
    pending(device, end, most = 8) {
      const steps = this.concerned.device.get(device) || [], found = [];
      const low = end < this.size ? firstFrom(steps, this.stepOf[end] + (this.steps[this.stepOf[end]] < end ? 1 : 0)) : steps.length;
      for (let at = low - 1, looked = 0; at >= 0 && looked < 64 && found.length < most; --at, ++looked) {
        for (let i = Math.min(this.range(steps[at])[1], end) - 1; i >= this.steps[steps[at]]; --i) {
          if (this.kind[i] === ISSUED && this.device[i] === device && !(this.pair[i] >= 0 && this.pair[i] < end)) found.unshift(i);
        }
      }
      return found;
    }
  }

  // --- the five structures -----------------------------------------------------------------------------------

  class Port {
    constructor(concurrency) {
      this.open = true; this.concurrency = concurrency;
      this.devices = new Map(); this.shared = false;  // device -> key; `shared` with a checkpoint
      this.queue = []; this.head = 0;                 // packets, oldest at `head`
      this.lists = [[], [], [], []];                  // threads by place, newest first
    }
    copy() {
      const port = new Port(this.concurrency);
      port.open = this.open;
      port.devices = this.devices; port.shared = this.shared = true;
      port.queue = this.queue.slice(this.head);
      port.lists = this.lists.map((list) => list.slice());
      return port;
    }
    own() {
      if (this.shared) { this.devices = new Map(this.devices); this.shared = false; }
      return this.devices;
    }
    waitingPackets() { return this.queue.slice(this.head); }
    get queueLength() { return this.queue.length - this.head; }
  }

  // After `done` events.
  class State {
    constructor(trace) { this.trace = trace; this.done = 0; this.ports = new Map(); this.place = new Map(); this.holds = new Map(); }
    copy() {
      const state = new State(this.trace);
      state.done = this.done;
      for (const [name, port] of this.ports) state.ports.set(name, port.copy());
      state.place = new Map(this.place);
      state.holds = new Map(this.holds);
      return state;
    }

    // The next event. Returns what does not agree with the state ("" when all does).
    apply(i, first = false) {
      const t = this.trace, kind = t.kind[i];
      this.done = i + 1;
      if (kind === ISSUED || kind === COMPLETED) return "";
      let port = this.ports.get(t.port[i]);
      if (kind === CREATED) { this.ports.set(t.port[i], new Port(t.length[i])); return ""; }
      if (!port) { this.ports.set(t.port[i], port = new Port(0)); }  // the beginning is missing
      switch (kind) {
        case CLOSED: port.open = false; port.queue = []; port.head = 0; return "";
        case ADDED: port.own().set(t.device[i], t.key[i]); return "";
        case REMOVED: return port.own().delete(t.device[i]) ? "" : "device";
        case QUEUED:
          if (first) {
            t.packet[i] = i;
            if (i && t.kind[i - 1] === COMPLETED && t.overlapped[i - 1] === t.overlapped[i] && t.actor[i - 1] === t.actor[i]) t.device[i] = t.device[i - 1];
          }
          port.queue.push(i);
          return port.queueLength === t.length[i] ? "" : "queue";
        case TAKEN: return this._taken(port, i, first);
        default: return this._moved(port, i);
      }
    }
    _taken(port, i, first) {
      const t = this.trace, packet = port.queue[port.head];
      if (packet === undefined) return "queue";
      if (first) { t.packet[i] = packet; t.device[i] = t.device[packet]; }
      if (++port.head > 64 && port.head * 2 > port.queue.length) { port.queue = port.queue.slice(port.head); port.head = 0; }
      const more = i && t.kind[i - 1] === TAKEN && t.thread[i - 1] === t.thread[i];
      this.holds.set(t.thread[i], more ? [...this.holds.get(t.thread[i]) || [], packet] : [packet]);
      return port.queueLength === t.length[i] && t.key[packet] === t.key[i] && t.overlapped[packet] === t.overlapped[i] ? "" : "queue";
    }
    _moved(port, i) {
      const t = this.trace, thread = t.thread[i], from = port.lists[t.from[i]], at = from.indexOf(thread);
      if (t.from[i] !== NONE && at >= 0) from.splice(at, 1);
      if (t.to[i] !== NONE) port.lists[t.to[i]].unshift(thread);
      const right = (this.place.get(thread) || NONE) === t.from[i] && (t.from[i] === NONE || at >= 0);
      this.place.set(thread, t.to[i]);
      if (t.to[i] === NONE || t.to[i] === WAITING) this.holds.delete(thread);
      return right ? "" : "thread";
    }
  }

  // Goes to any step; forwards it walks, else it begins at a checkpoint.
  class Cursor {
    constructor(trace) { this.trace = trace; this.step = -1; this.state = new State(trace); }
    seek(step) {
      const t = this.trace, end = step < 0 ? 0 : t.range(step)[1];
      if (end < this.state.done || end - this.state.done > EVERY) this.state = t.checkpoints[Math.max(0, Math.ceil(end / EVERY) - 1)].copy();
      for (let i = this.state.done; i < end; ++i) this.state.apply(i);
      this.step = step;
      return this.state;
    }
  }

  // --- stories -----------------------------------------------------------------------------------------------

  // The first event from `from` on that has all that `wanted` says, e.g. {event: "packet queued", key: "0x66"}; -1: none.
  function findEvent(trace, wanted, from = 0) {
    const has = {
      event: (i, v) => EVENTS[trace.kind[i]] === v, key: (i, v) => trace.words.list[trace.key[i]] === v,
      status: (i, v) => trace.words.list[trace.status[i]] === v, kind: (i, v) => trace.words.list[trace.op[i]] === v,
      thread: (i, v) => trace.threadNames[trace.thread[i]] === v, actor: (i, v) => trace.threadNames[trace.actor[i]] === v,
      from: (i, v) => PLACES[trace.from[i]] === v, to: (i, v) => PLACES[trace.to[i]] === v,
      bytes: (i, v) => trace.bytes[i] === v, queue: (i, v) => trace.length[i] === v,
      worker: (i, v) => trace.threadPorts.has(trace.actor[i]) === v,  // called by a thread of a port
      buffers: (i, v) => trace.buffers[i] === v, room: (i, v) => trace.room[i] === v,
    };
    const tests = Object.entries(wanted).map(([name, value]) => [has[name], value]);
    for (let i = from; i < trace.size; ++i) if (tests.every(([test, value]) => test(i, value))) return i;
    return -1;
  }

  // The steps of a story's points, in order; throws where the run does not have one.
  function storySteps(trace, points) {
    let from = 0;
    return points.map((point, n) => {
      for (const wanted of [point.at].flat()) {
        const found = findEvent(trace, wanted, from);
        if (found < 0) throw new TraceError(`point ${n + 1}: ${JSON.stringify(wanted)} is not in the run`);
        from = found + 1;
      }
      return trace.stepOf[from - 1];
    });
  }

  const model = {read, firstFrom, Cursor, TraceError, findEvent, storySteps, EVENTS, PLACES, CREATED, CLOSED, ADDED, REMOVED, QUEUED, TAKEN, MOVED, ISSUED,
                 COMPLETED, NONE, WAITING, RELEASED, PAUSED};
  if (typeof module !== "undefined") module.exports = model;
  else (root.courseTrace ||= {}).model = model;
})(globalThis);

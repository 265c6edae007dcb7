// What stands beside the places: the step in words, its call and its code; and the story of a recorded run.
"use strict";
(() => {
  const {element} = courseTrace;
  const TOKEN = /(\/\/.*$)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\b(if|else|for|while|do|return|const|auto|bool|int|void|switch|case|break|continue|true|false|nullptr|new|delete|default|using|struct|class|enum|static|constexpr|namespace|template|this)\b|\b(\d[\w.']*)\b|\b([A-Z][A-Za-z0-9]*)(?=[(<:&*\s])/gm;
  const KINDS = ["", "comment", "string", "keyword", "number", "name"];

  function highlighted(text) {
    const out = document.createDocumentFragment();
    let last = 0;
    for (const match of text.matchAll(TOKEN)) {
      out.append(text.slice(last, match.index), element("span", `c-${KINDS[match.findIndex((m, n) => n && m !== undefined)]}`, match[0]));
      last = match.index + match[0].length;
    }
    out.append(text.slice(last));
    return out;
  }

  class StepPanel {
    constructor(root, code, onFollow) {
      this.code = code;
      this.text = element("p", "said");
      this.facts = element("p", "facts");
      this.callHead = element("h4");
      this.call = element("code", "call");
      this.codeHead = element("h4");
      this.where = element("p", "where");
      this.pre = element("pre");
      this.pre.tabIndex = 0;
      this.text.setAttribute("aria-live", "polite");
      root.append(this.text, this.facts, this.callHead, this.call, this.codeHead, this.where, this.pre);
      this.facts.addEventListener("click", (e) => { const b = e.target.closest("button"); if (b) onFollow(b.dataset.what, Number(b.dataset.name)); });
    }

    // `quiet`: a film runs too fast for the code to be read.
    show(trace, told, lang, words, quiet) {
      this.text.textContent = told.text;
      if (quiet) return;
      const facts = [element("span", "", `${told.at.toFixed(3)} ms`)];
      const fact = (what, name, text) => {
        const button = element("button", "", text);
        button.type = "button";
        button.dataset.what = what; button.dataset.name = name;
        button.title = words.follow;
        facts.push(button);
      };
      if (told.thread >= 0) fact("thread", told.thread, trace.threadNames[told.thread]);
      if (told.actor !== told.thread) facts.push(element("span", "", `${words.by}: ${trace.threadNames[told.actor]}`));
      if (told.device >= 0) fact("device", told.device, `${courseTrace.deviceName(trace, told.device, lang)} ${trace.devices.list[told.device]}`);
      if (trace.concerned.overlapped.has(told.overlapped)) fact("overlapped", told.overlapped, `OVERLAPPED ${trace.overlappeds.list[told.overlapped]}`);
      this.facts.replaceChildren(...facts);
      this.callHead.textContent = words.call;
      this.callHead.hidden = this.call.hidden = !told.call;
      this.call.textContent = told.call;
      this._code(told.code, words);
    }

    _code(name, words) {
      const found = this.code && this.code[name];
      this.codeHead.hidden = this.where.hidden = this.pre.hidden = !found;
      if (!found) return;
      this.codeHead.textContent = words.code;
      if (this.shown !== name) this.pre.replaceChildren(highlighted(found.text));
      this.shown = name;
      this.where.textContent = `${found.file}:${found.line}`;
      this.pre.setAttribute("aria-label", `${words.code}: ${found.file}`);
    }
  }

  class StoryPanel {
    constructor(root, onGo) {
      this.root = root;
      this.onGo = onGo;
      root.hidden = true;
    }

    set(trace, story, lang, words) {
      this.story = story;
      this.root.hidden = !story;
      if (!story) return;
      this.steps = courseTrace.model.storySteps(trace, story.points);
      this.title = element("h2", "", story.title[lang]);
      this.about = element("p", "about", story.about[lang]);
      this.count = element("span", "count");
      this.text = element("p", "point");
      this.text.setAttribute("aria-live", "polite");
      const button = (label, sign, move) => {
        const b = element("button", "", sign);
        b.type = "button";
        b.setAttribute("aria-label", label);
        b.title = label;
        b.addEventListener("click", () => this.move(move));
        return b;
      };
      const bar = element("div", "bar");
      bar.append(button(words.previousPoint, "◀", -1), this.count, button(words.nextPoint, "▶", 1));
      this.root.replaceChildren(this.title, this.about, bar, this.text);
      this.lang = lang;
      this.words = words;
    }

    // The next (or the previous) point.
    move(by) {
      if (!this.story) return;
      const next = by > 0 ? this.steps.find((s) => s > this.step) : [...this.steps].reverse().find((s) => s < this.step);
      if (next !== undefined) this.onGo(next);
    }

    show(step) {
      this.step = step;
      if (!this.story) return;
      let at = -1;
      this.steps.forEach((s, n) => { if (s <= step) at = n; });
      if (at === this.at && this.text.textContent) { this.text.classList.toggle("here", this.steps[at] === step); return; }
      this.at = at;
      this.count.textContent = this.words.point(at + 1, this.steps.length);
      this.text.textContent = at < 0 ? "" : this.story.points[at][this.lang];
      this.text.classList.toggle("here", this.steps[at] === step);
    }
  }

  Object.assign(courseTrace, {StepPanel, StoryPanel, highlighted});
})();

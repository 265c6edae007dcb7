// The viewer: one trace, one step of it that is shown, the film, following.
"use strict";
(() => {
  const {WORDS, Places, Timeline, StepList, StepPanel, StoryPanel, describe, element, model} = courseTrace;
  const SPEEDS = [0.5, 1, 2, 4, 10, 30, 100, 1000];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  class Viewer {
    // options: lang, code, runs [{name, title}], load(name) -> {text, story}, onState({run, step, lang})
    constructor(root, options) {
      this.root = root;
      this.options = options;
      this.lang = options.lang || "ko";
      this.speed = 1;
      this.step = 0;
      this.build();
      courseTrace.keys(this);
      calm.addEventListener("change", () => this.draw());
    }

    get words() { return WORDS[this.lang]; }

    build() {
      courseTrace.layout(this);
      const follow = (what, name) => this.follow(what, name);
      this.places = new Places(this.parts.board, follow);
      this.timeline = new Timeline(this.parts.timeline, (s) => this.go(s));
      this.list = new StepList(this.parts.list, (s) => this.go(s));
      this.panel = new StepPanel(this.parts.panel, this.options.code, follow);
      this.story = new StoryPanel(this.parts.story, (s) => this.go(s));
      courseTrace.wire(this, SPEEDS);
      if (this.trace) this._fresh();
    }

    setLanguage(lang) {
      this.stop();
      this.lang = lang;
      this.build();
      this.options.onLanguage?.(lang);
    }

    // --- opening -----------------------------------------------------------------------------------------------

    async openRun(name, step = 0) {
      this.say(this.words.loading);
      const {text, story, from} = await this.options.load(name);
      this.open(text, {name, story, step, from});
    }

    async openFile(file) {
      this.say(this.words.loading);
      try {
        const packed = /\.gz$/.test(file.name);
        if (packed && !globalThis.DecompressionStream) throw new model.TraceError("gzip");
        const stream = packed ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
        this.open(await new Response(stream).text(), {name: file.name});
      } catch (error) {
        this.fail(error);
      }
    }

    open(text, {name, story = null, step = 0, from = ""} = {}) {
      this.stop();
      try {
        this.trace = model.read(text);
      } catch (error) {
        return this.fail(error);
      }
      this.name = name; this.from = from; this.storyData = story;
      this.followed = null; this.followedSteps = null;
      this.cursor = new model.Cursor(this.trace);
      this.step = Math.max(0, Math.min(step, this.trace.stepCount - 1));
      this._fresh();
    }

    fail(error) { this.say(this.words.errors[error.reason] || String(error.message || error), true); }
    say(text, bad = false) {
      this.parts.notice.textContent = text;
      this.parts.notice.hidden = !text;
      this.parts.notice.classList.toggle("bad", bad);
    }

    // Everything that depends on the trace or the language.
    _fresh() {
      const {trace, lang, words} = this, [damage] = trace.problems;
      this.root.classList.add("open");
      this.say(trace.cut ? words.cut : damage ? words.damaged(trace.problems.length, trace.stepOf[damage.event] + 1) : "", Boolean(damage));
      this.places.setTrace(trace, lang);
      this.timeline.setTrace(trace, words);
      this.story.set(trace, this.storyData, lang, words);
      courseTrace.fillFollow(this);
      this._listed();
      this.parts.slider.max = this.parts.number.max = trace.stepCount;
      this.parts.of.textContent = `/ ${trace.stepCount.toLocaleString()}`;
      this.parts.program.textContent = this.from || this.name || "";
      courseTrace.marks(this);
      this.draw();
    }

    _listed() {
      this.list.set(this.trace, this.followedSteps, (s) => {
        const told = describe(this.trace, s, this.lang, null);
        return {text: told.text, kind: told.kind, time: told.at.toFixed(1)};
      });
    }

    repaint() { if (this.trace) this.timeline.draw(); }

    // --- going ---------------------------------------------------------------------------------------------------

    // Shown in the next frame; what is asked for until then replaces it.
    go(step) {
      if (!this.trace) return;
      this.step = Math.max(0, Math.min(step, this.trace.stepCount - 1));
      this.pending ||= requestAnimationFrame(() => this.draw());
    }

    // By so many steps; while something is followed, of its steps.
    move(by) {
      if (!this.trace) return;
      if (!this.followedSteps) return this.go(this.step + by);
      const steps = this.followedSteps, at = model.firstFrom(steps, this.step);
      const here = steps[at] === this.step ? at : by > 0 ? at - 1 : at;
      this.go(steps[Math.max(0, Math.min(steps.length - 1, here + by))]);
    }

    draw() {
      cancelAnimationFrame(this.pending);
      this.pending = 0;
      if (!this.trace) return;
      const quiet = this.playing && this.speed > 4;
      const animated = !quiet && !calm.matches && Math.abs(this.step - this.cursor.step) <= 3 && this.cursor.step >= 0;
      const state = this.cursor.seek(this.step);
      this.places.draw(state, this.step, this.followed, animated);
      this.timeline.show(this.step);
      this.panel.show(this.trace, describe(this.trace, this.step, this.lang, state), this.lang, this.words, quiet);
      this.story.show(this.step);
      this.list.show(this.step);
      courseTrace.showStep(this);
      clearTimeout(this.telling);  // browsers refuse too many changes of the address
      this.telling = setTimeout(() => this.options.onState?.(this), 300);
    }

    // --- the film --------------------------------------------------------------------------------------------------

    play() {
      if (!this.trace || this.playing) return;
      if (this._last() <= this.step) this.go(this.followedSteps ? this.followedSteps[0] : 0);
      this.playing = true;
      let before = performance.now(), owed = 0;
      const frame = (now) => {
        if (!this.playing) return;
        owed += (now - before) / 1000 * this.speed;
        before = now;
        const whole = Math.floor(owed);
        if (whole) {
          owed -= whole;
          this.move(whole);
          this.draw();
        }
        if (this.step >= this._last()) return this.stop();
        this.film = requestAnimationFrame(frame);
      };
      this.film = requestAnimationFrame(frame);
      courseTrace.showPlaying(this);
    }
    stop() {
      if (!this.playing) return;
      this.playing = false;
      cancelAnimationFrame(this.film);
      courseTrace.showPlaying(this);
      this.draw();
    }
    toggle() { this.playing ? this.stop() : this.play(); }
    _last() { return this.followedSteps ? this.followedSteps[this.followedSteps.length - 1] : this.trace.stepCount - 1; }

    faster(by) {
      this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(this.speed) + by))];
      courseTrace.showPlaying(this);
    }

    // --- following --------------------------------------------------------------------------------------------------

    // null: nobody. The same once more: nobody either.
    follow(what, name) {
      const same = this.followed && this.followed.what === what && this.followed.name === name;
      const steps = what && !same ? this.trace.concerned[what].get(name) : null;
      this.followed = steps ? {what, name} : null;
      this.followedSteps = steps;
      courseTrace.fillFollow(this);
      this._listed();
      this.timeline.draw(steps || null);
      this.draw();
    }
  }

  courseTrace.Viewer = Viewer;
  courseTrace.SPEEDS = SPEEDS;
})();

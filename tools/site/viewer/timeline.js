// The time-line: a row for each thread, coloured by its place, above them how long the queue is. Drawn once; the hand that
// shows the step is an element of its own.
"use strict";
(() => {
  const {MOVED, QUEUED, TAKEN, NONE} = courseTrace.model;
  const {element} = courseTrace;
  const ROWS = 10, ROW = 15, GRAPH = 30;

  class Timeline {
    constructor(root, onJump) {
      this.canvas = element("canvas");
      this.needle = element("div", "needle");
      this.names = element("div", "names");
      this.area = element("div", "area");
      this.area.append(this.canvas, this.needle);
      root.append(this.names, this.area);
      this.byTime = false;
      const jump = (e) => { const box = this.area.getBoundingClientRect(); onJump(this._step((e.clientX - box.left) / box.width)); };
      this.area.addEventListener("pointerdown", (e) => { this.area.setPointerCapture(e.pointerId); jump(e); });
      this.area.addEventListener("pointermove", (e) => { if (this.area.hasPointerCapture(e.pointerId)) jump(e); });
      new ResizeObserver(() => this.trace && this.draw()).observe(this.area);
    }

    setTrace(trace, words) {
      this.trace = trace;
      this.words = words;
      const busy = [...trace.concerned.thread].filter(([t]) => trace.threadPorts.has(t));
      this.rows = busy.sort((a, b) => b[1].length - a[1].length).slice(0, ROWS).map(([t]) => t).sort((a, b) => a - b);
      this.names.replaceChildren(element("span", "", words.queueLength), ...this.rows.map((t) => {
        const name = element("span", "thread", trace.threadNames[t]);
        name.title = trace.threadNames[t];
        return name;
      }));
      this.draw();
    }

    // Where step `s` is: 0 to 1.
    at(s) {
      const t = this.trace, all = t.stepCount;
      if (!this.byTime) return (s + .5) / all;
      return t.at[t.steps[s]] / (t.at[t.size - 1] || 1);
    }
    _step(part) {
      const t = this.trace, all = t.stepCount, x = Math.min(1, Math.max(0, part));
      if (!this.byTime) return Math.min(all - 1, Math.floor(x * all));
      let low = 0, high = all - 1;
      while (low < high) { const mid = (low + high + 1) >> 1; this.at(mid) <= x ? low = mid : high = mid - 1; }
      return low;
    }

    show(s) { this.needle.style.left = `${this.at(s) * 100}%`; }

    draw(followed = this.followed) {
      this.followed = followed;
      const t = this.trace, scale = devicePixelRatio || 1, width = this.area.clientWidth, height = GRAPH + ROW * this.rows.length + 8;
      if (!width) return;
      this.canvas.width = width * scale; this.canvas.height = height * scale;
      this.canvas.style.height = `${height}px`;
      const c = this.canvas.getContext("2d"), style = getComputedStyle(this.area), colour = (name) => style.getPropertyValue(name).trim();
      c.scale(scale, scale);
      const colours = ["--none", "--waiting", "--released", "--paused"].map(colour), x = (i) => this.byTime ? t.at[i] / (t.at[t.size - 1] || 1) * width
                                                                                               : t.stepOf[i] / t.stepCount * width;
      const row = new Map(this.rows.map((thread, n) => [thread, n])), place = this.rows.map(() => NONE), since = this.rows.map(() => -1);
      const drawn = this.rows.map(() => -1);  // in each row the last pixel: many changes in one pixel are drawn once
      const bar = (n, from, to) => {
        if (since[n] < 0 || Math.floor(to) === drawn[n]) return;
        drawn[n] = Math.floor(to);
        c.fillStyle = colours[place[n]];
        c.fillRect(from, GRAPH + ROW * n + 3, Math.max(.6, to - from), place[n] === NONE ? 2 : ROW - 5);
      };
      const peaks = new Float64Array(Math.ceil(width) + 1);
      for (let i = 0; i < t.size; ++i) {
        if (t.kind[i] === MOVED && row.has(t.thread[i])) {
          const n = row.get(t.thread[i]), now = x(i);
          bar(n, since[n], now);
          place[n] = t.to[i];
          since[n] = now;
        } else if (t.kind[i] === QUEUED || t.kind[i] === TAKEN) {
          const at = Math.floor(x(i));
          peaks[at] = Math.max(peaks[at], t.length[i]);
        }
      }
      this.rows.forEach((_, n) => place[n] !== NONE && bar(n, since[n], width));
      this._graph(c, peaks, colour("--queue"));
      if (followed) this._ticks(c, followed, width, height, colour("--accent"));
    }

    _graph(c, peaks, colour) {
      const most = peaks.reduce((a, b) => Math.max(a, b), 1);
      c.fillStyle = colour;
      peaks.forEach((peak, at) => { if (peak) c.fillRect(at, GRAPH - 4 - peak / most * (GRAPH - 8), 1.5, peak / most * (GRAPH - 8) + 1); });
    }

    _ticks(c, steps, width, height, colour) {
      c.fillStyle = colour;
      let last = -1;
      for (const s of steps) {
        const at = Math.floor(this.at(s) * width);
        if (at !== last) c.fillRect(last = at, height - 5, 1, 5);
      }
    }
  }

  courseTrace.Timeline = Timeline;
})();

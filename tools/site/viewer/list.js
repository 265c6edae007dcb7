// The list of all steps. Only the rows that can be seen are elements, however many steps there are.
"use strict";
(() => {
  const {element} = courseTrace;
  const ROW = 30, SPARE = 4, TALLEST = 8e6;  // pixels: what browsers can scroll

  class StepList {
    constructor(root, onChoose) {
      this.root = root;
      root.tabIndex = 0;
      root.setAttribute("role", "listbox");
      this.inner = element("div", "inner");
      root.append(this.inner);
      this.rows = [];
      this.view = this.scroll = 0;  // kept: asking the page for them would have it laid out
      root.addEventListener("scroll", () => { this.scroll = root.scrollTop; this._schedule(); }, {passive: true});
      root.addEventListener("click", (e) => { const row = e.target.closest("[role=option]"); if (row) onChoose(Number(row.dataset.step)); });
      new ResizeObserver(() => { this.view = root.clientHeight; this._schedule(); }).observe(root);
    }

    // `steps`: those to be listed (null: all); `say(step)`: {text, time}.
    set(trace, steps, say) {
      this.trace = trace; this.steps = steps; this.say = say;
      this.count = steps ? steps.length : trace.stepCount;
      this.height = Math.min(this.count * ROW, TALLEST);
      this.inner.style.height = `${this.height}px`;
      this.texts = new Map();
      this._draw();
    }

    show(step) {
      this.step = step;
      const at = this._row(step), top = this._top(at);
      if (top < this.scroll || top + ROW > this.scroll + this.view) {
        this.scroll = Math.max(0, Math.min(top - this.view / 3, this.height - this.view));
        this.root.scrollTop = this.scroll;
      }
      this._schedule();
    }

    _row(step) { return this.steps ? Math.min(this.count - 1, courseTrace.model.firstFrom(this.steps, step)) : step; }
    _top(row) { return this.count * ROW <= TALLEST ? row * ROW : row / this.count * this.height; }
    _schedule() {
      if (this.waiting) return;
      this.waiting = requestAnimationFrame(() => { this.waiting = 0; this._draw(); });
    }

    _draw() {
      if (!this.trace) return;
      const {view, scroll} = this;
      const first = Math.max(0, Math.floor(this.count * ROW <= TALLEST ? scroll / ROW : scroll / this.height * this.count) - SPARE);
      const shown = Math.min(this.count - first, Math.ceil(view / ROW) + 2 * SPARE);
      while (this.rows.length < shown) {
        const row = element("div", "row");
        row.setAttribute("role", "option");
        row.append(element("span", "n"), element("i"), element("span", "text"), element("span", "time"));
        this.inner.append(row);
        this.rows.push(row);
      }
      const base = this._top(first);
      this.rows.forEach((row, n) => {
        row.hidden = n >= shown;
        if (row.hidden) return;
        const step = this.steps ? this.steps[first + n] : first + n;
        row.style.transform = `translateY(${base + n * ROW}px)`;
        row.classList.toggle("now", step === this.step);
        row.setAttribute("aria-selected", step === this.step);
        if (row.dataset.step !== String(step) || row.say !== this.say) this._write(row, step, first + n);
      });
    }

    _write(row, step, at) {
      const {text, kind, time} = this.say(step);
      row.say = this.say;
      row.dataset.step = step;
      row.id = `step-${step}`;
      row.setAttribute("aria-posinset", at + 1);
      row.setAttribute("aria-setsize", this.count);
      row.children[0].textContent = step + 1;
      row.children[1].className = `dot k-${kind}`;
      row.children[2].textContent = text;
      row.children[3].textContent = time;
    }
  }

  courseTrace.StepList = StepList;
})();

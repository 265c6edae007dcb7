"use strict";
// A line chart on a canvas: a time axis, a value axis from zero, lines with gaps, threshold lines, and the
// values under the pointer. Colours come from the style sheet, so that a chart follows the theme.

const CHART = { left: 58, right: 10, top: 8, bottom: 20, gapMs: 4000 };

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// 1, 2 or 5 times a power of ten (of 1024 for bytes): steps a person can read.
function niceStep(span, unit) {
  const base = unit === "bytes" ? 1024 ** Math.max(0, Math.floor(Math.log(span) / Math.log(1024))) : 1;
  const rough = span / base / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((s) => s * power >= rough);
  return step * power * base;
}

class Chart {
  constructor(canvas, unit) {
    this.canvas = canvas;
    this.unit = unit;
    this.pointer = null;
    canvas.addEventListener("pointermove", (event) => {
      this.pointer = event.offsetX;
      this.draw();
    });
    canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.draw();
    });
  }

  // times: Unix ms, growing; lines: [{label, values}], null or NaN for no value.
  show(data) {
    this.data = data;
    this.draw();
  }

  draw() {
    const { canvas, data } = this;
    if (!data || canvas.clientWidth === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = "11px system-ui, sans-serif";
    this.scale(width, height);
    this.drawAxes(g, width, height);
    this.drawThresholds(g, width);
    data.lines.forEach((line, i) => this.drawLine(g, line.values, color("--c" + (i % 4 + 1))));
    if (this.pointer !== null) this.drawPointer(g, height);
  }

  scale(width, height) {
    const { times, lines, from, to, thresholds } = this.data;
    let top = 0;
    for (const line of lines) {
      line.values.forEach((v, i) => {
        if (v !== null && times[i] >= from && v > top) top = v;
      });
    }
    // A threshold that is near belongs into the picture; a distant one would squash the line.
    for (const t of thresholds) if (t <= top * 3) top = Math.max(top, t);
    if (top === 0) top = this.unit === "seconds" ? 1e-3 : 1;
    this.step = niceStep(top * 1.05, this.unit);
    this.top = Math.ceil((top * 1.05) / this.step) * this.step;
    if (this.unit === "ratio" && this.top > 1) this.top = 1;
    this.x = (ms) => CHART.left + ((ms - from) / (to - from)) * (width - CHART.left - CHART.right);
    this.y = (v) => height - CHART.bottom - (v / this.top) * (height - CHART.top - CHART.bottom);
  }

  drawAxes(g, width, height) {
    const { from, to } = this.data;
    g.strokeStyle = color("--grid");
    g.fillStyle = color("--dim");
    g.lineWidth = 1;
    g.textAlign = "right";
    g.textBaseline = "middle";
    for (let v = 0; v <= this.top * 1.001; v += this.step) {
      const y = Math.round(this.y(v)) + 0.5;
      g.beginPath();
      g.moveTo(CHART.left, y);
      g.lineTo(width - CHART.right, y);
      g.stroke();
      g.fillText(FORMATS[this.unit](v), CHART.left - 6, y);
    }
    g.textBaseline = "alphabetic";
    const marks = width < 380 ? 2 : 4;
    for (let i = 0; i <= marks; ++i) {
      const ms = from + ((to - from) * i) / marks;
      g.textAlign = i === 0 ? "left" : i === marks ? "right" : "center";
      g.fillText(clock(ms), this.x(ms), height - 5);
    }
  }

  drawThresholds(g, width) {
    g.strokeStyle = color("--bad");
    g.setLineDash([5, 4]);
    for (const threshold of this.data.thresholds) {
      if (threshold > this.top) continue;
      const y = Math.round(this.y(threshold)) + 0.5;
      g.beginPath();
      g.moveTo(CHART.left, y);
      g.lineTo(width - CHART.right, y);
      g.stroke();
    }
    g.setLineDash([]);
  }

  drawLine(g, values, stroke) {
    const { times, from } = this.data;
    g.strokeStyle = stroke;
    g.lineWidth = 1.6;
    g.lineJoin = "round";
    g.beginPath();
    let last = null;
    times.forEach((ms, i) => {
      const v = values[i];
      if (v === null || ms < from) {
        last = null;
        return;
      }
      const x = this.x(ms);
      const y = this.y(Math.min(v, this.top));
      if (last === null || ms - last > CHART.gapMs) {
        g.moveTo(x - 0.8, y);  // a lonely point is a short dash
      }
      g.lineTo(x, y);
      last = ms;
    });
    g.stroke();
  }

  drawPointer(g, height) {
    const { times, lines } = this.data;
    let at = -1;
    let best = 30;
    times.forEach((ms, i) => {
      const distance = Math.abs(this.x(ms) - this.pointer);
      if (distance < best) {
        best = distance;
        at = i;
      }
    });
    if (at < 0) return;
    const x = this.x(times[at]);
    g.strokeStyle = color("--dim");
    g.beginPath();
    g.moveTo(x, CHART.top);
    g.lineTo(x, height - CHART.bottom);
    g.stroke();
    const words = [clock(times[at]), ...lines.map((line) => {
      const v = line.values[at];
      return line.label + " " + (v === null ? "-" : FORMATS[this.unit](v));
    })];
    const wide = Math.max(...words.map((w) => g.measureText(w).width)) + 12;
    const left = x + 8 + wide > this.canvas.clientWidth ? x - 8 - wide : x + 8;
    g.fillStyle = color("--card");
    g.strokeStyle = color("--line");
    g.fillRect(left, CHART.top, wide, words.length * 15 + 6);
    g.strokeRect(left, CHART.top, wide, words.length * 15 + 6);
    g.fillStyle = color("--text");
    g.textAlign = "left";
    words.forEach((word, i) => g.fillText(word, left + 6, CHART.top + 15 * (i + 1)));
  }
}

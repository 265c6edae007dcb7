// What the pages need besides HTML: light or dark, the menu of narrow screens, search, diagrams. Plain scripts, no modules:
// a browser loads those from a folder, too.
"use strict";
(() => {
  const root = document.documentElement, body = document.body, lang = root.lang;
  const store = (key, value) => { try { return value === undefined ? localStorage.getItem(key) : localStorage.setItem(key, value); } catch { return null; } };
  const byId = (id) => document.getElementById(id);
  const load = (name) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${body.dataset.assets}/${name}`;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });

  // --- light and dark: what the system says, until somebody says otherwise ---------------------------------
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => store("course-theme") || (dark.matches ? "dark" : "light");
  const paint = () => { root.dataset.theme = theme(); };
  paint();
  body.classList.add("js");
  dark.addEventListener("change", () => { paint(); draw(true); });
  byId("theme").addEventListener("click", () => {
    store("course-theme", root.dataset.theme === "dark" ? "light" : "dark");
    root.dataset.theme = store("course-theme") || (root.dataset.theme === "dark" ? "light" : "dark");
    draw(true);
  });

  byId("menu").addEventListener("click", () => byId("menu").setAttribute("aria-expanded", byId("side").classList.toggle("open")));
  byId("side").querySelector("[aria-current]")?.scrollIntoView({block: "nearest"});

  // --- search: every word has to be in a section, as a part of any word (Korean particles stick to their word) ----
  const input = byId("search"), results = byId("results");
  const plain = (text) => text.normalize("NFC").toLowerCase();
  const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  let entries = null;

  function find(query) {
    const words = plain(query).split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    const found = [];
    for (const entry of entries) {
      let rank = 0;
      for (const word of words) {
        const one = (entry.page.includes(word) ? 3 : 0) + (entry.head.includes(word) ? 6 : 0) + Math.min(3, entry.text.split(word).length - 1);
        if (!one) { rank = 0; break; }
        rank += one;
      }
      if (rank) found.push([rank, entry]);
    }
    return found.sort((a, b) => b[0] - a[0]).slice(0, 30).map(([, entry]) => [entry, words]);
  }

  function snippet(text, words) {
    const low = plain(text), places = words.map((w) => low.indexOf(w)).filter((n) => n >= 0);
    const at = places.length ? Math.max(0, Math.min(...places) - 40) : 0;
    const piece = text.slice(at, at + 150);
    const pattern = new RegExp(words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi");
    let html = "", last = 0;
    for (const match of piece.matchAll(pattern)) {
      html += escape(piece.slice(last, match.index)) + `<mark>${escape(match[0])}</mark>`;
      last = match.index + match[0].length;
    }
    return (at ? "… " : "") + html + escape(piece.slice(last));
  }

  async function search() {
    if (!entries) {
      await load(`search-${lang}.js`);
      entries = COURSE_SEARCH.map(([out, title, name, heading, text]) =>
        ({to: `${body.dataset.root}/${out}${name ? "#" + name : ""}`, title, heading, all: text, page: plain(title), head: plain(heading), text: plain(text)}));
    }
    const found = find(input.value);
    results.hidden = !found;
    results.innerHTML = !found ? "" : found.length ? found.map(([e, words]) =>
      `<a href="${escape(e.to)}"><small>${escape(e.title)}</small><b>${snippet(e.heading, words)}</b>${snippet(e.all, words)}</a>`).join("") :
      `<p>${escape(input.dataset.nothing)}</p>`;
  }
  input.addEventListener("input", search);
  input.addEventListener("focus", search);
  document.addEventListener("click", (e) => { if (!e.target.closest("[role=search]") || e.target.closest("#results a")) results.hidden = true; });
  document.addEventListener("keydown", (e) => {
    const links = [...results.querySelectorAll("a")], at = links.indexOf(document.activeElement);
    if (e.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { e.preventDefault(); input.focus(); }
    else if (results.hidden) return;
    else if (e.key === "Escape") { results.hidden = true; input.blur(); }
    else if (e.key === "ArrowDown") { e.preventDefault(); links[at + 1]?.focus(); }
    else if (e.key === "ArrowUp") { e.preventDefault(); (links[at - 1] || input).focus(); }
    else if (e.key === "Enter" && document.activeElement === input) links[0]?.click();
  });

  // --- diagrams: drawn when they come near, for their script is larger than all the rest ----------------------
  const figures = [...document.querySelectorAll("pre.mermaid")];
  const near = new Set();
  let ready = null;
  for (const figure of figures) figure.dataset.text = figure.textContent;

  async function drawOne(figure) {
    ready ||= load("mermaid.js");
    await ready;
    mermaid.initialize({startOnLoad: false, securityLevel: "strict", theme: root.dataset.theme === "dark" ? "dark" : "neutral", fontFamily: getComputedStyle(body).fontFamily});
    const {svg} = await mermaid.render(`figure-${figures.indexOf(figure)}`, figure.dataset.text);
    figure.innerHTML = svg;
    const drawn = figure.querySelector("svg");  // on a narrow screen it is moved sideways rather than too small to read
    drawn.style.minWidth = `${Math.min(parseFloat(drawn.style.maxWidth) || 0, 640)}px`;
    figure.dataset.done = root.dataset.theme;
  }
  let queue = Promise.resolve();
  function draw(again) {
    for (const figure of near) if (again || !figure.dataset.done) queue = queue.then(() => drawOne(figure)).catch((e) => console.error(e));
    return queue;
  }
  if (figures.length) {
    const watch = new IntersectionObserver((seen) => {
      for (const s of seen) if (s.isIntersecting) { near.add(s.target); watch.unobserve(s.target); }
      draw(false);
    }, {rootMargin: "600px"});
    figures.forEach((f) => watch.observe(f));
    addEventListener("beforeprint", () => { figures.forEach((f) => near.add(f)); draw(false); });
  }
  // --- what is wider than its place is moved by the keyboard, too ----------------------------------------------
  const reach = () => { for (const box of document.querySelectorAll("pre, .table")) if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex"); };
  reach();
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  for (const button of document.querySelectorAll("[data-toggle]")) button.addEventListener("click", () => body.classList.toggle(button.dataset.toggle));
})();

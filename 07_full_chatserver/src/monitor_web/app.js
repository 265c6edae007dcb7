"use strict";
// The page: asks /api/servers and /api/history once a second and shows what came. Everything that comes
// from a server goes into the page as text, never as HTML.

const WINDOWS = [5, 15, 60];
const TABS = ["server", "port"];

const state = { view: null, server: null, tab: "server", minutes: 5, history: { times: [], series: {} }, charts: new Map(),
                lastAnswer: 0, theme: "auto" };
const $ = (id) => document.getElementById(id);

function make(tag, className, content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content !== undefined) element.textContent = content;
  return element;
}

function keep(key, value) {
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch {
    return null;  // storage may be forbidden; then nothing is remembered
  }
}

// --- asking ---

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) throw new Error(path + ": " + answer.status);
  return answer.json();
}

function append(answer) {
  const { times, series } = state.history;
  const before = times.length;
  times.push(...answer.times);
  for (const [name, values] of Object.entries(answer.series)) {
    series[name] ??= new Array(before).fill(null);
    series[name].push(...values);
  }
  for (const values of Object.values(series)) while (values.length < times.length) values.push(null);
  // No more than the longest span is kept.
  const oldest = state.view.now - WINDOWS.at(-1) * 60000;
  const drop = times.findIndex((ms) => ms >= oldest);
  if (drop > 0) {
    times.splice(0, drop);
    for (const values of Object.values(series)) values.splice(0, drop);
  }
}

async function refresh() {
  state.view = await ask("/api/servers");
  const ids = state.view.servers.map((s) => s.id);
  if (!ids.includes(state.server)) choose(ids[0] ?? null);
  if (state.server !== null) {
    const history = state.history;
    const last = history.times.at(-1);
    const since = last ?? state.view.now - WINDOWS.at(-1) * 60000;
    const answer = await ask(`/api/history?server=${state.server}&since=${since}`);
    // Meanwhile another server may have been chosen (and this one again), and another refresh may
    // have brought the same points: loop()'s and a click's go on side by side.
    if (history === state.history && last === history.times.at(-1)) append(answer);
  }
  state.lastAnswer = Date.now();
}

function choose(server) {
  state.server = server;
  state.history = { times: [], series: {} };
}

// One round after the other, never two at a time.
async function loop() {
  try {
    await refresh();
    showLink(true);
    showAll();
  } catch (error) {
    console.warn(String(error));
    showLink(false);
  }
  setTimeout(loop, document.hidden ? 5000 : 1000);
}

// --- showing ---

function showLink(good) {
  const link = $("link");
  link.classList.toggle("lost", !good);
  link.textContent = good ? `● ${text("live")} ${clock(state.view.now)}`
                          : `${text("lost")} ${state.lastAnswer ? clock(state.lastAnswer) : "-"}`;
}

function showAlarms() {
  const list = state.view.alarms.map((alarm) => {
    const line = make("div", "alarm" + (alarm.firing ? " firing" : ""));
    line.append(make("b", "", text(alarm.firing ? "alarm" : "pending")), make("span", "", `${text("server")} ${alarm.server}`),
                make("code", "", text(alarm.rule)));
    if (alarm.rule !== "server down") line.append(make("span", "", `${text("value")} ${FORMATS.count(alarm.value)}`));
    line.append(make("span", "", `${text("since")} ${clock(alarm.since)}`));
    return line;
  });
  $("alarms").replaceChildren(...list);
  const events = state.view.events.slice(-30).reverse().map((event) => {
    const line = make("li");
    line.append(make("time", "", clock(event.time)), make("span", event.firing ? "fires" : "ends", text(event.firing ? "fires" : "ends")),
                make("span", "", `${text("server")} ${event.server}`), make("code", "", text(event.rule)));
    return line;
  });
  $("events").replaceChildren(...events);
  $("log").hidden = events.length === 0;
  const firing = state.view.alarms.filter((alarm) => alarm.firing).length;
  document.title = (firing ? `(${firing}) ` : "") + text("title");
}

function showServers() {
  const nav = $("servers");
  // Kept as they are while the list is the same: a button that is replaced loses the focus.
  const signature = JSON.stringify([state.view.servers.map((s) => [s.id, s.up, s.since]), state.server, language]);
  $("empty").hidden = state.view.servers.length > 0;
  if (nav.dataset.signature === signature) return;
  nav.dataset.signature = signature;
  nav.replaceChildren(...state.view.servers.map((server) => {
    const button = make("button");
    button.type = "button";
    button.setAttribute("aria-pressed", server.id === state.server);
    button.append(make("span", "dot" + (server.up ? "" : " down")),
                  `${text("server")} ${server.id} · ` + (server.up ? text("up") : `${text("down_since")} ${clock(server.since)}`));
    button.addEventListener("click", () => {
      choose(server.id);
      refresh().then(showAll, () => showLink(false));
    });
    return button;
  }));
}

function showTiles(server) {
  $("tiles").classList.toggle("old", !server.up);
  $("tiles").replaceChildren(...TILES.filter((tile) => server.values[tile.metric] !== undefined).map((tile) => {
    const value = server.values[tile.metric];
    const box = make("div", "tile");
    if (tile.state) box.classList.add(value === tile.good ? "good" : "bad");
    box.dataset.metric = tile.metric;
    box.append(make("span", "", text(tile.title)),
               make("strong", "", tile.state ? text(tile.state[value ? 1 : 0]) : FORMATS[tile.unit](value)));
    return box;
  }));
}

const known = (charts) => charts.filter((c) => c.lines.some(([metric]) => state.history.series[metric]));

// Metrics that this page does not know get a chart each.
function allCharts() {
  if (state.tab === "port") return known(PORT_CHARTS);
  const others = Object.keys(state.history.series).filter((name) => !QUIET.has(name)).sort();
  return [...known(CHARTS),
          ...others.map((name) => ({ title: name, lines: [[name, name]],
                                     unit: name.endsWith("_bytes") ? "bytes" : name.endsWith("_seconds") ? "seconds"
                                           : name.endsWith("_ratio") ? "ratio" : "count" }))];
}

function chartBox(spec) {
  let box = state.charts.get(spec.title);
  if (!box) {
    const element = make("article", "chart");
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    element.append(make("h2"), make("div", "legend"), canvas);
    box = { element, canvas, chart: new Chart(canvas, spec.unit) };
    state.charts.set(spec.title, box);
  }
  return box;
}

function showCharts(server) {
  const { times, series } = state.history;
  const to = state.view.now;
  // A young history fills the width (from a minute on) instead of clinging to the right edge.
  const from = Math.max(to - state.minutes * 60000, Math.min(times[0] ?? to, to - 60000));
  const specs = allCharts();
  const boxes = specs.map(chartBox);
  const parent = $("charts");
  if (boxes.length !== parent.children.length || boxes.some((box, i) => parent.children[i] !== box.element)) {
    parent.replaceChildren(...boxes.map((box) => box.element));
  }
  parent.classList.toggle("old", !server.up);
  specs.forEach((spec, i) => {
    const { element, canvas, chart } = boxes[i];
    const lines = spec.lines.filter(([metric]) => series[metric])
                      .map(([metric, label]) => ({ metric, label: text(label), values: series[metric] }));
    const format = FORMATS[spec.unit];
    element.children[0].textContent = text(spec.title);
    element.children[1].replaceChildren(...lines.map((line, n) => {
      const now = server.values[line.metric];
      const item = make("span");
      item.append(make("i", "key key" + (n % 4)), line.label + " ", make("b", "", now === undefined ? "-" : format(now)));
      return item;
    }));
    canvas.setAttribute("aria-label", text(spec.title) + ": " + element.children[1].textContent);
    const thresholds = state.view.rules.filter((rule) => (rule.server === 0 || rule.server === server.id) &&
                                                         lines.some((line) => line.metric === rule.metric))
                           .map((rule) => rule.threshold);
    chart.show({ times, lines, from, to, thresholds });
  });
}

function showAll() {
  if (!state.view) return;
  showAlarms();
  showServers();
  const server = state.view.servers.find((s) => s.id === state.server);
  $("charts").hidden = !server;
  $("tiles").hidden = !server || state.tab !== "server";
  $("port").hidden = !server || state.tab !== "port";
  $("no-port").hidden = !server || tellsOfPort(server);
  if (!server) return;
  showTiles(server);
  showStructures(server);
  showCharts(server);
}

// --- settings ---

function applyLanguage(next) {
  language = next;
  document.documentElement.lang = next;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  $("language").textContent = text("language");
  $("language").lang = next === "ko" ? "en" : "ko";
  applyTheme(state.theme);
  showChoices();
  showAll();
}

function applyTheme(theme) {
  state.theme = theme;
  if (theme === "auto") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
  $("theme").textContent = text("theme_" + theme);
  showAll();
}

// A button for each of `values`, of which one is chosen; `name`: in the state, and where it is remembered.
function showChoice(group, name, values, label) {
  $(group).replaceChildren(...values.map((value) => {
    const button = make("button", "", label(value));
    button.type = "button";
    button.setAttribute("aria-pressed", value === state[name]);
    button.addEventListener("click", () => {
      state[name] = value;
      keep(name, value);
      showChoices();
      showAll();
      $(group).children[values.indexOf(value)].focus();
    });
    return button;
  }));
}

function showChoices() {
  showChoice("tabs", "tab", TABS, (tab) => text("tab_" + tab));
  showChoice("windows", "minutes", WINDOWS, (minutes) => `${minutes} ${text("minutes")}`);
}

function start() {
  const minutes = Number(keep("minutes"));
  if (WINDOWS.includes(minutes)) state.minutes = minutes;
  const asked = new URLSearchParams(location.search);
  const tab = asked.get("tab") ?? keep("tab");
  if (TABS.includes(tab)) state.tab = tab;
  const theme = keep("theme");
  if (theme === "dark" || theme === "light") state.theme = theme;
  const wanted = asked.get("lang") ?? keep("language") ?? navigator.language;
  $("language").addEventListener("click", () => {
    applyLanguage(language === "ko" ? "en" : "ko");
    keep("language", language);
  });
  $("theme").addEventListener("click", () => {
    const order = ["auto", "dark", "light"];
    applyTheme(order[(order.indexOf(state.theme) + 1) % 3]);
    keep("theme", state.theme);
  });
  window.addEventListener("resize", showAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
  document.addEventListener("visibilitychange", () => !document.hidden && showAll());
  applyLanguage(wanted.startsWith("ko") ? "ko" : "en");
  loop();
}

start();

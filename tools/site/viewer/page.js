// Starts the viewer on a page: with the trace that the page brings, or with the recorded runs beside it.
"use strict";
(() => {
  const config = JSON.parse(document.getElementById("trace-config").textContent);
  const root = document.getElementById("trace-viewer");
  const where = new URLSearchParams(location.hash.slice(1));
  const wish = (navigator.language || "").startsWith("ko") ? "ko" : "en";

  // The page has its traces packed, for they are large and much the same.
  async function unpack(text) {
    if (!globalThis.DecompressionStream) throw new courseTrace.model.TraceError("gzip");
    const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  // A recorded run is a script: a page from a folder may not read files.
  courseTrace.recorded = {};
  function load(name) {
    return new Promise((done, failed) => {
      const finish = async () => {
        const {trace, story, from} = courseTrace.recorded[name];
        done({text: await unpack(trace), story, from});
      };
      if (courseTrace.recorded[name]) return finish();
      const script = document.createElement("script");
      script.src = `${config.assets}/${name}.js`;
      script.onload = finish;
      script.onerror = () => failed(new Error(script.src));
      document.head.append(script);
    });
  }

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (theme) => { document.documentElement.dataset.theme = theme; viewer?.repaint(); };
  const options = {
    lang: where.get("lang") || config.lang || wish, code: config.code, runs: config.runs, load, languages: !config.assets,
    onState: ({step, name, storyData}) => history.replaceState(null, "", `#${storyData && config.runs?.length ? `run=${name}&` : ""}step=${step + 1}`),
    onLanguage: (lang) => { document.documentElement.lang = lang; },
  };
  if (!config.assets) options.onTheme = () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  let viewer = null;
  if (!config.assets) paint(dark.matches ? "dark" : "light");
  viewer = new courseTrace.Viewer(root, options);
  courseTrace.viewer = viewer;
  new MutationObserver(() => viewer.repaint()).observe(document.documentElement, {attributeFilter: ["data-theme"]});

  const step = Number(where.get("step") || 1) - 1, run = where.get("run") || config.first;
  const data = document.getElementById("trace-data");
  const opened = data ? unpack(data.textContent).then((text) => viewer.open(text, {name: config.name, story: config.story, step, from: config.from}))
               : run ? viewer.openRun(run, step) : Promise.resolve();
  opened.catch((error) => viewer.fail(error));
  addEventListener("hashchange", () => {
    const to = new URLSearchParams(location.hash.slice(1));
    if (to.get("run") && to.get("run") !== viewer.name) viewer.openRun(to.get("run"), Number(to.get("step") || 1) - 1).catch((error) => viewer.fail(error));
  });
})();

// The page's parts, its buttons and its keys.
"use strict";
(() => {
  const {element} = courseTrace;
  const FEW = 200;  // in the list of whom to follow; anybody can be clicked

  function button(parent, name, sign, label, action) {
    const b = element("button", name, sign);
    b.type = "button";
    b.setAttribute("aria-label", label);
    b.title = label;
    b.addEventListener("click", action);
    parent.append(b);
    return b;
  }

  function labelled(parent, label, control) {
    const l = element("label");
    l.append(element("span", "", label), control);
    control.setAttribute("aria-label", label);  // the words are hidden where there is no room
    parent.append(l);
    return control;
  }

  // The empty page, in the viewer's language.
  courseTrace.layout = (viewer) => {
    const {words} = viewer, parts = viewer.parts = {};
    const part = (tag, name, parent) => { parts[name] = element(tag, name); (parent || viewer.root).append(parts[name]); return parts[name]; };
    viewer.root.replaceChildren();
    viewer.root.lang = viewer.lang;
    viewer.root.classList.add("trace-viewer");
    const top = part("div", "top");
    part("h1", "title", top).textContent = words.title;
    part("span", "program", top);
    part("span", "spring", top);
    if (viewer.options.runs?.length) {
      const select = labelled(top, words.run, part("select", "runs", top));
      select.append(new Option(words.choose, ""), ...viewer.options.runs.map((r) => new Option(r.title[viewer.lang], r.name)));
      select.addEventListener("change", () => select.value && viewer.openRun(select.value));
    }
    const file = element("input");
    file.type = "file"; file.accept = ".json,.gz"; file.hidden = true;
    file.setAttribute("aria-label", words.openFile);
    file.addEventListener("change", () => file.files[0] && viewer.openFile(file.files[0]));
    top.append(file);
    parts.open = button(top, "file", words.openFile, words.openFile, () => file.click());
    if (viewer.options.languages !== false) button(top, "language", words.language, words.language, () => viewer.setLanguage(words.languageCode)).lang = words.languageCode;
    if (viewer.options.onTheme) button(top, "theme", "◐", words.theme, viewer.options.onTheme);
    button(top, "keys", "?", words.help, () => viewer.showHelp());
    part("p", "notice").setAttribute("role", "status");
    parts.notice.textContent = words.drop;
    part("div", "story");
    const middle = part("div", "middle");
    part("div", "board", middle);
    const side = part("div", "side", middle);
    part("div", "panel", side);
    part("h4", "listTitle", side).textContent = words.list;
    part("div", "list", side).setAttribute("aria-label", words.list);
    const bottom = part("div", "bottom");
    part("div", "marks", bottom);
    part("div", "timeline", bottom);
    part("div", "controls", bottom);
    help(viewer, part);
  };

  function help(viewer, part) {
    const dialog = part("dialog", "help"), {words} = viewer;
    dialog.setAttribute("aria-label", words.keysTitle);
    const table = element("table");
    for (const [keys, what] of words.keys) {
      const row = element("tr");
      row.append(element("th", "", keys), element("td", "", what));
      table.append(row);
    }
    dialog.append(element("h2", "", words.keysTitle), table);
    button(dialog, "close", words.close, words.close, () => dialog.close());
    viewer.showHelp = () => dialog.open || dialog.showModal();
  }

  courseTrace.wire = (viewer, speeds) => {
    const {parts, words} = viewer, bar = parts.controls;
    const slider = parts.slider = element("input", "slider");
    slider.type = "range"; slider.min = 1; slider.value = 1;
    slider.setAttribute("aria-label", words.step);
    slider.addEventListener("input", () => viewer.go(Number(slider.value) - 1));
    parts.timeline.after(slider);
    const group = element("div", "buttons");
    bar.append(group);
    button(group, "first", "⇤", words.first, () => viewer.move(-Infinity));
    button(group, "back", "←", words.back, () => viewer.move(-1));
    parts.play = button(group, "play", "▶", words.play, () => viewer.toggle());
    button(group, "forward", "→", words.forward, () => viewer.move(1));
    button(group, "last", "⇥", words.last, () => viewer.move(Infinity));
    const number = parts.number = element("input", "stepNumber");
    number.type = "number"; number.min = 1; number.inputMode = "numeric";
    number.addEventListener("change", () => viewer.go(Number(number.value) - 1));
    labelled(bar, words.step, number);
    parts.of = element("span", "of");
    bar.append(parts.of);
    parts.speed = labelled(bar, words.speed, element("select", "speed"));
    parts.speed.append(...speeds.map((s) => new Option(words.perSecond(s), s)));
    parts.speed.addEventListener("change", () => { viewer.speed = Number(parts.speed.value); });
    parts.follow = labelled(bar, words.follow, element("select", "follow"));
    parts.follow.addEventListener("change", () => {
      const [what, name] = parts.follow.value.split(" ");
      viewer.followed = null;
      viewer.follow(what || null, Number(name));
    });
    const order = parts.order = labelled(bar, words.timeline, element("select", "order"));
    order.append(new Option(words.byStep, ""), new Option(words.byTime, "time"));
    order.addEventListener("change", () => { viewer.timeline.byTime = order.value === "time"; viewer.timeline.draw(); courseTrace.marks(viewer); viewer.draw(); });
    courseTrace.showPlaying(viewer);
  };

  courseTrace.showStep = ({parts, step, trace, places, words}) => {
    parts.slider.value = step + 1;
    parts.slider.setAttribute("aria-valuetext", `${step + 1} / ${trace.stepCount}`);
    if (document.activeElement !== parts.number) parts.number.value = step + 1;
    const many = trace.ports.list.length;
    parts.board.dataset.port = many > 1 ? words.portOf(places.portNumber + 1, many) : "";
  };

  courseTrace.showPlaying = ({parts, playing, words, speed}) => {
    const label = playing ? words.stop : words.play;
    parts.play.textContent = playing ? "❚❚" : "▶";
    parts.play.setAttribute("aria-label", label);
    parts.play.title = label;
    parts.speed.value = speed;
  };

  // Whom one can follow: few of each sort, and whoever is followed now.
  courseTrace.fillFollow = (viewer) => {
    const {trace, words, parts, followed} = viewer, select = parts.follow;
    const group = (label, what, name) => {
      const all = [...trace.concerned[what].keys()].sort((a, b) => a - b), some = all.slice(0, FEW);
      if (followed && followed.what === what && !some.includes(followed.name)) some.push(followed.name);
      const g = element("optgroup");
      g.label = all.length > FEW ? `${label} (${FEW} / ${all.length})` : label;
      g.append(...some.map((n) => new Option(name(n), `${what} ${n}`)));
      return g;
    };
    select.replaceChildren(new Option(words.everything, ""), group(words.threads, "thread", (n) => trace.threadNames[n]),
      group(words.sockets, "device", (n) => `${courseTrace.deviceName(trace, n, viewer.lang)} ${trace.devices.list[n]}`),
      group(words.overlappeds, "overlapped", (n) => trace.overlappeds.list[n]), group(words.ports, "port", (n) => trace.ports.list[n]));
    select.value = followed ? `${followed.what} ${followed.name}` : "";
    viewer.root.classList.toggle("following", Boolean(followed));
  };

  // The story's points above the time-line.
  courseTrace.marks = (viewer) => {
    const {parts, story, timeline, storyData, lang} = viewer;
    parts.marks.replaceChildren();
    parts.marks.hidden = !storyData;
    if (!storyData) return;
    story.steps.forEach((step, n) => {
      const mark = button(parts.marks, "mark", String(n + 1), `${viewer.words.point(n + 1, story.steps.length)}: ${storyData.points[n][lang]}`, () => viewer.go(step));
      mark.style.left = `${timeline.at(step) * 100}%`;
    });
  };

  // --- keys and dropped files ------------------------------------------------------------------------------------

  courseTrace.keys = (viewer) => {
    const keys = {
      ArrowLeft: (e) => viewer.move(e.shiftKey ? -10 : -1), ArrowRight: (e) => viewer.move(e.shiftKey ? 10 : 1), Home: () => viewer.move(-Infinity), End: () => viewer.move(Infinity),
      " ": () => viewer.toggle(), "+": () => viewer.faster(1), "=": () => viewer.faster(1), "-": () => viewer.faster(-1), n: () => viewer.story.move(1), p: () => viewer.story.move(-1),
      g: () => viewer.parts.number.select(), f: () => viewer.parts.follow.focus(), Escape: () => viewer.followed && viewer.follow(null), "?": () => viewer.showHelp(),
    };
    document.addEventListener("keydown", (e) => {
      const typing = e.target.closest?.("input:not([type=range]), select, textarea, dialog[open]"), slider = e.target.type === "range";
      if (e.ctrlKey || e.altKey || e.metaKey || typing || slider && /^(Arrow|Home|End)/.test(e.key)) return;
      if (e.key === " " && e.target.closest("button, summary, a")) return;
      const action = keys[e.key.length === 1 ? e.key.toLowerCase() : e.key];
      if (!action || !viewer.trace && e.key !== "?") return;
      e.preventDefault();
      action(e);
    });
    viewer.root.addEventListener("dragover", (e) => { e.preventDefault(); viewer.root.classList.add("dropping"); });
    viewer.root.addEventListener("dragleave", () => viewer.root.classList.remove("dropping"));
    viewer.root.addEventListener("drop", (e) => {
      e.preventDefault();
      viewer.root.classList.remove("dropping");
      if (e.dataTransfer.files[0]) viewer.openFile(e.dataTransfer.files[0]);
    });
  };
})();

// A deck: diagrams are drawn first, then reveal.js lays the slides out. `window.ready` is true when that is done.
"use strict";
(async () => {
  const sans = getComputedStyle(document.body).fontFamily;
  mermaid.initialize({startOnLoad: false, securityLevel: "strict", theme: "neutral", fontFamily: sans, fontSize: 22,
                      themeVariables: {fontSize: "22px"}, flowchart: {nodeSpacing: 30, rankSpacing: 34, padding: 12, useMaxWidth: false},
                      sequence: {useMaxWidth: false, messageFontSize: 20, actorFontSize: 20, noteFontSize: 19}, state: {nodeSpacing: 40, rankSpacing: 50, useMaxWidth: false}});
  const figures = [...document.querySelectorAll("pre.mermaid")];
  for (const [number, figure] of figures.entries()) {
    const {svg} = await mermaid.render(`figure-${number}`, figure.textContent);
    const place = document.createElement("div");
    place.className = "mermaid";
    place.role = "img";
    place.ariaLabel = figure.ariaLabel;
    place.innerHTML = svg;
    figure.replaceWith(place);
  }
  await Reveal.initialize({width: 1280, height: 720, margin: 0.02, center: false, hash: true, slideNumber: "c/t", transition: "none", controls: false,
                           pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, plugins: [RevealNotes]});
  fit();
  window.ready = true;

  // A diagram takes what its slide has left; where that is too little, the code gives way.
  function fit() {
    for (const section of document.querySelectorAll(".slides section")) {
      const hidden = section.style.display;
      section.style.display = "block";
      const figures = [...section.querySelectorAll("div.mermaid svg")];
      for (const svg of figures) svg.setAttribute("height", 0);
      const rest = [...section.children].filter((c) => !c.matches("aside, div.mermaid")).reduce((sum, c) => sum + c.offsetHeight + 16, 0);
      for (const svg of figures) {
        const box = svg.viewBox.baseVal, scale = Math.min(1200 / box.width, Math.max(200, 650 - rest) / box.height, 1.6);
        svg.style.maxWidth = "none";
        svg.setAttribute("width", box.width * scale);
        svg.setAttribute("height", box.height * scale);
      }
      for (const code of section.querySelectorAll("figure.code pre")) {
        for (let size = parseFloat(code.style.fontSize); section.scrollHeight > 720 && size > 15; size -= 0.5) code.style.fontSize = `${size}px`;
      }
      section.style.display = hidden;
    }
  }
})();

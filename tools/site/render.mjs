// Renders what ./course site gives it: reads a list of {md: text} and {code: text, file: name} from the first file, writes
// the list of their HTML to the second. Code becomes a list of lines, each with whole tags.
import fs from "node:fs";
import hljs from "highlight.js/lib/common";
import cmake from "highlight.js/lib/languages/cmake";
import protobuf from "highlight.js/lib/languages/protobuf";
import MarkdownIt from "markdown-it";

hljs.registerLanguage("cmake", cmake);
hljs.registerLanguage("protobuf", protobuf);
const byEnd = {h: "cpp", cc: "cpp", cpp: "cpp", cmake: "cmake", proto: "protobuf", py: "python", js: "javascript", css: "css",
               html: "xml", sql: "sql", toml: "ini", json: "json", sh: "bash", yml: "yaml"};
const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function highlight(text, language) {
  if (!language || !hljs.getLanguage(language)) return escape(text);
  return hljs.highlight(text, {language, ignoreIllegals: true}).value;
}

// A span that goes over several lines is closed at the end of each and opened again in the next.
function lines(html) {
  const open = [];
  return html.split("\n").map((line) => {
    const before = open.join("");
    for (const [tag] of line.matchAll(/<span[^>]*>|<\/span>/g)) tag === "</span>" ? open.pop() : open.push(tag);
    return before + line + "</span>".repeat(open.length);
  });
}

const md = new MarkdownIt({html: true, highlight: (text, language) => highlight(text, language === "toml" ? "ini" : language)});
const plainFence = md.renderer.rules.fence;
md.renderer.rules.fence = (tokens, at, ...rest) => tokens[at].info.trim() === "mermaid"
  ? `<pre class="mermaid">${escape(tokens[at].content)}</pre>\n` : plainFence(tokens, at, ...rest);

function render(item) {
  if (item.md !== undefined) return md.render(item.md);
  const name = item.file.split("/").pop();
  const language = name === "CMakeLists.txt" ? "cmake" : byEnd[name.split(".").pop()];
  return lines(highlight(item.code, language));
}

const [from, to] = process.argv.slice(2);
fs.writeFileSync(to, JSON.stringify(JSON.parse(fs.readFileSync(from, "utf8")).map(render)));

// node check.js trace.json [story.json]: does the trace agree with itself and with the port's rules, and can the story be told?
// Prints what is wrong, a line each; exit code 1 then.
"use strict";
const fs = require("node:fs");
const model = require("./model.js");

// The rules that every trace keeps: the newest waiting thread is woken (P11), and only below the limit (P12).
function rules(trace) {
  const wrong = [], cursor = new model.Cursor(trace), state = cursor.state;
  for (let i = 0; i < trace.size; ++i) {
    const port = state.ports.get(trace.port[i]);
    const wakes = trace.kind[i] === model.MOVED && trace.from[i] === model.WAITING && trace.to[i] === model.RELEASED;
    const handed = wakes && i > 0 && trace.kind[i - 1] === model.TAKEN && trace.thread[i - 1] === trace.thread[i];
    if (handed && port.lists[model.WAITING][0] !== trace.thread[i]) wrong.push(`event ${i}: the thread that is woken is not the newest`);
    if (handed && port.lists[model.RELEASED].length >= port.concurrency) wrong.push(`event ${i}: a thread is woken at the limit`);
    state.apply(i);
  }
  return wrong;
}

function check(traceText, story) {
  const trace = model.read(traceText);
  const wrong = trace.problems.map(({event, problem}) => `event ${event}: ${problem} does not agree`).concat(rules(trace));
  if (trace.cut) wrong.push("the end is cut off");
  try {
    if (story) model.storySteps(trace, story.points);
  } catch (error) {
    wrong.push(error.message);
  }
  return wrong;
}

module.exports = {check, rules};
if (require.main === module) {
  const [traceFile, storyFile] = process.argv.slice(2);
  const wrong = check(fs.readFileSync(traceFile, "utf8"), storyFile && JSON.parse(fs.readFileSync(storyFile, "utf8")));
  wrong.forEach((line) => console.log(line));
  process.exitCode = wrong.length ? 1 : 0;
}

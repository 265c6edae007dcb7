// node check.js trace.json [story.json [seen.json]]: does the trace agree with itself and with the port's rules, can the story
// be told, and does the rebuilt state go through all that the program itself has seen (port_tour --json)?
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

// The state as port_tour prints it.
function picture(trace, state) {
  const port = [...state.ports.values()].at(-1), key = (k) => parseInt(trace.words.list[k], 16);
  if (!port || !port.open) return null;
  const names = (place) => port.lists[place].map((t) => trace.threadNames[t]);
  return JSON.stringify({
    device_list: [...port.devices.values()].map((k) => `socket (key ${key(k)})`), completion_queue: port.waitingPackets().map((p) => `key ${key(trace.key[p])}`),
    waiting_threads: names(model.WAITING), released_threads: names(model.RELEASED).sort(), paused_threads: names(model.PAUSED).sort(),
  });
}

// Each snapshot is the rebuilt state at some event, in the same order.
function compare(trace, steps) {
  const state = new model.Cursor(trace).state;
  let i = 0;
  for (const {step, seen} of steps) {
    const wanted = JSON.stringify(seen);
    while (i < trace.size && picture(trace, state) !== wanted) state.apply(i++);
    if (picture(trace, state) !== wanted) return [`what the program saw at its step ${step} is nowhere in the trace: ${wanted}`];
  }
  return [];
}

function check(traceText, story, seen) {
  const trace = model.read(traceText);
  const wrong = trace.problems.map(({event, problem}) => `event ${event}: ${problem} does not agree`).concat(rules(trace));
  if (trace.cut) wrong.push("the end is cut off");
  try {
    if (story) model.storySteps(trace, story.points);
  } catch (error) {
    wrong.push(error.message);
  }
  return seen ? wrong.concat(compare(trace, seen)) : wrong;
}

module.exports = {check};
if (require.main === module) {
  const [trace, story, seen] = process.argv.slice(2).map((file) => fs.readFileSync(file, "utf8"));
  const wrong = check(trace, story && JSON.parse(story), seen && JSON.parse(seen));
  wrong.forEach((line) => console.log(line));
  process.exitCode = wrong.length ? 1 : 0;
}

"use strict";
// The tab of the completion port: the five structures as places, with what was in them when the server last looked, and how
// that has been. A structure is left out where the server does not tell of it (on Windows the port is in the kernel).

const STRUCTURES = [
  { id: "devices", metric: "iocp_devices" },
  { id: "queue", metric: "iocp_packets_queued", dots: "packet" },
  { id: "waiting", metric: "iocp_threads_waiting", dots: "thread" },
  { id: "released", metric: "iocp_threads_released", dots: "thread", limit: "iocp_threads_limit" },
  { id: "paused", metric: "iocp_threads_paused", dots: "thread" },
];
const PORT_CHARTS = [
  { title: "port_taken", unit: "count", lines: [["iocp_packets_taken_per_second", "packets_taken"]] },
  { title: "port_threads", unit: "count",
    lines: [["iocp_threads_waiting", "waiting"], ["iocp_threads_released", "released"], ["iocp_threads_paused", "paused_threads"]] },
  { title: "port_queue", unit: "count", lines: [["iocp_packets_queued", "packets_queued"]] },
  { title: "port_operations", unit: "count", lines: [["iocp_operations_pending", "operations"], ["iocp_devices", "device_count"]] },
  { title: "port_system", unit: "count",
    lines: [["iocp_system_calls_per_second", "system_calls"], ["iocp_wake_ups_per_second", "wake_ups"]] },
];
const MOST_DOTS = 32;

const tellsOfPort = (server) => STRUCTURES.some(({ metric }) => server.values[metric] !== undefined);

// One for each thread or packet, and the places that are free up to the limit.
function dots(kind, count, limit) {
  const row = make("div", "dots");
  row.setAttribute("aria-hidden", "true");
  const shown = Math.min(Math.max(count, limit), MOST_DOTS);
  for (let i = 0; i < shown; ++i) {
    row.append(make("i", `${kind}${i < count ? "" : " free"}${limit > 0 && i >= limit ? " over" : ""}`));
  }
  if (count > MOST_DOTS) row.append(make("span", "", `+${FORMATS.count(count - MOST_DOTS)}`));
  return row;
}

function structureBox({ id, metric, dots: kind, limit }, values) {
  const box = make("article", "structure");
  const most = limit ? values[limit] ?? 0 : 0;
  box.dataset.metric = metric;
  box.append(make("h2", "", text("place_" + id)), make("strong", "", FORMATS.count(values[metric])));
  if (limit) box.append(make("span", "limit", `${text("limit")} ${FORMATS.count(most)}`));
  if (kind) box.append(dots(kind, values[metric], most));
  box.append(make("p", "", text("about_" + id)));
  return box;
}

function showStructures(server) {
  const told = STRUCTURES.filter(({ metric }) => server.values[metric] !== undefined);
  $("structures").classList.toggle("old", !server.up);
  $("structures").replaceChildren(...told.map((structure) => structureBox(structure, server.values)));
}

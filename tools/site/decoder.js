// A frame of the wire protocol, taken apart in the page: hex in, fields out. Nothing is sent anywhere.
"use strict";
(() => {
  const HEADER = 5, LEAST = 6, CODE = 0x34;
  const WORDS = {
    ko: {hex: "프레임(16진수, 공백과 줄바꿈은 무시)", key: "고정 키", sequence: "순번을 1부터 검사", longest: "최대 길이", more: "바이트가 더 와야 합니다", refused: "거절", frame: "프레임",
         at: "위치", field: "필드", value: "값", wire: "보낸 바이트", plain: "디코딩한 바이트", notHex: "16진수가 아닙니다", text: "글자"},
    en: {hex: "Frames (hex; blanks and line ends do not count)", key: "fixed key", sequence: "check the sequence from 1", longest: "longest", more: "more bytes have to come", refused: "refused",
         frame: "Frame", at: "at", field: "field", value: "value", wire: "on the wire", plain: "decoded", notHex: "this is not hex", text: "text"},
  };
  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  const bytesOf = (text) => {
    const clean = text.replace(/\s+/g, "");
    return /^([0-9a-f]{2})*$/i.test(clean) ? Uint8Array.from(clean.match(/../g) || [], (d) => parseInt(d, 16)) : null;
  };

  // d[i] = e[i] ^ (e[i-1] + K + i + 1), then P[i] = d[i] ^ (d[i-1] + R + i + 1)
  function decoded(run, key, random) {
    const plain = new Uint8Array(run.length);
    let e = 0, d = 0;
    run.forEach((byte, i) => {
      const next = byte ^ ((e + key + i + 1) & 255);
      plain[i] = next ^ ((d + random + i + 1) & 255);
      e = byte;
      d = next;
    });
    return plain;
  }

  // {frames, refused, rest}: what a server reads from the stream. `first`: the sequence that the first packet must have; null: any.
  function read(stream, key, first = 1, longest = 4096) {
    const frames = [];
    let at = 0, sequence = first;
    const end = (refused) => ({frames, refused, rest: stream.length - at});
    while (at < stream.length) {
      const left = stream.subarray(at), length = left.length >= 3 ? left[1] | left[2] << 8 : null;
      if (left[0] !== CODE) return end("bad packet code");
      if (length !== null && length < LEAST) return end("bad length");
      if (length !== null && length > longest) return end("packet too long");
      if (length === null || left.length < HEADER + length) return end(null);
      const wire = left.subarray(0, HEADER + length), plain = decoded(wire.subarray(4), key, wire[3]);
      const payload = plain.subarray(1), view = new DataView(payload.buffer, payload.byteOffset);
      if (payload.reduce((sum, b) => (sum + b) & 255, 0) !== plain[0]) return end("bad checksum");
      const frame = {at, wire, code: wire[0], length, random: wire[3], checksum: plain[0], type: view.getUint16(0, true), sequence: view.getUint32(2, true), body: payload.subarray(6)};
      if (sequence !== null && frame.sequence !== sequence) return end("bad sequence");
      if (sequence !== null) sequence = (sequence + 1) >>> 0;
      frames.push(frame);
      at += wire.length;
    }
    return end(null);
  }

  // The fields of a protobuf message without its .proto: [[number, value]], or null when it is none.
  function message(bytes) {
    const found = [];
    let at = 0;
    const varint = () => {
      let value = 0n;
      for (let shift = 0n; at < bytes.length && shift < 70n; shift += 7n) {
        const byte = bytes[at++];
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return value;
      }
      throw new RangeError();
    };
    try {
      while (at < bytes.length) {
        const tag = varint(), size = {0: 0, 1: 8, 2: -1, 5: 4}[tag & 7n];
        if (size === undefined || tag >> 3n === 0n) return null;
        if (size === 0) { found.push([tag >> 3n, String(varint())]); continue; }
        const length = size < 0 ? Number(varint()) : size;
        if (at + length > bytes.length) return null;
        found.push([tag >> 3n, bytes.subarray(at, at += length)]);
      }
      return found;
    } catch { return null; }
  }

  const text = (bytes) => { try { return new TextDecoder("utf-8", {fatal: true}).decode(bytes); } catch { return null; } };
  globalThis.courseFrames = {read, message, bytesOf, hex};
  if (typeof document === "undefined") return;

  const words = WORDS[document.documentElement.lang] || WORDS.en;
  const tag = (name, content, attributes = {}) => Object.assign(document.createElement(name), content === null ? {} : {textContent: content}, attributes);
  const EXAMPLE = "340600005818d9a6710b89 34150077bce99dca844a0d245994b99fb5e4077a9ae62718c488";

  function bodyRows(frame) {
    const fields = frame.type >= 1001 ? message(frame.body) : null;
    if (fields) return fields.map(([n, v]) => [`body ${n}`, typeof v === "string" ? v : text(v) !== null ? `"${text(v)}" (${hex(v)})` : hex(v), ""]);
    const said = text(frame.body);
    return frame.body.length ? [["body", hex(frame.body) + (said && !/[\0-\x1f]/.test(said) ? ` (${words.text}: "${said}")` : ""), hex(frame.wire.subarray(11))]] : [];
  }

  function show(out, stream, key, first, longest) {
    out.replaceChildren();
    if (!stream) return out.append(tag("p", words.notHex, {className: "refused"}));
    const {frames, refused, rest} = read(stream, key, first, longest);
    frames.forEach((frame, n) => {
      const table = tag("table", null), byte = (i, count = 1) => hex(frame.wire.subarray(i, i + count));
      const rows = [["code", `0x${frame.code.toString(16)}`, byte(0)], ["length", frame.length, byte(1, 2)], ["rand_key", `0x${hex([frame.random])}`, byte(3)],
                    ["checksum", `0x${hex([frame.checksum])}`, byte(4)], ["type", frame.type, byte(5, 2)], ["sequence", frame.sequence, byte(7, 4)], ...bodyRows(frame)];
      table.append(tag("caption", `${words.frame} ${n + 1} (${words.at} ${frame.at})`));
      for (const row of [[words.field, words.value, words.wire], ...rows]) {
        const line = table.insertRow();
        row.forEach((cell, i) => line.append(tag(row[0] === words.field ? "th" : "td", String(cell), {className: i ? "mono" : ""})));
      }
      out.append(table);
    });
    if (refused) out.append(tag("p", `${words.refused}: ${refused}`, {className: "refused"}));
    else if (rest) out.append(tag("p", `${words.more} (${rest})`, {className: "refused"}));
  }

  for (const widget of document.querySelectorAll('[data-widget="decoder"]')) {
    const input = tag("textarea", EXAMPLE, {rows: 4, spellcheck: false, id: "frame-hex"});
    const key = tag("input", null, {value: "a9", size: 4, id: "frame-key"}), longest = tag("input", null, {type: "number", value: 4096, min: 6, max: 65535, id: "frame-longest"});
    const check = tag("input", null, {type: "checkbox", id: "frame-sequence"}), out = tag("div", null, {className: "table", id: "frame-fields"});
    out.setAttribute("aria-live", "polite");
    const label = (name, ...inside) => { const made = tag("label", name + " "); made.append(...inside); return made; };
    const update = () => show(out, bytesOf(input.value), parseInt(key.value, 16) & 255, check.checked ? 1 : null, Number(longest.value) || 4096);
    widget.append(label(words.hex, input), label(words.key + " 0x", key), label(words.longest, longest), label(words.sequence, check), out);
    widget.addEventListener("input", update);
    document.addEventListener("click", (e) => {  // a golden frame of the page's table
      const from = e.target.closest("[data-frames]");
      if (!from) return;
      input.value = from.dataset.frames;
      key.value = from.dataset.key;
      check.checked = "first" in from.dataset;
      update();
      input.focus();
    });
    update();
  }
})();

// What the viewer says, in Korean and English; and what a step is: its name, its call, the code that did it.
"use strict";
(() => {
  const {model} = courseTrace;
  const {CREATED, CLOSED, ADDED, REMOVED, QUEUED, TAKEN, MOVED, ISSUED, COMPLETED, NONE, WAITING, RELEASED, PAUSED} = model;

  const ko = {
    title: "포트를 보다", devices: "디바이스 리스트", queue: "완료 큐", waiting: "대기 스레드 큐", released: "릴리즈 스레드 리스트", paused: "일시 정지 스레드 리스트",
    outside: "포트 밖", fifo: "FIFO · 오른쪽이 가장 오래된 패킷", lifo: "LIFO · 맨 위가 다음에 깨어난다", limit: (n) => `동시 실행 한도 ${n}`, pausedHint: "API 호출 안에서 블로킹",
    outsideHint: "어느 리스트에도 없는 스레드", devicesHint: "연결된 순서 · 걸려 있는 작업", free: "빈 자리", more: (n) => `그 밖에 ${n}`, none: "비어 있다",
    first: "처음으로", back: "한 걸음 뒤로", play: "재생", stop: "멈춤", forward: "한 걸음 앞으로", last: "끝으로", speed: "빠르기", perSecond: (n) => `초당 ${n}걸음`,
    step: "걸음", jump: "걸음으로 가기", follow: "따라가기", everything: "모두", threads: "스레드", sockets: "소켓·파일", overlappeds: "OVERLAPPED", ports: "포트",
    openFile: "트레이스 열기", help: "단축키", close: "닫기", language: "English", languageCode: "en", theme: "밝게/어둡게", run: "기록된 실행", choose: "실행을 고른다",
    call: "API 호출", code: "이 일을 하는 코드", list: "걸음 목록", timeline: "시간선", byStep: "걸음 순", byTime: "시간 순", queueLength: "큐", nextPoint: "다음 볼 곳", previousPoint: "이전 볼 곳",
    point: (n, all) => `볼 곳 ${n} / ${all}`, portOf: (n, all) => `포트 ${n} / ${all}`, drop: "트레이스 파일(IOCP_TRACE로 만든 .json)을 여기에 놓거나 연다", loading: "읽는 중…", closedPort: "닫힘",
    cut: "기록의 끝이 잘렸다. 읽을 수 있는 데까지 보여 준다.", damaged: (n, step) => `기록이 앞뒤가 맞지 않는 곳 ${n}군데 (처음: ${step}번째 걸음). 그 뒤의 그림은 틀릴 수 있다.`,
    errors: {json: "트레이스가 아니다: JSON으로 읽을 수 없다.", shape: "트레이스가 아니다: traceEvents가 없다.", empty: "포트의 이벤트가 하나도 없다.", gzip: "이 브라우저는 압축된 파일을 풀지 못한다."},
    following: (what) => `${what}의 걸음만`, stopFollowing: "그만 따라가기", keys: [["← →", "한 걸음 (따라가는 중이면 그것의 걸음)"], ["Shift + ← →", "열 걸음"], ["Home End", "처음, 끝"], ["Space", "재생과 멈춤"],
      ["+ −", "빠르게, 느리게"], ["N P", "다음·이전 볼 곳"], ["G", "걸음 번호를 적어 가기"], ["F", "무엇을 따라갈지 고르기"], ["Esc", "그만 따라가기, 닫기"], ["?", "이 도움말"]],
    keysTitle: "단축키", at: "시각", bytes: (n) => `${n}바이트`, key: "키", by: "부른 스레드", failed: "실패",
    steps: {
      create: (d) => `포트를 만든다. 동시에 달릴 스레드는 ${d.n}개까지다.`, close: () => "포트를 닫는다. 남은 패킷은 사라지고, 기다리던 스레드는 오류를 받는다.",
      associate: (d) => `${d.device}: 포트에 연결한다. 이 디바이스의 패킷은 모두 키 ${d.key}를 달고 온다.`, remove: (d) => `${d.device}: 닫는다. 디바이스 리스트에서 빠진다.`,
      issue: (d) => `${d.device}: ${d.actor}의 ${d.call}. 작업이 걸렸다.${d.buffers > 1 ? ` 버퍼 ${d.buffers}개, 모두 ${d.room}.` : ""}`,
      deliver: (d) => `${d.device}: ${d.op} ${d.result}. 완료 패킷이 큐의 끝에 들어간다.`, complete: (d) => `${d.device}: ${d.op} ${d.result}.`,
      post: (d) => `${d.actor}: 패킷(키 ${d.key})을 큐에 직접 넣는다. 작업 없이 온 패킷이다.`, queue: (d) => `${d.device}: 완료 패킷이 큐의 끝에 들어간다.`,
      hand: (d) => `${d.thread}: 대기 스레드 큐의 맨 위라서 깨어난다. ${d.packet}을 받아 릴리즈 리스트로 간다.`,
      take: (d) => `${d.thread}: 패킷이 있고 한도에 자리가 있다. ${d.packet}을 꺼내 자지 않고 돌아온다.`, run: (d) => `${d.thread}: 자리를 내놓지 않고 ${d.packet}을 이어서 꺼낸다.`,
      sleep: (d) => `${d.thread}: ${d.why} 대기 스레드 큐의 맨 위에 쌓인다.`, again: (d) => `${d.thread}: 일을 마치고 다시 부른다. ${d.why} 대기 스레드 큐의 맨 위에 쌓인다.`,
      empty: (d) => `${d.thread}: 패킷 없이 돌아온다 (시간이 다 됐거나, APC가 불렀다).`, pause: (d) => `${d.thread}: API 호출 안에서 블로킹한다. 자리가 하나 빈다.`,
      resume: (d) => `${d.thread}: 블로킹이 풀려 곧바로 다시 달린다.${d.over ? " 달리는 스레드가 한도보다 많아졌다." : ""}`, ask: (d) => `${d.thread}: 다음 패킷을 달라고 한다. 자리를 내놓는다.`,
      leave: (d) => `${d.thread}: 포트를 떠난다 (스레드가 끝났거나, 포트가 닫혔다).`, go: (d) => `${d.thread}: 릴리즈 리스트에 든다.`,
    },
    whyEmpty: "줄 패킷이 없다.", whyLimit: "패킷은 있지만 한도에 찼다.", packet: (d) => d.key !== undefined && !d.device ? `패킷(키 ${d.key})` : `패킷(${d.device}, ${d.bytes})`, packets: (n) => `패킷 ${n}개`,
    done: (d) => d.failed ? `실패 (${d.status})` : `끝남, ${d.bytes}`,
  };

  const en = {
    title: "Watch the port", devices: "Device list", queue: "Completion queue", waiting: "Waiting thread queue", released: "Released thread list", paused: "Paused thread list",
    outside: "Outside the port", fifo: "FIFO · the oldest packet is on the right", lifo: "LIFO · the top one is woken next", limit: (n) => `concurrency limit ${n}`, pausedHint: "blocked in a call of the API",
    outsideHint: "threads in no list", devicesHint: "in order of association · pending operations", free: "free", more: (n) => `${n} more`, none: "empty",
    first: "To the beginning", back: "One step back", play: "Play", stop: "Pause", forward: "One step on", last: "To the end", speed: "Speed", perSecond: (n) => n === 1 ? "1 step a second" : `${n} steps a second`,
    step: "Step", jump: "Go to a step", follow: "Follow", everything: "everything", threads: "Threads", sockets: "Sockets, files", overlappeds: "OVERLAPPED", ports: "Ports",
    openFile: "Open a trace", help: "Keys", close: "Close", language: "한국어", languageCode: "ko", theme: "Light/dark", run: "Recorded run", choose: "Choose a run",
    call: "API call", code: "The code that does it", list: "All steps", timeline: "Time-line", byStep: "by step", byTime: "by time", queueLength: "queue", nextPoint: "Next point", previousPoint: "Previous point",
    point: (n, all) => `Point ${n} of ${all}`, portOf: (n, all) => `port ${n} of ${all}`, drop: "Drop a trace here (.json, made with IOCP_TRACE), or open one", loading: "Reading…", closedPort: "closed",
    cut: "The trace's end is cut off. What could be read is shown.", damaged: (n, step) => `The trace contradicts itself in ${n} places (first at step ${step}). What is drawn after that may be wrong.`,
    errors: {json: "Not a trace: it cannot be read as JSON.", shape: "Not a trace: it has no traceEvents.", empty: "It has no event of a port.", gzip: "This browser cannot unpack compressed files."},
    following: (what) => `only the steps of ${what}`, stopFollowing: "Stop following", keys: [["← →", "one step (while following: of what is followed)"], ["Shift + ← →", "ten steps"], ["Home End", "first, last"], ["Space", "play and pause"],
      ["+ −", "faster, slower"], ["N P", "next, previous point of the story"], ["G", "type a step to go to"], ["F", "choose whom to follow"], ["Esc", "stop following, close"], ["?", "this help"]],
    keysTitle: "Keys", at: "at", bytes: (n) => n === 1 ? "1 byte" : `${n} bytes`, key: "key", by: "called by", failed: "failed",
    steps: {
      create: (d) => `A port is made. At most ${d.n} threads shall run at a time.`, close: () => "The port is closed. Packets that are left are dropped; waiting threads get an error.",
      associate: (d) => `${d.device}: tied to the port. Every packet of this device will carry key ${d.key}.`, remove: (d) => `${d.device}: closed. It leaves the device list.`,
      issue: (d) => `${d.device}: ${d.call} by ${d.actor}. The operation is issued.${d.buffers > 1 ? ` ${d.buffers} buffers, ${d.room} together.` : ""}`,
      deliver: (d) => `${d.device}: ${d.op} ${d.result}. Its completion packet goes to the end of the queue.`, complete: (d) => `${d.device}: ${d.op} ${d.result}.`,
      post: (d) => `${d.actor}: puts a packet (key ${d.key}) into the queue. No operation is behind it.`, queue: (d) => `${d.device}: a completion packet goes to the end of the queue.`,
      hand: (d) => `${d.thread}: on top of the waiting threads, so it wakes. It gets the ${d.packet} and goes to the released list.`,
      take: (d) => `${d.thread}: there is a packet, and the limit has room. It takes the ${d.packet} and returns without sleeping.`, run: (d) => `${d.thread}: keeps its place and takes the ${d.packet} as well.`,
      sleep: (d) => `${d.thread}: ${d.why} It goes on top of the waiting threads.`, again: (d) => `${d.thread}: done, and asks again. ${d.why} It goes on top of the waiting threads.`,
      empty: (d) => `${d.thread}: returns without a packet (time is up, or an APC called).`, pause: (d) => `${d.thread}: blocks in a call of the API. Its place is free.`,
      resume: (d) => `${d.thread}: blocks no more and runs at once.${d.over ? " More threads run than the limit says." : ""}`, ask: (d) => `${d.thread}: asks for the next packet and gives its place back.`,
      leave: (d) => `${d.thread}: leaves the port (the thread ended, or the port was closed).`, go: (d) => `${d.thread}: enters the released list.`,
    },
    whyEmpty: "There is no packet for it.", whyLimit: "There is a packet, but the limit is reached.", packet: (d) => d.key !== undefined && !d.device ? `packet (key ${d.key})` : `packet (${d.device}, ${d.bytes})`, packets: (n) => `${n} packets`,
    done: (d) => d.failed ? `failed (${d.status})` : `done, ${d.bytes}`,
  };

  const WORDS = {ko, en};
  const CALLS = {
    recv: "WSARecv", send: "WSASend", accept: "AcceptEx", connect: "ConnectEx", disconnect: "DisconnectEx", read: "ReadFile", write: "WriteFile",
  };
  const ERRORS = {"0xc0000120": "ERROR_OPERATION_ABORTED", "0xc000020d": "WSAECONNRESET", "0xc0000241": "WSAECONNABORTED", "0xc0000011": "ERROR_HANDLE_EOF"};

  // What kind of step it is, from its events and what was before.
  function kindOf(t, s) {
    const [a, b] = t.range(s), z = b - 1;
    switch (t.kind[a]) {
      case CREATED: return "create";
      case CLOSED: return "close";
      case ADDED: return "associate";
      case REMOVED: return "remove";
      case ISSUED: return "issue";
      case COMPLETED: return t.kind[z] === QUEUED ? "deliver" : "complete";
      case QUEUED: return t.device[a] >= 0 ? "queue" : "post";
      case TAKEN: return t.kind[z] === MOVED ? (t.from[z] === WAITING ? "hand" : "take") : "run";
      default: return moveOf(t, a, z);
    }
  }
  function moveOf(t, a, z) {
    if (t.kind[z] === MOVED && t.to[z] === WAITING) return z > a || t.from[z] === RELEASED ? "again" : "sleep";
    if (z > a && t.to[z] === RELEASED) return "take";
    if (t.to[a] === PAUSED) return "pause";
    if (t.from[a] === PAUSED && t.to[a] === RELEASED) return "resume";
    if (t.from[a] === WAITING && t.to[a] === RELEASED) return "empty";
    if (t.to[a] === RELEASED) return "go";
    return t.from[a] === RELEASED && comesBack(t, a) ? "ask" : "leave";
  }
  function comesBack(t, i) {
    const steps = t.concerned.thread.get(t.thread[i]), at = model.firstFrom(steps, t.stepOf[i]);
    for (const s of steps.slice(at, at + 4)) {
      for (let j = Math.max(i + 1, t.range(s)[0]); j < t.range(s)[1]; ++j) {
        if (t.port[j] !== t.port[i] || t.thread[j] !== t.thread[i]) continue;
        if (t.kind[j] === TAKEN || t.kind[j] === MOVED) return t.kind[j] === TAKEN || t.to[j] !== NONE;
      }
    }
    return false;
  }

  const CODE = {create: "create", close: "close", associate: "associate", remove: "remove", issue: "issue", deliver: "finish", complete: "finish", post: "enqueue", queue: "enqueue",
                hand: "hand", take: "take", run: "run", sleep: "wait", again: "wait", empty: "wait", pause: "pause", resume: "resume", ask: "take", leave: "leave", go: "place"};

  const keyName = (text) => { const n = parseInt(text, 16); return n <= 0xFFFF ? String(n) : text; };
  function deviceName(t, device, lang) {
    const file = (t.concerned.device.get(device) || []).slice(0, 50).some((s) => ["read", "write"].includes(t.words.list[t.op[t.steps[s]]]));
    return (lang === "ko" ? (file ? "파일 " : "소켓 ") : (file ? "file " : "socket ")) + (device + 1);
  }
  const status = (text) => ERRORS[text] || text;
  const isFailed = (text) => text !== undefined && !/^0x0+$/.test(text);

  function call(t, kind, a, z) {
    const w = t.words.list, key = t.key[a] >= 0 ? keyName(w[t.key[a]]) : "";
    switch (kind) {
      case "create": return `CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, ${t.length[a]})`;
      case "close": return "CloseHandle(port)";
      case "associate": return `CreateIoCompletionPort(device, port, ${key}, 0)`;
      case "remove": return "closesocket(device)  /  CloseHandle(device)";
      case "issue": return `${CALLS[w[t.op[a]]] || w[t.op[a]]}(${t.buffers[a] > 1 ? `device, buffers, ${t.buffers[a]}, ` : ""}..., &overlapped)`;
      case "post": {
        const o = t.overlappeds.list[t.overlapped[a]];
        return `PostQueuedCompletionStatus(port, ${t.bytes[a]}, ${key}, ${/^0x0+$/.test(o) ? "NULL" : o})`;
      }
      case "pause": return "WaitForSingleObject(...)  /  SleepEx(...)  /  recv(...) ...";
      case "resume": case "deliver": case "complete": case "queue": case "leave": return "";
      default: {
        const packet = t.packet[a] >= 0 ? t.packet[a] : t.packet[z], taken = ["hand", "take", "run"].includes(kind) && packet >= 0;
        const answer = kind === "empty" ? " → FALSE" : taken ? ` → ${isFailed(w[t.status[packet]]) ? "FALSE" : "TRUE"}` : "";
        return `GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, timeout)${answer}`;
      }
    }
  }

  // All that is said of a step. `state` is after it.
  function describe(t, s, lang, state) {
    const [a, b] = t.range(s), z = b - 1, w = WORDS[lang], kind = kindOf(t, s), names = t.words.list;
    const of = (column) => { for (let i = a; i < b; ++i) if (t[column][i] >= 0) return t[column][i]; return -1; };
    const thread = of("thread"), device = of("device"), key = of("key"), packet = of("packet"), taken = [];
    for (let i = a; i < b; ++i) if (t.kind[i] === TAKEN && t.packet[i] >= 0) taken.push(t.packet[i]);
    const port = state && state.ports.get(t.port[a]);
    const d = {
      n: t.length[a], buffers: t.buffers[a], room: w.bytes(t.room[a]), key: key >= 0 ? keyName(names[key]) : undefined, actor: t.threadNames[t.actor[a]], thread: thread >= 0 ? t.threadNames[thread] : "",
      device: device >= 0 ? deviceName(t, device, lang) : "", op: names[t.op[a]], call: CALLS[names[t.op[a]]] || names[t.op[a]],
      why: port && port.queueLength ? w.whyLimit : w.whyEmpty, over: port && port.lists[RELEASED].length > port.concurrency,
    };
    const facts = {failed: isFailed(names[t.status[a]]), status: status(names[t.status[a]]), bytes: w.bytes(t.bytes[a])};
    d.result = w.done(facts);
    d.packet = taken.length > 1 ? w.packets(taken.length) : w.packet({key: d.key, device: packet >= 0 && t.device[packet] >= 0 ? deviceName(t, t.device[packet], lang) : "",
      bytes: packet < 0 ? "" : isFailed(names[t.status[packet]]) ? status(names[t.status[packet]]) : w.bytes(t.bytes[packet])});
    return {kind, text: w.steps[kind](d), call: call(t, kind, a, z), code: CODE[kind], thread, device, overlapped: of("overlapped"), actor: t.actor[a], port: t.port[a], packet, at: t.at[a]};
  }

  Object.assign(courseTrace, {WORDS, CALLS, CODE, kindOf, describe, deviceName, keyName, isFailed});
})();

"use strict";
// Every text of the page, in both languages; and how numbers of each unit are written.

const TEXTS = {
  en: {
    title: "Chat server monitor", language: "한국어", theme_auto: "Theme: auto", theme_dark: "Theme: dark",
    theme_light: "Theme: light", window: "Time span", minutes: "min", servers: "Servers", server: "Server",
    now: "Values now", charts: "Charts", events: "Alarm log", live: "live", lost: "no answer from the monitor server since",
    empty: "No server has reported yet.", up: "up", down: "down", down_since: "down since", alarm: "ALARM",
    pending: "over the line", since: "since", value: "value", fires: "fires", ends: "over", paused: "paused", flowing: "no",
    "server down": "server down",
    sessions: "Sessions", players: "Players", packets: "Packets per second", received: "received", sent: "sent",
    updates: "Jobs done per second", jobs: "jobs", accepts: "Connections per second", accepted: "accepted", refused: "refused",
    p99: "Job time, 99 of 100", machine_cpu: "Processors of the machine", process_cpu: "Processor cores used by the server",
    memory: "Memory of the server", queues: "Waiting", jobs_waiting: "jobs", rows_waiting: "database rows",
    pools: "Pools, in use", pool_packets: "packets", database: "Database",
    rows: "Database rows per second", bytes_waiting: "Bytes waiting", journal: "journal",
    view: "View", tab_server: "Server", tab_port: "Port", limit: "limit",
    about_port: "The completion port of the server's network: how full its five structures were when the server last looked, once a second. What went through in between is in the rates.",
    no_port: "This server does not tell of its port (on Windows it is in the kernel).",
    place_devices: "Device list", about_devices: "Sockets tied to the port: one for each session (with AcceptEx the listener, too).",
    place_queue: "Completion queue", about_queue: "Packets that nobody has taken yet. When it stays long, the workers fall behind.",
    place_waiting: "Waiting thread queue", about_waiting: "Threads that sleep until there is a packet. When none is left, all are busy or blocked.",
    place_released: "Released thread list", about_released: "Threads that run with a packet: at most as many as the limit, but for a moment.",
    place_paused: "Paused thread list", about_paused: "Threads blocked in a call of the API. Their places go to others. When it is never empty, workers do what belongs elsewhere.",
    port_taken: "Packets taken per second", packets_taken: "packets", port_threads: "Threads of the port", waiting: "waiting", released: "released",
    paused_threads: "paused", port_queue: "Packets in the completion queue", packets_queued: "packets",
    port_operations: "Operations pending", operations: "operations", device_count: "devices", port_system: "System calls per second",
    system_calls: "system calls", wake_ups: "wake-ups",
    redis: "Redis", congestion: "Congestion pause", free_memory: "Free memory of the machine", busy: "busy", cores: "cores", time: "time",
  },
  ko: {
    title: "채팅 서버 모니터", language: "English", theme_auto: "테마: 자동", theme_dark: "테마: 어둡게",
    theme_light: "테마: 밝게", window: "표시 구간", minutes: "분", servers: "서버", server: "서버",
    now: "현재 값", charts: "차트", events: "알람 기록", live: "실시간", lost: "모니터 서버가 응답하지 않음, 마지막 응답",
    empty: "아직 보고한 서버가 없습니다.", up: "정상", down: "중단", down_since: "중단 시각", alarm: "알람",
    pending: "기준 초과 중", since: "시작", value: "값", fires: "발생", ends: "해제", paused: "일시 정지", flowing: "아님",
    "server down": "서버 중단",
    sessions: "세션", players: "플레이어", packets: "초당 패킷", received: "수신", sent: "송신",
    updates: "초당 처리한 job", jobs: "job", accepts: "초당 접속", accepted: "수락", refused: "거부",
    p99: "job 처리 시간 (p99)", machine_cpu: "장비 CPU 사용률", process_cpu: "서버가 쓰는 CPU 코어",
    memory: "서버 메모리", queues: "대기 중", jobs_waiting: "job", rows_waiting: "DB 행",
    pools: "풀 사용량", pool_packets: "패킷", database: "데이터베이스",
    rows: "초당 DB 기록 행", bytes_waiting: "대기 중인 바이트", journal: "저널",
    view: "보기", tab_server: "서버", tab_port: "포트", limit: "한도",
    about_port: "서버 네트워크의 완료 포트입니다. 서버가 1초에 한 번 들여다본 순간에 다섯 구조에 들어 있던 수이고, 그 사이에 지나간 것은 초당 값에 있습니다.",
    no_port: "이 서버는 포트의 상태를 알리지 않습니다(Windows에서는 포트가 커널 안에 있습니다).",
    place_devices: "디바이스 리스트", about_devices: "포트에 연결된 소켓. 세션마다 하나입니다(AcceptEx를 쓰면 리스너도).",
    place_queue: "완료 큐", about_queue: "아직 아무도 꺼내지 않은 패킷. 계속 길면 워커가 밀리고 있는 것입니다.",
    place_waiting: "대기 스레드 큐", about_waiting: "패킷이 올 때까지 자는 스레드. 하나도 없으면 모두 바쁘거나 블로킹해 있습니다.",
    place_released: "릴리즈 스레드 리스트", about_released: "패킷을 들고 달리는 스레드. 잠깐을 빼면 한도를 넘지 않습니다.",
    place_paused: "일시 정지 스레드 리스트", about_paused: "API 호출 안에서 블로킹한 스레드. 그 자리는 다른 스레드가 씁니다. 빌 때가 없으면 워커가 다른 곳에서 할 일을 하고 있는 것입니다.",
    port_taken: "초당 꺼낸 패킷", packets_taken: "패킷", port_threads: "포트의 스레드", waiting: "대기", released: "릴리즈",
    paused_threads: "일시 정지", port_queue: "완료 큐의 패킷", packets_queued: "패킷",
    port_operations: "걸려 있는 작업", operations: "작업", device_count: "디바이스", port_system: "초당 시스템 콜",
    system_calls: "시스템 콜", wake_ups: "깨어남",
    redis: "Redis", congestion: "혼잡 제어 정지", free_memory: "장비의 남은 메모리", busy: "사용", cores: "코어", time: "시간",
  },
};

let language = "en";
const text = (key) => TEXTS[language][key] ?? key;

function scaled(value, steps, digits = 1) {
  for (const [size, unit] of steps) {
    if (Math.abs(value) >= size) {
      const number = value / size;
      return number.toFixed(Math.abs(number) >= 100 ? 0 : digits) + unit;
    }
  }
  return "0";
}

const FORMATS = {
  count: (v) => (Math.abs(v) < 10000 ? (Number.isInteger(v) || v >= 100 ? Math.round(v).toLocaleString("en") : v.toFixed(1))
                                     : scaled(v, [[1e9, " G"], [1e6, " M"], [1e3, " k"]])),
  bytes: (v) => (Math.abs(v) < 1024 ? Math.round(v) + " B"
                                    : scaled(v, [[2 ** 40, " TiB"], [2 ** 30, " GiB"], [2 ** 20, " MiB"], [1024, " KiB"]])),
  seconds: (v) => scaled(v, [[1, " s"], [1e-3, " ms"], [1e-6, " µs"], [1e-9, " ns"]]),
  ratio: (v) => (v * 100).toFixed(v > 0 && v < 0.1 ? 1 : 0) + " %",
  cores: (v) => v.toFixed(2),
};

const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB");

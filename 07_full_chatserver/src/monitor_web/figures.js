"use strict";
// The figures of the first tab: what is shown, in this order. lines: [metric, label].
const CHARTS = [
  { title: "sessions", unit: "count", lines: [["chat_sessions", "sessions"], ["chat_players", "players"]] },
  { title: "packets", unit: "count",
    lines: [["chat_packets_received_per_second", "received"], ["chat_packets_sent_per_second", "sent"]] },
  { title: "updates", unit: "count", lines: [["chat_updates_per_second", "jobs"]] },
  { title: "p99", unit: "seconds", lines: [["chat_job_p99_seconds", "time"]] },
  { title: "machine_cpu", unit: "ratio", lines: [["machine_cpu_ratio", "busy"]] },
  { title: "process_cpu", unit: "cores", lines: [["process_cpu_cores", "cores"]] },
  { title: "memory", unit: "bytes", lines: [["process_resident_memory_bytes", "memory"]] },
  { title: "free_memory", unit: "bytes", lines: [["machine_memory_available_bytes", "free_memory"]] },
  { title: "accepts", unit: "count",
    lines: [["chat_accepts_per_second", "accepted"], ["chat_refused_per_second", "refused"]] },
  { title: "queues", unit: "count",
    lines: [["chat_jobs_waiting", "jobs_waiting"], ["chat_database_queue_rows", "rows_waiting"]] },
  { title: "rows", unit: "count", lines: [["chat_database_rows_per_second", "rows"]] },
  { title: "bytes_waiting", unit: "bytes",
    lines: [["chat_journal_bytes", "journal"]] },
  { title: "pools", unit: "count", lines: [["chat_packet_pool_in_use", "pool_packets"]] },
];
const TILES = [
  { title: "sessions", metric: "chat_sessions", unit: "count" },
  { title: "packets", metric: "chat_packets_sent_per_second", unit: "count" },
  { title: "p99", metric: "chat_job_p99_seconds", unit: "seconds" },
  { title: "machine_cpu", metric: "machine_cpu_ratio", unit: "ratio" },
  { title: "memory", metric: "process_resident_memory_bytes", unit: "bytes" },
  { title: "database", metric: "chat_database_up", state: ["down", "up"], good: 1 },
  { title: "redis", metric: "chat_redis_up", state: ["down", "up"], good: 1 },
  { title: "congestion", metric: "chat_congestion_pause", state: ["flowing", "paused"], good: 0 },
];
// Known, but not for charts of their own.
const QUIET = new Set(["process_start_time_seconds", "machine_memory_bytes", "process_open_fds", "process_threads",
                       "chat_countries_stale", "chat_redis_requests_inside", "chat_redis_timeouts_per_second",
                       ...TILES.map((t) => t.metric), ...STRUCTURES.map((s) => s.metric), "iocp_threads_limit",
                       ...[...CHARTS, ...PORT_CHARTS].flatMap((c) => c.lines.map((l) => l[0]))]);

#include "services/monitor/standard_metrics.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "services/monitor/system_usage.h"

namespace services {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// What one round has read; the collection thread only.
struct SystemRound {
  std::optional<ProcessUsage> process;
  std::optional<MachineUsage> machine;
  std::optional<MachineUsage> machine_before;

  double CpuRatio() const {
    if (!machine || !machine_before) return kUnknown;
    const double total = machine->total_seconds - machine_before->total_seconds;
    const double busy = machine->busy_seconds - machine_before->busy_seconds;
    return total > 0 ? std::min(std::max(busy / total, 0.0), 1.0) : kUnknown;
  }
};

}  // namespace

void AddSystemMetrics(Collector& collector) {
  auto round = std::make_shared<SystemRound>();
  collector.AddBeforeSampling([round] {
    round->machine_before = round->machine;
    round->process = ReadProcessUsage();
    round->machine = ReadMachineUsage();
  });
  const auto process = [&round](double (*value)(const ProcessUsage&)) {
    return [round, value] { return round->process ? value(*round->process) : kUnknown; };
  };
  const auto machine = [&round](double (*value)(const MachineUsage&)) {
    return [round, value] { return round->machine ? value(*round->machine) : kUnknown; };
  };
  collector.AddCounter("process_cpu_seconds_total", "Processor time of the process.",
                       process([](const ProcessUsage& p) { return p.cpu_seconds; }),
                       "process_cpu_cores");
  collector.AddGauge(
      "process_resident_memory_bytes", "Memory of the process that is in RAM.",
      process([](const ProcessUsage& p) { return static_cast<double>(p.resident_bytes); }));
  collector.AddGauge("process_open_fds", "Open descriptors of the process.",
                     process([](const ProcessUsage& p) { return static_cast<double>(p.handles); }));
  collector.AddGauge("process_threads", "Threads of the process.",
                     process([](const ProcessUsage& p) { return static_cast<double>(p.threads); }));
  collector.AddGauge("process_start_time_seconds", "Unix time of the start of the process.",
                     process([](const ProcessUsage& p) { return p.start_time_seconds; }));
  collector.AddGauge("machine_cpu_ratio", "Part of the machine's processors that was busy.",
                     [round] { return round->CpuRatio(); });
  collector.AddGauge(
      "machine_memory_bytes", "Memory of the machine.",
      machine([](const MachineUsage& m) { return static_cast<double>(m.memory_bytes); }));
  collector.AddGauge(
      "machine_memory_available_bytes", "Memory that programs can still get without swapping.",
      machine([](const MachineUsage& m) { return static_cast<double>(m.memory_available_bytes); }));
}

void AddChatMetrics(Collector& collector, const ChatSamples& s) {
  const auto gauge = [&](const char* name, const char* help, const Collector::Sampler& sample) {
    if (sample) collector.AddGauge(name, help, sample);
  };
  const auto counter = [&](const char* name, const char* help, const Collector::Sampler& sample,
                           const char* rate) {
    if (sample) collector.AddCounter(name, help, sample, rate);
  };
  gauge("chat_sessions", "Connected sessions.", s.sessions);
  gauge("chat_players", "Players in the game.", s.players);
  counter("chat_accepts_total", "Connections accepted.", s.accepts, "chat_accepts_per_second");
  counter("chat_refused_total", "Connections refused.", s.refused, "chat_refused_per_second");
  counter("chat_packets_received_total", "Packets received.", s.packets_received,
          "chat_packets_received_per_second");
  counter("chat_packets_sent_total", "Packets sent.", s.packets_sent,
          "chat_packets_sent_per_second");
  counter("chat_updates_total", "Jobs done by the chat logic.", s.updates,
          "chat_updates_per_second");
  gauge("chat_packet_pool_in_use", "Packets taken from their pool.", s.packets_in_use);
  gauge("chat_message_pool_in_use", "Messages taken from their pool.", s.messages_in_use);
  gauge("chat_jobs_waiting", "Jobs in all job queues.", s.jobs_waiting);
  gauge("chat_job_p99_seconds", "99 of 100 jobs took no longer.", s.job_p99_seconds);
  gauge("chat_send_queue_bytes", "Bytes that wait to be sent.", s.send_queue_bytes);
  gauge("chat_receive_buffer_bytes", "Bytes held for half-received packets.", s.receive_bytes);
  gauge("chat_database_up", "1: the database takes rows.", s.database_up);
  gauge("chat_database_queue_rows", "Rows that wait for the database.", s.database_queue);
  counter("chat_database_rows_total", "Rows written to the database.", s.database_rows,
          "chat_database_rows_per_second");
  gauge("chat_journal_bytes", "Journal that the database has not confirmed.", s.journal_bytes);
  counter("chat_journal_refused_total", "Records refused: the journal could not be written.",
          s.journal_refused, "chat_journal_refused_per_second");
  counter("chat_not_journaled_total",
          "Records kept in memory only: the journal could not be written.", s.not_journaled,
          "chat_not_journaled_per_second");
  gauge("chat_rows_parked", "Rows too long for the database, in the journal's file PARKED.",
        s.rows_parked);
  counter("chat_records_replayed_total", "Rows stored again: the database had gone back.",
          s.records_replayed, "chat_records_replayed_per_second");
  counter("chat_records_lost_total", "Records that are nowhere.", s.records_lost,
          "chat_records_lost_per_second");
  gauge("chat_redis_up", "1: Redis answers.", s.redis_up);
  gauge("chat_redis_requests_inside", "Requests to Redis without an answer.", s.redis_inside);
  counter("chat_redis_timeouts_total", "Requests to Redis that got no answer in time.",
          s.redis_timeouts, "chat_redis_timeouts_per_second");
  gauge("chat_congestion_pause", "1: accepting and sending are paused.", s.congestion_pause);
}

}  // namespace services

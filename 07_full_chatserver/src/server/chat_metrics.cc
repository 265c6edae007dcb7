#include "server/chat_metrics.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

#include "services/redis/redis_trouble.h"

namespace server {

namespace {

constexpr auto kGauge = services::MetricKind::kGauge;
constexpr auto kCounter = services::MetricKind::kCounter;

using iocp::Counters;
using iocp::PortSizes;
using Look = const ChatLook&;

template <class T>
constexpr double Number(T value) {
  return static_cast<double>(value);
}

constexpr double Refused(Look look, DoorAnswer answer) {
  return Number(look.door[static_cast<std::size_t>(answer)]);
}

constexpr double Keys(Look look, chat::KeyAnswer answer) {
  return Number(look.key_answers[static_cast<std::size_t>(answer)]);
}

// One figure of the port; where it is not visible it is left out.
template <class Figures, class Field>
double Seen(const std::optional<Figures>& figures, Field Figures::*one) {
  return figures ? Number((*figures).*one) : std::numeric_limits<double>::quiet_NaN();
}

constexpr const char* kLogins = "Log-ins and the ends of sessions, by outcome.";

// [table]
constexpr ChatMetric kMetrics[] = {
    {kGauge, "chat_sessions", [](Look l) { return l.sessions; }, "Connected sessions."},
    {kGauge, "chat_players", [](Look l) { return l.players; }, "Players in the game."},
    {kCounter, "chat_accepts_total", [](Look l) { return Number(l.traffic.accepts); },
     "Connections accepted.", "chat_accepts_per_second"},
    {kCounter, "chat_refused_total", [](Look l) { return Refused(l, DoorAnswer::kAbroad); },
     "Connections refused.", "chat_refused_per_second", "reason", "country"},
    // From one address: too many, too fast, or too many wrong keys.
    {kCounter, "chat_refused_total", [](Look l) { return Refused(l, DoorAnswer::kLimited); },
     "Connections refused.", "chat_refused_per_second", "reason", "limit"},
    {kCounter, "chat_refused_total",
     [](Look l) { return Refused(l, DoorAnswer::kFull) + Number(l.traffic.full); },
     "Connections refused.", "chat_refused_per_second", "reason", "full"},
    {kCounter, "chat_logins_total", [](Look l) { return Number(l.lobby.logins); }, kLogins,
     "chat_logins_per_second", "outcome", "granted"},
    {kCounter, "chat_logins_total", [](Look l) { return Keys(l, chat::KeyAnswer::kWrong); },
     kLogins, "chat_logins_refused_per_second", "outcome", "wrong_key"},
    // Never given, expired or used.
    {kCounter, "chat_logins_total", [](Look l) { return Keys(l, chat::KeyAnswer::kMissing); },
     kLogins, "chat_logins_refused_per_second", "outcome", "no_key"},
    // The key store did not answer.
    {kCounter, "chat_logins_total", [](Look l) { return Keys(l, chat::KeyAnswer::kUnavailable); },
     kLogins, "chat_logins_refused_per_second", "outcome", "try_later"},
    // It could not be written down: the journal is full.
    {kCounter, "chat_logins_total", [](Look l) { return Number(l.refused_logins); }, kLogins,
     "chat_logins_refused_per_second", "outcome", "not_stored"},
    // A newer log-in of the same account came.
    {kCounter, "chat_logins_total", [](Look l) { return Number(l.lobby.superseded); }, kLogins,
     "chat_logins_superseded_per_second", "outcome", "superseded"},
    // Did not log in, or fell silent, in time.
    {kCounter, "chat_logins_total", [](Look l) { return Number(l.lobby.timed_out); }, kLogins,
     "chat_logins_timed_out_per_second", "outcome", "timed_out"},
    {kCounter, "chat_requests_refused_total", [](Look l) { return Number(l.refused_requests); },
     "Requests that nothing was done for.", "chat_requests_refused_per_second", "reason",
     "too_fast"},
    {kCounter, "chat_packets_received_total", [](Look l) { return Number(l.traffic.recv_packets); },
     "Packets received.", "chat_packets_received_per_second"},
    {kCounter, "chat_packets_sent_total", [](Look l) { return Number(l.traffic.send_packets); },
     "Packets sent.", "chat_packets_sent_per_second"},
    {kCounter, "chat_updates_total", [](Look l) { return Number(l.jobs.executed); },
     "Jobs done by the chat logic.", "chat_updates_per_second"},
    {kGauge, "chat_packet_pool_in_use", [](Look l) { return l.packets; },
     "Packets taken from their pool."},
    {kGauge, "chat_jobs_waiting",
     [](Look l) { return std::max(Number(l.jobs.queued) - Number(l.jobs.executed), 0.0); },
     "Jobs in all job queues."},
    {kGauge, "chat_database_up",
     [](Look l) { return l.database.state == db::WriterState::kUp ? 1.0 : 0.0; },
     "1: the database takes rows."},
    {kGauge, "chat_database_queue_rows", [](Look l) { return Number(l.database.queue_records); },
     "Rows that wait for the database."},
    {kCounter, "chat_database_rows_total", [](Look l) { return Number(l.database.written_rows); },
     "Rows written to the database.", "chat_database_rows_per_second"},
    {kGauge, "chat_journal_bytes", [](Look l) { return Number(l.database.journal_bytes); },
     "Journal that the database has not confirmed."},
    {kCounter, "chat_journal_refused_total", [](Look l) { return Number(l.database.refused); },
     "Records refused: the journal could not be written.", "chat_journal_refused_per_second"},
    {kCounter, "chat_not_journaled_total", [](Look l) { return Number(l.database.unjournaled); },
     "Records kept in memory only: the journal could not be written.",
     "chat_not_journaled_per_second"},
    {kCounter, "chat_rows_rejected_total", [](Look l) { return Number(l.database.rejected); },
     "Rows that the database did not take, in its table rejected_log.",
     "chat_rows_rejected_per_second"},
    {kGauge, "chat_rows_parked", [](Look l) { return Number(l.database.parked); },
     "Rows too long for the database, in the journal's file PARKED."},
    {kCounter, "chat_records_replayed_total", [](Look l) { return Number(l.database.replayed); },
     "Rows stored again: the database had gone back.", "chat_records_replayed_per_second"},
    {kCounter, "chat_records_lost_total", [](Look l) { return Number(l.database.lost); },
     "Records that are nowhere.", "chat_records_lost_per_second"},
    {kGauge, "chat_redis_up", [](Look l) { return l.keys.up ? 1.0 : 0.0; }, "1: Redis answers."},
    {kGauge, "chat_redis_requests_inside", [](Look l) { return l.keys.inside; },
     "Requests to Redis without an answer."},
    {kCounter, "chat_redis_timeouts_total", [](Look l) { return l.keys.timeouts; },
     "Requests to Redis that got no answer in time.", "chat_redis_timeouts_per_second"},
    {kGauge, "chat_congestion_pause", [](Look l) { return l.paused ? 1.0 : 0.0; },
     "1: accepting and sending are paused."},
    {kGauge, "chat_countries_stale", [](Look l) { return l.countries_stale ? 1.0 : 0.0; },
     "1: the country database was replaced by one that cannot be read; the old one goes on."},
    // The completion port of the server's network; of one moment.
    {kGauge, "iocp_devices", [](Look l) { return Seen(l.port, &PortSizes::devices); },
     "Sockets in the port's device list."},
    {kGauge, "iocp_packets_queued", [](Look l) { return Seen(l.port, &PortSizes::packets); },
     "Packets in the port's completion queue."},
    {kGauge, "iocp_threads_waiting", [](Look l) { return Seen(l.port, &PortSizes::waiting); },
     "Threads in the port's waiting thread queue."},
    {kGauge, "iocp_threads_released", [](Look l) { return Seen(l.port, &PortSizes::released); },
     "Threads in the port's released thread list: they run."},
    {kGauge, "iocp_threads_paused", [](Look l) { return Seen(l.port, &PortSizes::paused); },
     "Threads in the port's paused thread list: they are blocked in a call."},
    {kGauge, "iocp_threads_limit", [](Look l) { return Seen(l.port, &PortSizes::concurrency); },
     "Threads that the port lets run at a time."},
    {kCounter, "iocp_packets_taken_total",
     [](Look l) { return Seen(l.port, &PortSizes::packets_taken); },
     "Packets that threads have taken from the port.", "iocp_packets_taken_per_second"},
    // Of all ports of the process.
    {kGauge, "iocp_operations_pending",
     [](Look l) { return Seen(l.port_work, &Counters::live_operations); },
     "Overlapped operations that are pending."},
    {kCounter, "iocp_wake_ups_total", [](Look l) { return Seen(l.port_work, &Counters::wake_ups); },
     "Waits that ended because somebody or something woke them.", "iocp_wake_ups_per_second"},
    {kCounter, "iocp_system_calls_total",
     [](Look l) { return Seen(l.port_work, &Counters::system_calls); },
     "System calls made for the API of completion ports.", "iocp_system_calls_per_second"},
};
// [/table]

// Seconds; those from 5 ms on are Prometheus' defaults.
constexpr double kJobBounds[] = {0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025,
                                 0.05,    0.1,     0.25,   0.5,    1,     2.5,   5,    10};

}  // namespace

std::span<const ChatMetric> ChatMetrics() {
  return kMetrics;
}

// The job layer's buckets are finer (an eighth of a power of two): each goes where its upper bound
// belongs, so a value is told as up to 12.5 % longer than it was.
services::HistogramValue JobTimes(const ChatLook& look) {
  services::HistogramValue to;
  to.bounds.assign(std::begin(kJobBounds), std::end(kJobBounds));
  to.counts.resize(to.bounds.size() + 1);
  std::size_t bucket = 0;
  for (std::size_t i = 0; i < look.jobs.job_times.size(); ++i) {
    const double seconds = Number(job::Histogram::UpperBound(i)) / 1e9;
    while (bucket < to.bounds.size() && seconds > to.bounds[bucket]) ++bucket;
    to.counts[bucket] += look.jobs.job_times[i];
    to.sum += seconds * Number(look.jobs.job_times[i]);
  }
  return to;
}

void Watch(services::Collector& collector, std::function<ChatLook()> look) {
  auto now = std::make_shared<ChatLook>();
  collector.AddBeforeSampling([now, look = std::move(look)] { *now = look(); });
  for (const ChatMetric& metric : kMetrics) {
    const auto sample = [now, &metric] { return metric.value(*now); };
    if (metric.kind == kGauge) {
      collector.AddGauge(metric.name, metric.help, sample);
    } else {
      collector.AddCounter(metric.name, metric.help, sample, metric.rate,
                           {metric.label, metric.label_value});
    }
  }
  collector.AddState("chat_redis_trouble", "Why Redis is not up: 1 for the reason.", "reason",
                     {services::kTroubles.begin(), services::kTroubles.end()},
                     [now] { return now->keys.trouble; });
  collector.AddHistogram(
      "chat_job_seconds", "How long jobs took.", [now] { return JobTimes(*now); },
      "chat_job_p99_seconds");
}

}  // namespace server

// Every metric of the chat server is one that moves: it reads something that the server knows, and
// no two read the same.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "server/chat_metrics.h"
#include "services/monitor/history.h"
#include "services/monitor/standard_metrics.h"

namespace {

using server::ChatLook;
using server::ChatMetric;
using server::DoorAnswer;

using Change = void (*)(ChatLook&);

template <class Array, class Index>
std::uint64_t& At(Array& array, Index index) {
  return array[static_cast<std::size_t>(index)];
}

// The name, and the label's value when there are several of that name.
std::string NameOf(const std::string& name, const std::string& label_value) {
  return label_value.empty() ? name : name + " " + label_value;
}

// Each thing that a server knows, and the one metric that tells it.
const std::map<std::string, Change> kChanges = {
    {"chat_sessions", [](ChatLook& l) { l.sessions = 1; }},
    {"chat_players", [](ChatLook& l) { l.players = 1; }},
    {"chat_accepts_total", [](ChatLook& l) { l.traffic.accepts = 1; }},
    {"chat_refused_total country", [](ChatLook& l) { At(l.door, DoorAnswer::kAbroad) = 1; }},
    {"chat_refused_total limit", [](ChatLook& l) { At(l.door, DoorAnswer::kLimited) = 1; }},
    {"chat_refused_total full",
     [](ChatLook& l) { At(l.door, DoorAnswer::kFull) = l.traffic.full = 1; }},
    {"chat_logins_total granted", [](ChatLook& l) { l.lobby.logins = 1; }},
    {"chat_logins_total wrong_key",
     [](ChatLook& l) { At(l.key_answers, chat::KeyAnswer::kWrong) = 1; }},
    {"chat_logins_total no_key",
     [](ChatLook& l) { At(l.key_answers, chat::KeyAnswer::kMissing) = 1; }},
    {"chat_logins_total try_later",
     [](ChatLook& l) { At(l.key_answers, chat::KeyAnswer::kUnavailable) = 1; }},
    {"chat_logins_total not_stored", [](ChatLook& l) { l.refused_logins = 1; }},
    {"chat_logins_total superseded", [](ChatLook& l) { l.lobby.superseded = 1; }},
    {"chat_logins_total timed_out", [](ChatLook& l) { l.lobby.timed_out = 1; }},
    {"chat_requests_refused_total too_fast", [](ChatLook& l) { l.refused_requests = 1; }},
    {"chat_packets_received_total", [](ChatLook& l) { l.traffic.recv_packets = 1; }},
    {"chat_packets_sent_total", [](ChatLook& l) { l.traffic.send_packets = 1; }},
    {"chat_updates_total", [](ChatLook& l) { l.jobs.executed = 1; }},
    {"chat_packet_pool_in_use", [](ChatLook& l) { l.packets = 1; }},
    {"chat_jobs_waiting", [](ChatLook& l) { l.jobs.queued = 1; }},
    {"chat_database_up", [](ChatLook& l) { l.database.state = db::WriterState::kUp; }},
    {"chat_database_queue_rows", [](ChatLook& l) { l.database.queue_records = 1; }},
    {"chat_database_rows_total", [](ChatLook& l) { l.database.written_rows = 1; }},
    {"chat_journal_bytes", [](ChatLook& l) { l.database.journal_bytes = 1; }},
    {"chat_journal_refused_total", [](ChatLook& l) { l.database.refused = 1; }},
    {"chat_not_journaled_total", [](ChatLook& l) { l.database.unjournaled = 1; }},
    {"chat_rows_rejected_total", [](ChatLook& l) { l.database.rejected = 1; }},
    {"chat_rows_parked", [](ChatLook& l) { l.database.parked = 1; }},
    {"chat_records_replayed_total", [](ChatLook& l) { l.database.replayed = 1; }},
    {"chat_records_lost_total", [](ChatLook& l) { l.database.lost = 1; }},
    {"chat_redis_up", [](ChatLook& l) { l.keys.up = false; }},
    {"chat_redis_requests_inside", [](ChatLook& l) { l.keys.inside = 1; }},
    {"chat_redis_timeouts_total", [](ChatLook& l) { l.keys.timeouts = 1; }},
    {"chat_congestion_pause", [](ChatLook& l) { l.paused = true; }},
    {"chat_countries_stale", [](ChatLook& l) { l.countries_stale = true; }},
    {"iocp_devices", [](ChatLook& l) { l.port->devices = 1; }},
    {"iocp_packets_queued", [](ChatLook& l) { l.port->packets = 1; }},
    {"iocp_threads_waiting", [](ChatLook& l) { l.port->waiting = 1; }},
    {"iocp_threads_released", [](ChatLook& l) { l.port->released = 1; }},
    {"iocp_threads_paused", [](ChatLook& l) { l.port->paused = 1; }},
    {"iocp_threads_limit", [](ChatLook& l) { l.port->concurrency = 1; }},
    {"iocp_packets_taken_total", [](ChatLook& l) { l.port->packets_taken = 1; }},
    {"iocp_operations_pending", [](ChatLook& l) { l.port_work->live_operations = 1; }},
    {"iocp_wake_ups_total", [](ChatLook& l) { l.port_work->wake_ups = 1; }},
    {"iocp_system_calls_total", [](ChatLook& l) { l.port_work->system_calls = 1; }},
};

// Where all can be seen.
ChatLook LookOfAll() {
  ChatLook look;
  look.port.emplace();
  look.port_work.emplace();
  return look;
}

std::set<std::string> NamesTold(const ChatLook& look) {
  services::Collector collector({});
  server::Watch(collector, [&look] { return look; });
  collector.CollectOnce(services::Collector::Clock::now());
  std::set<std::string> names;
  for (const services::MetricSample& sample : collector.Latest()) names.insert(sample.info.name);
  return names;
}

TEST(ChatMetrics, EachTellsOneThing) {
  EXPECT_EQ(server::ChatMetrics().size(), kChanges.size());
  for (const auto& [name, change] : kChanges) {
    ChatLook changed = LookOfAll();
    change(changed);
    std::set<std::string> told;
    for (const ChatMetric& metric : server::ChatMetrics()) {
      if (metric.value(changed) != metric.value(LookOfAll()))
        told.insert(NameOf(metric.name, metric.label_value));
    }
    EXPECT_EQ(told, std::set<std::string>{name});
  }
}

TEST(ChatMetrics, JobTimesAreCountedInTheBucketsThatTheyBelongTo) {
  ChatLook look;
  job::Histogram times;
  for (const auto time : {std::chrono::microseconds(3), std::chrono::microseconds(400),
                          std::chrono::microseconds(400), std::chrono::microseconds(90'000'000)}) {
    times.Record(time);
  }
  times.AddTo(look.jobs.job_times);
  const services::HistogramValue value = server::JobTimes(look);
  ASSERT_EQ(value.counts.size(), value.bounds.size() + 1);
  EXPECT_EQ(std::accumulate(value.counts.begin(), value.counts.end(), 0U), 4U);
  EXPECT_EQ(value.counts.front(), 1U);  // up to 10 us
  EXPECT_EQ(value.counts[3], 2U);       // up to 500 us
  EXPECT_EQ(value.counts.back(), 1U);
  EXPECT_NEAR(value.sum, 90.0008, 90 * 0.125);
}

TEST(ChatMetrics, AServerTellsAllOfThemUnderGoodNames) {
  services::Collector collector({});
  services::AddSystemMetrics(collector);
  server::Watch(collector, [] { return LookOfAll(); });
  collector.CollectOnce(services::Collector::Clock::now());
  collector.CollectOnce(services::Collector::Clock::now() + std::chrono::seconds(1));
  std::set<std::string> names;
  for (const services::MetricSample& sample : collector.Latest()) {
    const std::string& name = sample.info.name;
    EXPECT_TRUE(services::History::IsGoodName(name)) << name;
    EXPECT_TRUE(names.insert(NameOf(name, sample.info.label.value)).second) << "twice: " << name;
    EXPECT_TRUE(sample.info.help.ends_with(".")) << name;
    EXPECT_EQ(name.ends_with("_total"), sample.info.kind == services::MetricKind::kCounter) << name;
  }
  EXPECT_TRUE(names.contains("chat_job_seconds"));
  EXPECT_TRUE(names.contains("process_cpu_seconds_total"));
  EXPECT_TRUE(names.contains("iocp_packets_taken_total"));
  EXPECT_LE(collector.BuildReport().metrics.size(), services::History::kMaxMetrics);
}

// On Windows the port is in the kernel.
TEST(ChatMetrics, APortThatCannotBeSeenIsNotToldOf) {
  const ChatLook unseen;
  std::set<std::string> names = NamesTold(LookOfAll());
  std::erase_if(names, [](const std::string& name) { return name.starts_with("iocp_"); });
  EXPECT_EQ(NamesTold(unseen), names);
}

}  // namespace

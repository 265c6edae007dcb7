// What the chat server tells of itself: one look per round, and one table of what is told of it.
//
// Threading: the rows are plain functions; Watch is called before the collector starts, `look` by
// the collection thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "chat/lobby.h"
#include "iocp/inspect.h"
#include "job/job_stats.h"
#include "net/traffic.h"
#include "server/doorman.h"
#include "server/session_keys.h"
#include "services/db/db_writer.h"
#include "services/monitor/collector.h"

namespace server {

// Everything that a round tells, of one moment.
struct ChatLook {
  net::TrafficTotals traffic;
  job::JobStats jobs;
  db::WriterStats database;
  KeyStoreStatus keys;
  chat::LobbyCounts lobby;
  double sessions = 0;
  double players = 0;
  std::uint64_t refused_logins = 0;                            // the journal did not take them
  std::uint64_t refused_requests = 0;                          // over the limit of their client
  double packets = 0;                                          // taken from their pool
  std::array<std::uint64_t, kDoorAnswers> door{};              // connections refused: by DoorAnswer
  std::array<std::uint64_t, chat::kKeyAnswers> key_answers{};  // look-ups: by chat::KeyAnswer
  bool paused = false;
  bool countries_stale = false;
  std::optional<iocp::PortSizes> port;      // nothing: not visible
  std::optional<iocp::Counters> port_work;  // of the whole process; likewise
};

struct ChatMetric {
  services::MetricKind kind;
  const char* name;
  double (*value)(const ChatLook&);
  const char* help;
  const char* rate = "";   // counters: the name of their growth per second, in reports
  const char* label = "";  // what this one of several rows of one name is about
  const char* label_value = "";
};

std::span<const ChatMetric> ChatMetrics();
services::HistogramValue JobTimes(const ChatLook& look);

void Watch(services::Collector& collector, std::function<ChatLook()> look);

}  // namespace server

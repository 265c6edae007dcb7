// The chat server with everything around it, started and stopped in the order of source 000.
//
//   Start:    configuration, database writer, key store, sector grid and actors, message generator,
//             monitor link, network (port, workers, listener, accept), congestion, auth, collecting
//   Shutdown: flags, key look-ups, listener, every session's I/O cancelled, workers, chat threads,
//             message generator, monitoring, database drained
//
// Threading: one owner thread. An object is used once.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chat/chat_server.h"
#include "chat/message_generator.h"
#include "monitor_link/report_client.h"
#include "server/auth_service.h"
#include "server/chat_metrics.h"
#include "server/doorman.h"
#include "server/journal_chronicle.h"
#include "server/session_keys.h"
#include "services/config/config.h"
#include "services/congestion/congestion_control.h"
#include "services/db/db_writer.h"
#include "services/journal/journal.h"
#include "services/monitor/collector.h"
#include "services/monitor/metrics_endpoint.h"
#include "services/monitor/standard_metrics.h"

namespace server {

struct Summary {
  chat::ChatServer::StopReport stop;
  db::DrainResult drain;
  db::WriterStats database;
  net::TrafficTotals traffic;
  chat::LobbyCounts lobby;
  std::uint64_t talk = 0;  // chat messages that were written down

  // Nothing leaked, nothing lost.
  [[nodiscard]] bool clean() const;
};

class ChatService {
 public:
  explicit ChatService(const config::Config& config);
  ~ChatService();
  ChatService(const ChatService&) = delete;
  ChatService& operator=(const ChatService&) = delete;

  // What went wrong, as one line; everything is stopped again then.
  net::Status Start();
  Summary Shutdown();

  [[nodiscard]] std::uint16_t port() const { return chat_->port(); }
  // 0: not here.
  [[nodiscard]] std::uint16_t auth_port() const { return auth_ ? auth_->port() : std::uint16_t{0}; }
  [[nodiscard]] std::uint16_t metrics_port() const { return metrics_.port(); }
  // Connections to the monitor server that were tried.
  [[nodiscard]] std::uint64_t monitor_attempts() const { return report_ ? report_->attempts() : 0; }
  // One line about now, for the console.
  [[nodiscard]] std::string StatusLine() const;

 private:
  net::Status StartDatabase();
  net::Status StartKeys();
  net::Status StartMonitorLink();
  net::Status StartNetwork();
  net::Status StartCollecting();
  [[nodiscard]] ChatLook LookAtIt() const;

  const config::Config config_;
  journal::Journal journal_;
  std::unique_ptr<db::DbWriter> writer_;
  std::unique_ptr<JournalChronicle> chronicle_;
  ServerDoorman door_;
  std::unique_ptr<SessionKeys> keys_;
  std::unique_ptr<LobbyKeys> lobby_keys_;
  std::unique_ptr<chat::ChatServer> chat_;
  std::unique_ptr<AuthService> auth_;  // login.store = "memory"
  chat::MessageGenerator generator_;
  std::unique_ptr<services::CongestionControl> congestion_;
  std::unique_ptr<monitor::ReportClient> report_;
  services::Collector collector_;
  services::MetricsEndpoint metrics_;
  bool shut_ = false;
};

}  // namespace server

// The LAN client: sends each report to the monitor server, and connects again when the
// connection is lost. Nobody waits for it: the collector leaves its latest report here and goes on;
// a report that cannot be sent is replaced by the next one. A connection counts when the monitor
// server has accepted our proof of the shared secret.
//
// Nor does the end of the server wait for it: Stop returns soon, also while a connection is tried
// to a monitor server that does not answer.
//
// Threading: Offer by any thread; Start, Stop and the destructor by one owner thread. A thread of
// its own connects and sends.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/connect_attempt.h"
#include "services/monitor/report.h"
#include "services/monitor/report_link.h"
#include "support/client/client_service.h"

namespace monitor {

// Who reports, and what it proves that with.
struct Reporter {
  std::uint32_t server_id = 1;
  std::string secret;
};

class ReportClient {
 public:
  ReportClient(const net::PeerAddress& server, const services::ReportLinkOptions& options,
               Reporter reporter);
  ReportClient(const ReportClient&) = delete;
  ReportClient& operator=(const ReportClient&) = delete;
  ~ReportClient();

  net::Status Start();
  void Stop();

  void Offer(services::MonitorReport report);

  [[nodiscard]] bool connected() const { return connected_.load(std::memory_order_relaxed); }
  // Connections that were tried.
  [[nodiscard]] std::uint64_t attempts() const { return attempts_.load(std::memory_order_relaxed); }

 private:
  class Link;

  enum class Event : unsigned char { kAccepted, kRefused, kLost };

  void Run();
  void Connect();
  void React(Event event);
  void GiveUpSilence();
  void Tell(Event event);
  void Send(const services::MonitorReport& report);

  const net::PeerAddress server_;
  const Reporter reporter_;
  services::ReportLink policy_;  // its thread only
  client::ClientService service_;
  net::ConnectAttempt attempt_;
  std::unique_ptr<Link> link_;  // its thread only
  bool refused_ = false;        // its thread only: what the end of the link means
  std::chrono::steady_clock::time_point answer_due_{};  // its thread only
  std::atomic<bool> connected_{false};                  // atomic: its thread writes
  std::atomic<std::uint64_t> attempts_{0};              // atomic: its thread writes

  std::mutex lock_;
  std::condition_variable changed_;
  std::optional<services::MonitorReport> latest_;  // guarded by lock_: not sent yet
  std::vector<Event> events_;                      // guarded by lock_: of the connection
  bool stopping_ = false;                          // guarded by lock_
  std::thread thread_;                             // owner thread only
};

}  // namespace monitor

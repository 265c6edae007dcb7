// The auth service as a whole: accounts in the database, guess limiter, session keys, and the
// server in front of them. In a process of its own (auth_server), or inside the chat server when
// the keys are in memory.
//
// Threading: Start and Stop by one owner thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/auth_server.h"
#include "server/doorman.h"
#include "server/session_keys.h"
#include "services/account/account_service.h"
#include "services/config/config.h"
#include "services/monitor/collector.h"

namespace server {

class AuthService final : private auth::Backend {
 public:
  // `keys` is started, and outlives this; it is stopped after Stop. Throws std::runtime_error when
  // this program was built without the configured database, or the country database is none.
  AuthService(const config::Config& config, account::SessionKeyStore& keys);
  ~AuthService() { Stop(); }

  net::Status Start() { return server_.Start(); }
  net::StopReport Stop() { return server_.StopAll(); }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] auth::AuthCounts counts() const { return server_.counts(); }
  // Before the collector starts; it stops before this goes. The collector's rounds also take a
  // country database that was replaced.
  void AddMetrics(services::Collector& collector);
  [[nodiscard]] std::uint32_t live_sessions() const { return server_.live_sessions(); }
  // Connections that were not let in.
  [[nodiscard]] std::uint64_t turned_away() const {
    return door_.refused() + server_.traffic().full;
  }

 private:
  auth::Screening Screen(std::string_view name, const net::PeerAddress& peer) override;
  auth::Verdict Check(std::string_view name, std::string_view password,
                      const net::PeerAddress& peer) override;
  void IssueKey(std::uint64_t account, const std::string& name,
                std::function<void(std::string key)> done) override;

  void LogRefusal(const std::string& address, account::AuthCode code, const std::string& detail);
  // One for each thread that checks passwords; a connection serves one at a time.
  std::unique_ptr<account::AccountService> Borrow();

  const bool create_accounts_;
  const std::chrono::seconds key_ttl_;
  account::SessionKeyStore& keys_;
  const account::PasswordHasher hasher_;
  account::GuessLimiter limiter_;
  services::LogThrottle log_{5};
  ServerDoorman door_;
  std::mutex lock_;
  std::vector<std::unique_ptr<account::AccountService>> idle_;  // guarded by lock_
  auth::AuthServer server_;                                     // last: calls the above
};

// Of a process that gives keys.
void AddKeyStoreMetrics(services::Collector& collector, const SessionKeys& keys);

}  // namespace server

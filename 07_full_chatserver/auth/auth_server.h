// The auth service: an account's name and password in (C_AUTH), a session key out (S_AUTH). One
// question per connection; the answer ends it.
//
//   worker       checks the packet, hands the question to the pool (full: "try later")
//   pool thread  guess limiter, password (slow on purpose), a fresh key into the key store
//   key store    says that the key is there: the answer leaves
//
// A client never learns whether the name or the password was wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/work_pool.h"
#include "enum.pb.h"
#include "net/server.h"

namespace auth {

// The answer to name and password.
struct Verdict {
  Protocol::Refusal refusal = Protocol::REFUSAL_BAD_PASSWORD;  // REFUSAL_NONE: the right one
  std::uint64_t account = 0;
  std::string name;  // of the account, as others may see it
};

// What the service needs from outside. Called by pool threads, several at once.
class Backend {
 public:
  // May take long. Must not throw.
  virtual Verdict Check(std::string_view name, std::string_view password,
                        const net::PeerAddress& peer) = 0;
  // A fresh key for the account into the key store; `done` exactly once, on any thread, with the
  // key, or with an empty one when the store does not take it now.
  virtual void IssueKey(std::uint64_t account, const std::string& name,
                        std::function<void(std::string key)> done) = 0;

 protected:
  ~Backend() = default;
};

struct AuthOptions {
  std::uint32_t threads = 1;  // that check passwords
  std::uint32_t queue_max = 1000;
  std::uint32_t name_bytes = 64;
  std::uint32_t password_bytes = 128;
};

// A moment's values.
struct AuthCounts {
  std::uint64_t granted = 0;
  std::uint64_t refused = 0;  // bad name or password, too many guesses
  std::uint64_t busy = 0;     // queue full, key store away
};

class AuthServer;

// One connection. The framework's callbacks of one session come one after the other; only they
// touch it.
class AuthSession {
 public:
  AuthSession(AuthServer& server, net::SessionId id) : server_(server), id_(id) {}

  [[nodiscard]] AuthServer& server() const { return server_; }
  [[nodiscard]] net::SessionId id() const { return id_; }
  // True at the first call.
  bool MayAsk() { return !std::exchange(asked_, true); }
  [[nodiscard]] bool asked() const { return asked_; }

 private:
  AuthServer& server_;
  const net::SessionId id_;
  bool asked_ = false;
};

class AuthServer final : public net::Server {
 public:
  // `backend` outlives the server and answers nothing more after it has been stopped, which is
  // after Stop of the server and before its destruction.
  AuthServer(const net::ServerOptions& server_options, const AuthOptions& options,
             Backend& backend);
  ~AuthServer() override;

  // Server::Stop, then the pool's.
  net::StopReport StopAll();

  [[nodiscard]] AuthCounts counts() const;
  [[nodiscard]] const AuthOptions& auth_options() const { return options_; }

  // --- for the handler
  void Ask(AuthSession& session, std::string name, std::string password);
  void Refuse(net::SessionId id, Protocol::Refusal reason);

 private:
  void OnClientJoin(net::SessionId id) override;
  void OnClientFinished(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  void Judge(net::SessionId id, const std::string& name, const std::string& password,
             const net::PeerAddress& peer);

  const AuthOptions options_;
  Backend& backend_;
  std::vector<std::unique_ptr<AuthSession>> sessions_;  // by slot index; the tenant's callbacks
  std::atomic<std::uint64_t> granted_{0};               // atomic: any thread
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> busy_{0};
  WorkPool pool_;  // last: its threads use all of the above
};

}  // namespace auth

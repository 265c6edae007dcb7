// The auth service: an account's name and password in (C_AUTH), a session key out (S_AUTH). One
// question per connection; the answer ends it.
//
//   worker       checks the packet, asks the guess limiter, hands the question to the pool (full:
//   "try
//                later")
//   pool thread  password (slow on purpose), a fresh key into the key store
//   key store    says that the key is there: the answer leaves
//
// A client never learns whether the name or the password was wrong.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/auth_options.h"
#include "auth/work_pool.h"
#include "enum.pb.h"
#include "net/doorman.h"
#include "net/server.h"

namespace auth {

// The answer to name and password.
struct Verdict {
  Protocol::Refusal refusal = Protocol::REFUSAL_BAD_PASSWORD;  // REFUSAL_NONE: the right one
  std::uint64_t account = 0;
  std::string name;  // of the account, as others may see it
};

// What can be said before the password is looked at.
struct Screening {
  Protocol::Refusal refusal = Protocol::REFUSAL_NONE;  // anything else: the answer
  std::chrono::milliseconds delay{0};                  // look at it no earlier
};

// What the service needs from outside. Several calls at once.
class Backend {
 public:
  // Cheap. On a worker: must not block.
  virtual Screening Screen(std::string_view name, const net::PeerAddress& peer) = 0;
  // On a pool thread; may take long. Must not throw.
  virtual Verdict Check(std::string_view name, std::string_view password,
                        const net::PeerAddress& peer) = 0;
  // A fresh key for the account into the key store; `done` exactly once, on any thread, with the
  // key, or with an empty one when the store does not take it now.
  virtual void IssueKey(std::uint64_t account, const std::string& name,
                        std::function<void(std::string key)> done) = 0;

 protected:
  ~Backend() = default;
};

// A moment's values.
struct AuthCounts {
  std::uint64_t granted = 0;
  std::uint64_t wrong = 0;     // name or password
  std::uint64_t limited = 0;   // too many guesses
  std::uint64_t bad_name = 0;  // none that an account can have
  std::uint64_t busy = 0;      // queue full, database or key store away

  [[nodiscard]] std::uint64_t refused() const { return wrong + limited + bad_name; }
};

class AuthServer;

// One connection. The framework's callbacks of one session come one after the other; only they
// touch it.
class AuthSession {
 public:
  AuthSession(AuthServer& server, net::SessionId id, const net::PeerAddress& peer)
      : server_(server), id_(id), peer_(peer) {}

  [[nodiscard]] AuthServer& server() const { return server_; }
  [[nodiscard]] net::SessionId id() const { return id_; }
  [[nodiscard]] const net::PeerAddress& peer() const { return peer_; }
  // True at the first call.
  bool MayAsk() { return !std::exchange(asked_, true); }
  [[nodiscard]] bool asked() const { return asked_; }

 private:
  AuthServer& server_;
  const net::SessionId id_;
  const net::PeerAddress peer_;
  bool asked_ = false;
};

class AuthServer final : public net::Server {
 public:
  // `door` and `backend` outlive the server. `backend` answers nothing more after it has been
  // stopped, which is after Stop of the server and before its destruction.
  AuthServer(const net::ServerOptions& server_options, const AuthOptions& options,
             net::Doorman& door, Backend& backend);
  ~AuthServer() override;

  // Server::Stop, then the pool's.
  net::StopReport StopAll();

  [[nodiscard]] AuthCounts counts() const;
  [[nodiscard]] std::size_t waiting() const { return pool_.waiting(); }  // for a pool thread
  [[nodiscard]] const AuthOptions& auth_options() const { return options_; }

  // --- for the handler
  void Ask(AuthSession& session, std::string name, std::string password);
  void Refuse(net::SessionId id, Protocol::Refusal reason);

 private:
  bool OnConnectionRequest(const net::PeerAddress& peer) override;
  std::span<const std::byte> RefusalNotice(const net::PeerAddress& peer) override;
  void OnClientJoin(net::SessionId id) override;
  void OnClientFinished(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  void CountRefusal(Protocol::Refusal reason);
  void Judge(net::SessionId id, const std::string& name, const std::string& password,
             const net::PeerAddress& peer);

  const AuthOptions options_;
  net::Doorman& door_;
  Backend& backend_;
  std::vector<std::unique_ptr<AuthSession>> sessions_;  // by slot index; the tenant's callbacks
  // atomic: any thread
  struct {
    std::atomic<std::uint64_t> granted{0}, wrong{0}, limited{0}, bad_name{0}, busy{0};
  } counts_;
  WorkPool pool_;  // last: its threads use all of the above
};

}  // namespace auth

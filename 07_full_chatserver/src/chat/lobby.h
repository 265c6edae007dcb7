// The lobby: an actor that knows who is connected, who has logged in as which account, and who has
// been silent for too long. The players of source 000's chat thread (_mapPlayer,
// _mapPlayerAccountNo), without that thread's lock on everything else.
//
//   Connected --Login--> looking the key up --answer--> logged in --Leave or kicked--> gone
//        |                        |                         |
//        +---- login time-out ----+            heartbeat time-out, newer login
//
// The key is looked up elsewhere and asynchronously; the answer comes back as a job (the source
// queues an APC for it). Meanwhile anything can happen, and is decided here, in one place:
//
//   - the client has gone: the answer finds no session and is dropped (counted);
//   - the same account logs in twice: the LATER C_LOGIN wins, in whatever order the answers come.
//     The earlier connection is told why and is dropped. A good key that comes back for the
//     earlier one after the later one is inside is refused;
//   - the connection that was dropped leaves late: its Leave does not touch the account, which
//     belongs to the newer session;
//   - time is up while the key is looked up: the session is dropped, and the answer finds nobody.
//
// Threading: the public functions from any thread; they post a job and return. Those of one
// session come one after the other: Connected first, Leave last. LobbyPort is called by the
// lobby's jobs, one at a time; KeyLookup's answer may come from any thread, at once too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/lobby_list.h"
#include "job/clock.h"
#include "job/job_queue.h"
#include "net/session_id.h"

namespace chat {

using AccountNo = std::uint64_t;

enum class KeyAnswer : std::uint8_t {
  kRight,        // the key was there, is the same, and is used up now
  kWrong,        // there is a key, but not this one
  kMissing,      // there is no key: never given, expired, or used
  kUnavailable,  // the store does not answer: try later
};
inline constexpr std::size_t kKeyAnswers = 4;

// Why a login is refused (the session lives on), or a session is dropped.
enum class LobbyReason : std::uint8_t {
  kWrongKey,
  kNoKey,
  kTryLater,         // the key store is down
  kLoginPending,     // a second C_LOGIN while the first is looked up, or after it was granted
  kNewerLogin,       // the account has logged in on another connection
  kLoginTimeout,     // connected, but not logged in in time
  kHeartbeatTimeout  // logged in, but silent for too long
};
const char* ToString(LobbyReason reason);

struct KeyReply {
  KeyReply(KeyAnswer the_answer, std::string the_name = {})  // NOLINT(google-explicit-constructor)
      : answer(the_answer), name(std::move(the_name)) {}
  KeyAnswer answer;
  std::string name;  // kRight: the account's, as others see it
};

// Where session keys are. A key is used once: whoever asks with the right one takes it.
class KeyLookup {
 public:
  using Done = std::function<void(KeyReply)>;
  // Must not block. Calls `done` exactly once, from any thread, perhaps before it returns. What is
  // still open when the store is closed is answered kUnavailable.
  virtual void TakeKey(AccountNo account, std::string key, Done done) = 0;

 protected:
  ~KeyLookup() = default;
};

// What the lobby needs from the server. Must not block.
class LobbyPort {
 public:
  // Lets the session in (S_LOGIN: success). False: it has gone or is closing.
  virtual bool Admit(net::SessionId id, AccountNo account, const std::string& name) = 0;
  // S_LOGIN with the reason; the session lives and may try again.
  virtual void RefuseLogin(net::SessionId id, LobbyReason reason) = 0;
  // Tells the client why and closes the connection; its Leave follows.
  virtual void Drop(net::SessionId id, LobbyReason reason) = 0;
  // Closes the connection when the client has got what it was told; its Leave follows.
  virtual void Finish(net::SessionId id) = 0;

 protected:
  ~LobbyPort() = default;
};

struct LobbyOptions {
  job::Duration login_timeout = std::chrono::seconds(10);      // 0: none
  job::Duration heartbeat_timeout = std::chrono::seconds(40);  // 0: none
  // How often the checks come. Two that are much farther apart than that mean that the whole
  // process stood still: what the clients sent meanwhile is not read yet, and their time begins
  // anew.
  job::Duration check_interval{0};                // 0: nobody looks for that
  const job::Clock* clock = &job::SteadyClock();  // not owned
};

// What the lobby has done and holds. A moment's values.
struct LobbyCounts {
  std::uint64_t connected = 0;        // sessions inside now
  std::uint64_t logged_in = 0;        // of these
  std::uint64_t lookups_pending = 0;  // of these
  std::uint64_t logins = 0;           // granted, ever
  std::uint64_t refused = 0;
  std::uint64_t superseded = 0;  // sessions dropped or refused for a newer login
  std::uint64_t timed_out = 0;
  std::uint64_t answers_for_nobody = 0;  // the client had gone meanwhile
};

class Lobby final : public job::JobQueue {
 public:
  // `keys` and `port` outlive the lobby's last job. The answers of `keys` hold the lobby weakly.
  Lobby(job::ReadyQueue& ready, const LobbyOptions& options, KeyLookup& keys, LobbyPort& port);

  // --- the sessions' callbacks ---
  job::PostResult Connected(net::SessionId id);
  job::PostResult Login(net::SessionId id, AccountNo account, std::string key);
  // The client has shown that it lives. Not for every packet: once a second is plenty.
  job::PostResult Heard(net::SessionId id);
  // The client says no more: its connection ends when its log-in, if there is one, is answered.
  job::PostResult Finish(net::SessionId id);
  job::PostResult Leave(net::SessionId id);

  // --- messages of the message generator; a check that still waits in the queue is not posted again
  void CheckLoginTimeouts();
  void CheckHeartbeats();

  [[nodiscard]] LobbyCounts counts() const;

 private:
  enum class State : std::uint8_t { kNobody, kConnected, kLookingUp, kLoggedIn, kDropped };

  // [client]
  struct Client {
    net::SessionId id;
    State state = State::kNobody;
    AccountNo account = 0;          // from kLookingUp on
    std::uint64_t login_order = 0;  // of its last C_LOGIN among all
    bool says_no_more = false;
    job::TimePoint since{};  // connected (before the login), last heard (after it)
  };
  struct Owner {
    net::SessionId id;
    std::uint64_t login_order = 0;
  };
  // [/client]

  // lobby.cc, jobs
  void DoConnected(net::SessionId id);
  void DoLogin(net::SessionId id, AccountNo account, std::string key);
  void DoAnswer(net::SessionId id, std::uint64_t login_order, const KeyReply& reply);
  void DoHeard(net::SessionId id);
  void DoFinish(net::SessionId id);
  void DoLeave(net::SessionId id);

  // lobby_rules.cc, jobs
  void Grant(Client& client, const std::string& name);
  void Refuse(Client& client, LobbyReason reason);
  void DropClient(Client& client, LobbyReason reason);
  void DropSilent(IndexList& list, job::Duration limit, LobbyReason reason);
  void FreeAccount(const Client& client);
  Client* Find(net::SessionId id);
  void Put(IndexList& list, Client& client);
  void CountMoment();

  // Constant, or jobs only.
  const LobbyOptions options_;
  KeyLookup& keys_;
  LobbyPort& port_;
  // [maps]
  std::vector<Client> clients_;  // by session slot index
  std::unordered_map<AccountNo, Owner> accounts_;
  IndexList waiting_;  // connected and not logged in; longest first
  IndexList inside_;   // logged in; longest silent first
  // [/maps]
  std::uint64_t next_login_ = 1;
  job::TimePoint checked_{};  // the last time
  job::TimePoint resumed_{};  // after a pause of the process
  std::uint64_t connected_now_ = 0;
  std::uint64_t lookups_now_ = 0;

  // atomic: set by the message generator, cleared by the check
  std::atomic<bool> login_check_posted_{false};
  std::atomic<bool> heartbeat_check_posted_{false};
  // atomic: written by the lobby's jobs, read by anybody
  struct {
    std::atomic<std::uint64_t> connected{0}, logged_in{0}, lookups_pending{0}, logins{0},
        refused{0}, superseded{0}, timed_out{0}, answers_for_nobody{0};
  } counts_;
};

}  // namespace chat

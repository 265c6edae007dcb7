// For the tests of the lobby: a key store whose answers the test gives when it likes, a server side
// that writes down what it is told, and a lobby whose queue is run to its end on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "chat/lobby.h"
#include "job/update_threads.h"
#include "job_test_support.h"

namespace lobby_test {

inline net::SessionId Id(std::uint32_t index, std::uint32_t serial = 1) {
  return net::SessionId::Make(serial, index);
}

// Keys that are taken away by the right question, as in the real stores; answered by hand.
class ManualKeys final : public chat::KeyLookup {
 public:
  void TakeKey(chat::AccountNo account, std::string key, Done done) override {
    const std::lock_guard lock(mutex_);
    open_.push_back({account, std::move(key), std::move(done)});
  }
  void Put(chat::AccountNo account, std::string key) {
    const std::lock_guard lock(mutex_);
    keys_[account] = std::move(key);
  }

  std::size_t open() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }
  // Answers the question at `position` of those that are open.
  void Answer(std::size_t position = 0) {
    Question question = Take(position);
    question.done(Look(question));
  }
  void AnswerWith(chat::KeyAnswer answer, std::size_t position = 0) { Take(position).done(answer); }

 private:
  struct Question {
    chat::AccountNo account;
    std::string key;
    Done done;
  };

  Question Take(std::size_t position) {
    const std::lock_guard lock(mutex_);
    Question question = std::move(open_.at(position));
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(position));
    return question;
  }
  chat::KeyAnswer Look(const Question& question) {
    const std::lock_guard lock(mutex_);
    const auto found = keys_.find(question.account);
    if (found == keys_.end()) return chat::KeyAnswer::kMissing;
    if (found->second != question.key) return chat::KeyAnswer::kWrong;
    keys_.erase(found);
    return chat::KeyAnswer::kRight;
  }

  mutable std::mutex mutex_;
  std::vector<Question> open_;                   // guarded by mutex_
  std::map<chat::AccountNo, std::string> keys_;  // guarded by mutex_
};

// What the lobby told the server, as lines: "admit 3 as 77", "refuse 3: ...", "drop 3: ...".
class Ledger final : public chat::LobbyPort {
 public:
  bool Admit(net::SessionId id, chat::AccountNo account, const std::string&) override {
    const std::lock_guard lock(mutex_);
    if (gone_ == id) return false;
    lines_.push_back("admit " + std::to_string(id.index()) + " as " + std::to_string(account));
    return true;
  }
  void RefuseLogin(net::SessionId id, chat::LobbyReason reason) override {
    Write("refuse", id, reason);
  }
  void Drop(net::SessionId id, chat::LobbyReason reason) override { Write("drop", id, reason); }
  void Finish(net::SessionId id) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back("finish " + std::to_string(id.index()));
  }

  // From now on the server has no such session any more.
  void SetGone(net::SessionId id) {
    const std::lock_guard lock(mutex_);
    gone_ = id;
  }
  std::vector<std::string> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  void Write(const char* what, net::SessionId id, chat::LobbyReason reason) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::string(what) + " " + std::to_string(id.index()) + ": " +
                     ToString(reason));
  }
  std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_
  net::SessionId gone_;             // guarded by mutex_
};

struct Room {
  explicit Room(chat::LobbyOptions options = {}) {
    options.clock = &clock;
    lobby = std::make_shared<chat::Lobby>(threads.Ready(), options, keys, ledger);
    threads.Start();
  }
  ~Room() { threads.Stop(job::StopPolicy::kDrain, job_test::kDeadline); }

  // Everything that was posted before has run.
  void Settle() {
    std::promise<void> reached;
    lobby->Post([&reached] { reached.set_value(); });
    reached.get_future().wait();
  }
  std::vector<std::string> Lines() {
    Settle();
    return ledger.Take();
  }
  // Connects, logs in with a good key and is answered.
  void LogIn(std::uint32_t index, chat::AccountNo account, std::uint32_t serial = 1) {
    keys.Put(account, "key");
    lobby->Connected(Id(index, serial));
    lobby->Login(Id(index, serial), account, "key");
    Settle();
    keys.Answer(keys.open() - 1);
    Settle();
  }

  job_test::ManualClock clock;
  ManualKeys keys;
  Ledger ledger;
  job::UpdateThreads threads;
  std::shared_ptr<chat::Lobby> lobby;
};

using Lines = std::vector<std::string>;

}  // namespace lobby_test

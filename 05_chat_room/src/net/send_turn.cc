#include "net/send_turn.h"

#include <new>
#include <utility>

#include "net/send.h"
#include "net/server.h"
#include "net/thread_object.h"

namespace net {

// [send-turn]
namespace {
thread_local SendTurn* current_turn = nullptr;
// The list of the last turn, kept for the next one: no allocation per turn.
struct SpareList {
  std::vector<Session*> sessions;
};
}  // namespace

SendTurn::SendTurn(Server& server) : SendTurn(server.send_path()) {}

SendTurn::SendTurn(SendPath& send)
    : send_(send), outer_(current_turn), joined_(outer_ != nullptr && &outer_->send_ == &send) {
  // <student 04.5>
  if (joined_) return;
  sessions_.swap(ThreadObject<SpareList>::Get().sessions);
  current_turn = this;
  // </student>
}

SendTurn::~SendTurn() {
  // <student 04.5>
  if (joined_) return;
  Flush();
  current_turn = outer_;
  ThreadObject<SpareList>::Get().sessions.swap(sessions_);
  // </student>
}

void SendTurn::Flush() {
  // [flush]
  // <student 04.5>
  if (joined_) return outer_->Flush();
  // By index: a session that fails may be reported to the game, and the game may send to others.
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    send_.GoOn(*sessions_[i]);
  }
  sessions_.clear();
  // </student>
  // [/flush]
}

void SendTurn::FlushCurrent() {
  if (current_turn != nullptr) current_turn->Flush();
}

bool SendTurn::Defer(SendPath& send, Session& session) {
  // <student 04.5>
  if (current_turn == nullptr || &current_turn->send_ != &send) return false;
  try {
    current_turn->sessions_.push_back(&session);
  } catch (const std::bad_alloc&) {
    return false;
  }
  session.io.Add();
  return true;
  // </student>
}
// [/send-turn]

}  // namespace net

#include "apps/chat_client/connection.h"

#include <utility>

namespace chat_client {

Connection::Connection(std::function<void()> wake)
    : wake_(std::move(wake)), service_(client::ClientOptions{}) {}

// A worker that waits for room in the inbox must go on before Stop can wait for the worker.
Connection::~Connection() {
  {
    const std::lock_guard guard(lock_);
    leaving_ = true;
  }
  taken_.notify_all();
  leave_.notify_all();
  if (heartbeat_.joinable()) heartbeat_.join();
  service_.Stop();
}

net::Status Connection::Connect(const net::PeerAddress& address, client::Ticket ticket) {
  ticket_ = std::move(ticket);
  if (net::Status status = service_.Start(); !status.ok()) return status;
  if (net::Status status = service_.Connect(address, *this); !status.ok()) return status;
  heartbeat_ = std::thread([this] { Beat(); });
  return net::Status::Ok();
}

bool Connection::Send(const Protocol::C_LOGIN&) {
  Protocol::C_LOGIN login;
  login.set_account(ticket_.account);
  login.set_session_key(ticket_.session_key);
  return client::ServerSession::Send(login);
}

void Connection::Beat() {
  std::unique_lock guard(lock_);
  while (!leave_.wait_for(guard, std::chrono::seconds(10), [this] { return leaving_; })) {
    guard.unlock();
    client::ServerSession::Send(Protocol::C_HEARTBEAT());
    guard.lock();
  }
}

void Connection::OnDisconnected(std::string_view reason) {
  Put({Disconnected{std::string(reason)}, 0});
}

void Connection::Put(ServerEvent event) {
  {
    std::unique_lock guard(lock_);
    taken_.wait(guard, [&] { return leaving_ || inbox_.size() < kMaxUnread; });
    if (leaving_) return;
    inbox_.push_back(std::move(event));
    if (inbox_.size() > 1) return;  // woken already, and not been here yet
  }
  wake_();
}

std::optional<ServerEvent> Connection::Take() {
  std::optional<ServerEvent> event;
  {
    const std::lock_guard guard(lock_);
    if (inbox_.empty()) return event;
    event = std::move(inbox_.front());
    inbox_.pop_front();
  }
  taken_.notify_one();
  return event;
}

}  // namespace chat_client

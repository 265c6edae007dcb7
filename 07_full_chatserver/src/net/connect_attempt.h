// A connection that is on its way. Connect (connect.h) waits for the peer's system as long as the
// network takes to give up, which is minutes when nobody answers; this one ends at a deadline, and
// as soon as another thread says so.
#pragma once

#include <chrono>
#include <mutex>

#include "net/handles.h"
#include "net/peer_address.h"
#include "net/status.h"

namespace net {

class ConnectAttempt {
 public:
  ConnectAttempt() = default;
  ConnectAttempt(const ConnectAttempt&) = delete;
  ConnectAttempt& operator=(const ConnectAttempt&) = delete;

  // As net::Connect, `patience` at the longest. One thread at a time; again and again.
  Status Run(const PeerAddress& address, std::chrono::milliseconds patience, UniqueSocket& socket);

  // A Run that is under way ends soon with an error, every later one at once. Any thread.
  void GiveUp();

 private:
  DWORD Issue(const PeerAddress& address, OVERLAPPED& operation);

  std::mutex lock_;
  SOCKET pending_ = INVALID_SOCKET;  // guarded by lock_: has an operation that GiveUp must cancel
  bool given_up_ = false;            // guarded by lock_
};

}  // namespace net

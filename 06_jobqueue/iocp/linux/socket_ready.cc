// How a socket learns that it may go on: its registration with a poller, and the poller's edges.
// And how select and WSAPoll ask.
#include "iocp/linux/background.h"
#include "iocp/linux/socket.h"

namespace iocp {

void Socket::OnReady(const Ready& ready) {
  const auto socket = HandleTable::Find<Socket>(reinterpret_cast<HANDLE>(ready.token));
  if (!socket) return;  // closed meanwhile
  Wakes wakes;
  Guard guard(socket->lock_);
  socket->OnEdge(ready, guard, wakes);
}

// After an exchange the news may be of the connection before: then an attempt finds nothing.
void Socket::OnEdge(const Ready& ready, Guard& guard, Wakes& wakes) {
  const State state = connection_->state;
  // (While it connects, too: the first edge may tell of the connection and of its end at once.)
  const bool meant =
      state == State::kConnected || state == State::kAccepted || state == State::kConnecting;
  if (ready.more && meant) connection_->short_is_no_end = true;
  if (connection_->watch == Connection::Watch::kAdding) {
    connection_->early_edge = true;
    return;
  }
  if (ready.readable) Run(*connection_, connection_->in, DirectionEvent::kEdge, guard, wakes);
  if (ready.writable) Run(*connection_, connection_->out, DirectionEvent::kEdge, guard, wakes);
}

Poller* Socket::PollerOf(const Connection& connection) const {
  if (connection.watch == Connection::Watch::kBackground) return Background::SocketPoller();
  if (connection.watch != Connection::Watch::kPort) return nullptr;
  return &device_.Port()->poller();
}

// Nobody would ever go on with what is queued.
void Socket::CannotWatch(Connection& connection, Wakes& wakes) {
  connection.watch = Connection::Watch::kNobody;
  for (Direction* const direction : {&connection.in, &connection.out}) {
    AbortQueued(connection, *direction, nullptr, STATUS_INSUFFICIENT_RESOURCES, wakes);
  }
}

// Once per connection, when an operation has to wait for the first time: registers it with its
// port's poller, or with the background thread's while the socket belongs to no port.
void Socket::Watch(Guard& guard, Wakes& wakes) {
  Connection& connection = *connection_;
  // (A busy direction's thread comes here itself when something is left.)
  const bool waiting = connection.in.Waits() || connection.out.Waits();
  if (connection.watch != Connection::Watch::kNobody || !waiting || closed_) return;
  connection.watch = Connection::Watch::kAdding;
  ++connection.holders;
  for (bool again = true; again;) {
    CompletionPort* const port = device_.Port();
    guard.unlock();
    Poller* const poller = port != nullptr ? &port->poller() : Background::SocketPoller();
    const bool added =
        poller != nullptr && poller->Add(connection.fd, reinterpret_cast<std::uint64_t>(handle()));
    if (added && port != nullptr) port->NoteRegistration();
    guard.lock();
    again = added && port != device_.Port();  // associated just now
    connection.watch = !added            ? Connection::Watch::kNobody
                       : port != nullptr ? Connection::Watch::kPort
                                         : Connection::Watch::kBackground;
    if (again) {
      connection.watch = Connection::Watch::kAdding;
      guard.unlock();
      poller->Remove(connection.fd);
      guard.lock();
    }
  }
  if (connection.watch == Connection::Watch::kNobody) {
    CannotWatch(connection, wakes);
  } else if (connection.early_edge) {
    connection.early_edge = false;
    Run(connection, connection.in, DirectionEvent::kEdge, guard, wakes);
    Run(connection, connection.out, DirectionEvent::kEdge, guard, wakes);
  }
  Drop(connection, guard);
}

// --- select, WSAPoll -----------------------------------------------------------------------------------

Connection* Socket::BeginPoll(int* fd) {
  const std::lock_guard guard(lock_);
  if (closed_ || connection_->IsCrowded()) return nullptr;
  Connection& connection = *connection_;
  ++connection.holders;
  ++connection.waits;
  const bool polls = type_ == SOCK_DGRAM || connection.state == State::kListening ||
                     connection.state == State::kConnecting ||
                     connection.state == State::kConnected;
  *fd = polls ? connection.fd : -1;
  return &connection;
}

short Socket::EndPoll(Connection* connection, short events) {
  Wakes wakes;
  Guard guard(lock_);
  --connection->waits;
  if (connection == connection_ && connection->state == State::kConnecting && events != 0) {
    // The thread that is to see how the connect went may not have looked yet.
    Run(*connection, connection->out, DirectionEvent::kEdge, guard, wakes);
  }
  const Connection& now = *connection_;
  short result = events;
  if (closed_) {
    result = POLLNVAL;
  } else if (now.state == State::kFresh && type_ == SOCK_STREAM) {
    result = now.error != 0 ? POLLERR | POLLHUP : 0;  // a connect has failed
  } else if (now.state == State::kConnecting) {
    result = 0;
  }
  Drop(*connection, guard);
  return result;
}

}  // namespace iocp

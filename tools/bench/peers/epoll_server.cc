#include "peers/epoll_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace peers {

namespace {

constexpr int kMostEvents = 512;

void Watch(int epoll, int fd, std::uint32_t events, void* what) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  Must(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

}  // namespace

EpollServer::EpollServer(const PeerOptions& options)
    : options_(options),
      listener_(Listen(options.port, kBacklog)),
      signals_(StopSignals()),
      epoll_(Must(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      core_(*this, options.rooms),
      rooms_(options.rooms) {
  // These two are known by their addresses in here, connections by their own.
  Watch(epoll_.get(), listener_.get(), EPOLLIN, &listener_);
  Watch(epoll_.get(), signals_.get(), EPOLLIN, &signals_);
}

EpollServer::~EpollServer() {
  for (const auto& connection : connections_) {
    if (connection) ::close(connection->fd);
  }
}

PeerCounters EpollServer::counters() const {
  PeerCounters counters = counters_;
  counters.said = core_.said();
  return counters;
}

void EpollServer::Run() {
  std::array<epoll_event, kMostEvents> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kMostEvents, -1);
    if (count < 0 && errno == EINTR) continue;
    Must(count, "epoll_wait");
    for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(count))) {
      if (event.data.ptr == &signals_) return;
      if (event.data.ptr == &listener_) {
        Accept();
        continue;
      }
      Connection& connection = *static_cast<Connection*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0 && connection.blocked) {
        connection.blocked = false;
        Send(connection);
      }
      constexpr std::uint32_t kEnding = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
      if ((event.events & (EPOLLIN | kEnding)) != 0) {
        Read(connection, (event.events & kEnding) != 0);
      }
    }
    EndTurn();
  }
}

void EpollServer::Accept() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN) return;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      Must(fd, "accept");
    }
    if (connected_ >= options_.max_sessions) {
      ::close(fd);
      ++counters_.refused;
      continue;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    Watch(epoll_.get(), fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection.get());
    if (connections_.size() <= static_cast<std::size_t>(fd)) {
      connections_.resize(static_cast<std::size_t>(fd) + 1);
    }
    connections_[static_cast<std::size_t>(fd)] = std::move(connection);
    ++connected_;
    ++counters_.accepted;
  }
}

void EpollServer::Read(Connection& connection, bool ending) {
  while (!connection.doomed) {
    const std::span<std::uint8_t> room = input_.Prepare(connection.rest);
    const ssize_t got = ::recv(connection.fd, room.data(), room.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Doom(connection);
    const auto received = static_cast<std::size_t>(got);
    if (!input_.Take(core_, connection, connection.rest, received)) {
      ++counters_.violations;
      return Doom(connection);
    }
    if (received < room.size() && !ending) return;  // that was all: more is a new edge
  }
}

// --- what the chat says ---------------------------------------------------------------------------

void EpollServer::Answer(Member& to, net::PacketRef packet) {
  Connection& connection = static_cast<Connection&>(to);
  if (connection.doomed) return;  // its place in the log may be gone
  // What its room has said before goes out before, and perhaps half of a frame has gone already.
  const auto heard = Heard(connection);
  connection.own.insert(connection.own.end(), heard.begin(), heard.end());
  connection.at += heard.size();
  const auto frame = packet->frame();
  connection.own.insert(connection.own.end(), frame.begin(), frame.end());
  if (!std::exchange(connection.answered, true)) answered_.push_back(&connection);
}

void EpollServer::Broadcast(Room& room, net::PacketRef packet) {
  RoomState& state = rooms_[room.number()];
  state.log.Append(packet->frame());
  if (!std::exchange(state.due, true)) due_.push_back(&room);
  if (state.log.end() - state.flushed > kMostTurn) Flush(room);
}

void EpollServer::Entered(Member& member) {
  static_cast<Connection&>(member).at = rooms_[member.room->number()].log.end();
}

// --- sending --------------------------------------------------------------------------------------

void EpollServer::EndTurn() {
  // Who is closed leaves a room, which is said there.
  while (!due_.empty() || !answered_.empty() || !doomed_.empty()) {
    for (Room* const room : std::exchange(due_, {})) {
      rooms_[room->number()].due = false;
      Flush(*room);
    }
    for (Connection* const connection : std::exchange(answered_, {})) {
      connection->answered = false;
      Send(*connection);
    }
    for (Connection* const connection : std::exchange(doomed_, {})) Close(*connection);
  }
}

void EpollServer::Flush(Room& room) {
  RoomState& state = rooms_[room.number()];
  state.flushed = state.log.end();
  std::uint64_t needed = state.log.end();
  for (Member* const member : room.members()) {
    Connection& connection = static_cast<Connection&>(*member);
    Send(connection);
    if (!connection.doomed) needed = std::min(needed, connection.at);
  }
  state.log.Forget(needed);
}

std::span<const std::uint8_t> EpollServer::Heard(const Connection& connection) const {
  if (connection.room == nullptr) return {};
  return rooms_[connection.room->number()].log.From(connection.at);
}

void EpollServer::Send(Connection& connection) {
  if (connection.doomed) return;
  const auto heard = Heard(connection);
  const std::size_t own = connection.own.size();
  if (own + heard.size() == 0) return;
  if (!connection.blocked) {
    ssize_t sent = 0;
    if (own == 0) {
      sent = ::send(connection.fd, heard.data(), heard.size(), MSG_NOSIGNAL);
    } else {
      iovec pieces[2] = {{connection.own.data(), own},
                         {const_cast<std::uint8_t*>(heard.data()), heard.size()}};
      msghdr message{};
      message.msg_iov = pieces;
      message.msg_iovlen = heard.empty() ? 1 : 2;
      sent = ::sendmsg(connection.fd, &message, MSG_NOSIGNAL);
    }
    ++counters_.sends;
    if (sent < 0 && errno != EAGAIN) return Doom(connection);
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    counters_.bytes += done;
    connection.blocked = done < own + heard.size();
    const std::size_t of_own = std::min(done, own);
    connection.own.erase(connection.own.begin(),
                         connection.own.begin() + static_cast<std::ptrdiff_t>(of_own));
    // An idle connection keeps no memory for what it once was sent.
    if (connection.own.empty() && own != 0) std::vector<std::uint8_t>().swap(connection.own);
    connection.at += done - of_own;
  }
  if (connection.own.size() + Heard(connection).size() > kMostUnsent) {
    ++counters_.slow;
    Doom(connection);
  }
}

void EpollServer::Doom(Connection& connection) {
  if (!std::exchange(connection.doomed, true)) doomed_.push_back(&connection);
}

void EpollServer::Close(Connection& connection) {
  core_.Gone(connection);
  ::close(connection.fd);
  --connected_;
  connections_[static_cast<std::size_t>(connection.fd)].reset();
}

}  // namespace peers

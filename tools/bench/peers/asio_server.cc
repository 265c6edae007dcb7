#include "peers/asio_server.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace peers {

namespace asio = boost::asio;
using asio::ip::tcp;

// What the library gives to the kernel at once, whatever a write has.
constexpr std::size_t kMostBuffers = 64;
// A write of one message for each turn cannot follow what is read in large pieces.
constexpr std::size_t kReadOneByOne = 2048;
using boost::system::error_code;

AsioServer::AsioServer(const PeerOptions& options, AsioMode mode)
    : options_(options),
      mode_(mode),
      acceptor_(io_),
      signals_(io_, SIGINT, SIGTERM),
      core_(*this, options.rooms),
      turns_(mode == AsioMode::kRoom ? options.rooms : 0) {
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), options.port);
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  error_code error;
  acceptor_.bind(endpoint, error);
  if (error)
    throw std::runtime_error("port " + std::to_string(options.port) + ": " + error.message());
  acceptor_.listen(kBacklog);
}

AsioServer::~AsioServer() = default;

PeerCounters AsioServer::counters() const {
  PeerCounters counters = counters_;
  counters.said = core_.said();
  return counters;
}

void AsioServer::Run() {
  signals_.async_wait([this](error_code error, int) {
    if (!error) io_.stop();
  });
  Accept();
  io_.run();
}

void AsioServer::Accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::no_descriptors) throw boost::system::system_error(error, "accept");
    if (!error && connections_.size() >= options_.max_sessions) {
      ++counters_.refused;
    } else if (!error) {
      ++counters_.accepted;
      socket.non_blocking(true, error);
      if (!error) socket.set_option(tcp::no_delay(true), error);
      if (!error) {
        const auto connection = std::make_shared<Connection>(std::move(socket));
        connections_.insert(connection);
        AwaitInput(connection);
      }
    }
    Accept();
  });
}

// --- receiving ------------------------------------------------------------------------------------

void AsioServer::AwaitInput(const ConnectionRef& connection) {
  connection->socket.async_wait(tcp::socket::wait_read, [this, connection](error_code error) {
    if (connection->doomed) return;
    if (error || !Read(*connection)) return Doom(*connection);
    if (!connection->doomed) AwaitInput(connection);
  });
}

bool AsioServer::Read(Connection& connection) {
  std::span<std::uint8_t> room = input_.Prepare(connection.rest);
  if (mode_ == AsioMode::kWrite) room = room.first(kReadOneByOne);
  error_code error;
  const std::size_t received =
      connection.socket.read_some(asio::buffer(room.data(), room.size()), error);
  if (error == asio::error::would_block) return true;
  if (error) return false;
  if (input_.Take(core_, connection, connection.rest, received)) return true;
  ++counters_.violations;
  return false;
}

// --- what the chat says ---------------------------------------------------------------------------

void AsioServer::Answer(Member& to, net::PacketRef packet) {
  Push(static_cast<Connection&>(to), {std::move(packet)});
}

void AsioServer::Broadcast(Room& room, net::PacketRef packet) {
  if (mode_ != AsioMode::kRoom) {
    for (Member* const member : room.members()) Push(static_cast<Connection&>(*member), {packet});
    return;
  }
  RoomTurn& turn = turns_[room.number()];
  if (turn.empty()) {
    // Behind what is ready to run now: all of it belongs to this turn.
    if (due_.empty()) asio::post(io_, [this] { EndTurn(); });
    due_.push_back(&room);
  }
  turn.Say(std::move(packet));
  if (turn.bytes() > kMostTurn) Flush(room);
}

void AsioServer::Entered(Member& member) {
  if (mode_ != AsioMode::kRoom) return;
  static_cast<Connection&>(member).from = turns_[member.room->number()].bytes();
}

void AsioServer::EndTurn() {
  for (Room* const room : std::exchange(due_, {})) Flush(*room);
}

void AsioServer::Flush(Room& room) {
  RoomTurn& turn = turns_[room.number()];
  if (turn.empty()) return;  // was flushed early
  const net::PacketRef all = turn.Take();
  for (Member* const member : room.members()) {
    Connection& connection = static_cast<Connection&>(*member);
    const std::size_t from = std::exchange(connection.from, 0);
    if (from < all->frame().size()) Push(connection, {all, from});
  }
}

// --- sending --------------------------------------------------------------------------------------

void AsioServer::Push(Connection& connection, Piece piece) {
  if (connection.doomed) return;
  connection.waiting.Push(std::move(piece));
  if (!connection.writing) return Write(connection);
  if (connection.waiting.bytes() + connection.sending_bytes > kMostUnsent) {
    ++counters_.slow;
    Doom(connection);
  }
}

void AsioServer::Gather(Connection& connection) {
  connection.sending_bytes = 0;
  const bool copy = connection.sending.size() > kMostBuffers;
  for (const Piece& piece : connection.sending) {
    const auto bytes = piece.bytes();
    connection.sending_bytes += bytes.size();
    if (copy) {
      connection.block.insert(connection.block.end(), bytes.begin(), bytes.end());
    } else {
      connection.buffers.emplace_back(bytes.data(), bytes.size());
    }
  }
  if (!copy) return;
  connection.sending.clear();
  connection.buffers.emplace_back(connection.block.data(), connection.block.size());
}

void AsioServer::Write(Connection& connection) {
  const std::size_t most = mode_ == AsioMode::kWrite ? 1 : std::numeric_limits<std::size_t>::max();
  connection.waiting.MoveTo(connection.sending, most);
  Gather(connection);
  connection.writing = true;
  ++counters_.sends;
  asio::async_write(connection.socket, std::span<const asio::const_buffer>(connection.buffers),
                    [this, self = connection.shared_from_this()](error_code error, std::size_t) {
                      counters_.bytes += self->sending_bytes;
                      self->writing = false;
                      self->sending.clear();
                      self->buffers.clear();
                      std::vector<std::uint8_t>().swap(self->block);
                      if (self->doomed) return;
                      if (error) return Doom(*self);
                      if (!self->waiting.empty()) Write(*self);
                    });
}

// --- the end --------------------------------------------------------------------------------------

// Later, because a room's members may be being walked through just now.
void AsioServer::Doom(Connection& connection) {
  if (std::exchange(connection.doomed, true)) return;
  if (doomed_.empty()) asio::post(io_, [this] { CloseDoomed(); });
  doomed_.push_back(&connection);
}

void AsioServer::CloseDoomed() {
  for (Connection* const connection : std::exchange(doomed_, {})) {
    core_.Gone(*connection);
    error_code ignored;
    connection->socket.close(ignored);
    connections_.erase(connection->shared_from_this());
  }
}

}  // namespace peers

// The peer on Boost.Asio, in the three ways in which such servers are written:
//
//   write    every message is one async_write; the next one begins when it is over (the library's
//            own chat example)
//   gather   as soon as a write is over, all that waits goes into the next one; when that is more
//            than the library gives to the kernel at once (64 buffers), it is copied into one
//   room     what a room says in one turn of the io_context is joined into one packet that all
//            members share, and writes gather as above
//
// One thread, and the library is told so: no locks inside. A receive waits for readiness and reads
// into one buffer for all, so that an idle connection keeps none.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "peers/chat_core.h"
#include "peers/frame_input.h"
#include "peers/peer_options.h"
#include "peers/room_turn.h"
#include "peers/send_queue.h"

namespace peers {

enum class AsioMode : std::uint8_t { kWrite, kGather, kRoom };

class AsioServer final : private Output {
 public:
  AsioServer(const PeerOptions& options, AsioMode mode);
  ~AsioServer() override;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  // Until SIGINT or SIGTERM.
  void Run();
  PeerCounters counters() const;

 private:
  struct Connection : Member, std::enable_shared_from_this<Connection> {
    explicit Connection(boost::asio::ip::tcp::socket its_socket) : socket(std::move(its_socket)) {}

    boost::asio::ip::tcp::socket socket;
    bool doomed = false;   // is closed before the next turn
    bool writing = false;  // an async_write is under way
    std::size_t from = 0;  // of its room's turn: what came before it entered
    std::size_t sending_bytes = 0;
    SendQueue waiting;
    std::vector<Piece> sending;
    std::vector<boost::asio::const_buffer> buffers;  // of `sending`
    std::vector<std::uint8_t> block;                 // or that, copied
    std::vector<std::uint8_t> rest;                  // received: the beginning of a frame
  };
  using ConnectionRef = std::shared_ptr<Connection>;

  void Answer(Member& to, net::PacketRef packet) override;
  void Broadcast(Room& room, net::PacketRef packet) override;
  void Entered(Member& member) override;

  void Accept();
  void AwaitInput(const ConnectionRef& connection);
  // False: the connection is over.
  bool Read(Connection& connection);
  void Push(Connection& connection, Piece piece);
  void Write(Connection& connection);
  // Fills its buffers from what it sends.
  void Gather(Connection& connection);
  void EndTurn();
  void Flush(Room& room);
  void Doom(Connection& connection);
  void CloseDoomed();

  const PeerOptions options_;
  const AsioMode mode_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::signal_set signals_;
  ChatCore core_;
  FrameInput input_;
  PeerCounters counters_;
  std::vector<RoomTurn> turns_;  // by the room's number; kRoom only
  std::vector<Room*> due_;       // have said something in this turn
  std::vector<Connection*> doomed_;
  std::unordered_set<ConnectionRef> connections_;
};

}  // namespace peers

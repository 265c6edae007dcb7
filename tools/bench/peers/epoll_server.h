// The hand-made peer: one thread, one edge-triggered epoll, a log for each room.
//
// A turn: every socket that has something is read, what the packets say goes into the logs of their
// rooms; then each member of a room that said something gets all of it by one send, straight from
// the log. A member that does not take it all keeps a position in the log and nothing else. Who is
// further behind than kMostUnsent is disconnected, so that the log is bounded, too.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "peers/chat_core.h"
#include "peers/frame_input.h"
#include "peers/peer_options.h"
#include "peers/posix.h"
#include "peers/room_log.h"

namespace peers {

class EpollServer final : private Output {
 public:
  explicit EpollServer(const PeerOptions& options);
  ~EpollServer() override;

  std::uint16_t port() const { return PortOf(listener_.get()); }
  // Until SIGINT or SIGTERM.
  void Run();
  PeerCounters counters() const;

 private:
  struct Connection : Member {
    int fd = -1;
    bool blocked = false;            // the socket takes nothing until it says so
    bool doomed = false;             // is closed at the end of the turn
    bool answered = false;           // is in answered_
    std::uint64_t at = 0;            // in its room's log: what follows was not sent yet
    std::vector<std::uint8_t> own;   // goes before that
    std::vector<std::uint8_t> rest;  // received: the beginning of a frame
  };
  struct RoomState {
    RoomLog log;
    std::uint64_t flushed = 0;  // the log's end at the last flush
    bool due = false;           // is in due_
  };

  void Answer(Member& to, net::PacketRef packet) override;
  void Broadcast(Room& room, net::PacketRef packet) override;
  void Entered(Member& member) override;

  void Accept();
  // All that is there; `ending`: and the end of the stream, which no further event tells of.
  void Read(Connection& connection, bool ending);
  void EndTurn();
  void Flush(Room& room);
  // As much as the socket takes, by one call.
  void Send(Connection& connection);
  std::span<const std::uint8_t> Heard(const Connection& connection) const;
  void Doom(Connection& connection);
  void Close(Connection& connection);

  const PeerOptions options_;
  Fd listener_;
  Fd signals_;
  Fd epoll_;
  ChatCore core_;
  FrameInput input_;
  PeerCounters counters_;
  std::size_t connected_ = 0;
  std::vector<RoomState> rooms_;       // by the room's number
  std::vector<Room*> due_;             // have said something in this turn
  std::vector<Connection*> answered_;  // have something of their own to be sent
  std::vector<Connection*> doomed_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
};

}  // namespace peers

// The peer on libuv: what the packets of one turn of the loop say is put into the queues of who
// hears it, and behind the turn everybody who has something gets all of it by one gathered write,
// tried at once (uv_try_write) and handed to libuv only as far as the socket does not take it.
//
// One thread, one buffer to receive into.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "peers/chat_core.h"
#include "peers/frame_input.h"
#include "peers/peer_options.h"
#include "peers/send_queue.h"

namespace peers {

class UvServer final : private Output {
 public:
  explicit UvServer(const PeerOptions& options);
  ~UvServer() override;

  std::uint16_t port() const;
  // Until SIGINT or SIGTERM.
  void Run();
  PeerCounters counters() const;

 private:
  // Its handle's `data`; freed when libuv has closed the handle.
  struct Connection : Member {
    uv_tcp_t handle{};
    bool doomed = false;   // is closed at the end of the turn
    bool due = false;      // is in due_
    bool writing = false;  // `write` is under way
    uv_write_t write{};
    SendQueue waiting;
    std::vector<Piece> sending;  // by `write`
    std::size_t sending_bytes = 0;
    std::vector<std::uint8_t> rest;  // received: the beginning of a frame
  };

  void Answer(Member& to, net::PacketRef packet) override;
  void Broadcast(Room& room, net::PacketRef packet) override;
  void Entered(Member&) override {}  // it has a queue of its own, and misses nothing

  void Accept();
  void OnRead(Connection& connection, ssize_t count);
  void OnWritten(Connection& connection, int status);
  void Push(Connection& connection, const net::PacketRef& packet);
  void EndTurn();
  void Send(Connection& connection);
  // The queue's first packets as libuv wants them, in buffers_.
  unsigned Gather(std::span<const Piece> pieces);
  void Doom(Connection& connection);
  void Close(Connection& connection);

  const PeerOptions options_;
  uv_loop_t loop_{};
  uv_tcp_t listener_{};
  uv_check_t turn_end_{};
  uv_signal_t interrupt_{};
  uv_signal_t terminate_{};
  ChatCore core_;
  FrameInput input_;
  PeerCounters counters_;
  std::size_t connected_ = 0;
  std::vector<uv_buf_t> buffers_;
  std::vector<Connection*> due_;
  std::vector<Connection*> doomed_;
};

}  // namespace peers

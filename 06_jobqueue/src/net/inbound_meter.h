// How much a client may send: two token buckets, one of packets and one of bytes, that hold one
// second's worth.
//
// What has come is taken, whatever the buckets say; if they are overdrawn by it, the server does
// not ask for more until they are even again. The system's buffer fills up behind it, the window
// closes, and it is the client that waits: back-pressure, without a thread that sleeps and without
// memory for what waits. Who is held back again and again, without a second of peace, for longer
// than receive_overspeed_ms, does not mean to talk: the session ends.
//
// Sessions have one only when the server has a limit (ReceivePath::meters_).
//
// Threading: as the ring, it belongs to the session's one outstanding receive.
#pragma once

#include <cstdint>

#include "net/server_options.h"

namespace net {

class InboundMeter {
 public:
  struct Verdict {
    std::uint32_t wait_ms = 0;  // before the next receive; 0: go on
    bool too_long = false;      // held back for so long that it is enough
  };

  // A new session. `now`: MillisecondsNow(), here and below.
  void Open(std::uint32_t now);
  void AddPacket() { ++packets_; }
  void AddBytes(std::uint32_t bytes) { bytes_ += bytes; }
  // Pays for what was added since the last time.
  Verdict Settle(const ServerOptions& options, std::uint32_t now);

 private:
  // Counts what is spent, not what is left: so it needs no filling.
  class Bucket {
   public:
    // How long until it is even again; 0: it is.
    std::uint32_t Pay(std::uint32_t rate, std::uint32_t amount, std::uint32_t passed_ms);

   private:
    std::int64_t spent_ = 0;  // in thousandths; more than a second's worth: overdrawn
  };

  Bucket packet_bucket_;
  Bucket byte_bucket_;
  std::uint32_t packets_ = 0;
  std::uint32_t bytes_ = 0;
  std::uint32_t settled_ = 0;
  bool held_back_ = false;   // at least once; then:
  std::uint32_t since_ = 0;  // the beginning of the first pause without peace since
  std::uint32_t last_pause_end_ = 0;
};

}  // namespace net

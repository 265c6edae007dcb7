// Everything that a server can be told before it starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/frame.h"
#include "net/session_id.h"
#include "net/socket_options.h"
#include "net/status.h"

namespace net {

enum class AcceptMode : unsigned char {
  kAcceptThread,  // a thread of its own that blocks in accept()
  kAcceptEx,      // AcceptEx operations that complete on the port, like every other operation
};

// Called on the threads that issue and complete sends.
class SendProbe {
 public:
  virtual ~SendProbe() = default;
  virtual void OnSendBegins(SessionId id) = 0;
  virtual void OnSendEnded(SessionId id) = 0;
};

struct ServerOptions {
  // false: no listener and no accept thread, the sessions come by Adopt. A client with many
  // connections is a server that calls instead of being called.
  bool listen = true;
  std::string host = "127.0.0.1";  // IPv4 address to listen on
  std::uint32_t port = 0;          // 0 = any free port; Server::port() says which, 65535 at most
  std::uint32_t session_max =
      10000;  // SERVER_SESSION_MAX: the next connection is refused, 1 .. 1,000,000
  std::uint32_t worker_threads = 0;  // 0 = one per processor; at most 256
  std::uint32_t running_threads =
      0;  // the port's concurrency; 0 = number of processors (P1); at most 256
  std::uint32_t backlog = 1024;  // queue of listen(), 1 .. 65535
  AcceptMode accept_mode = AcceptMode::kAcceptThread;
  std::uint32_t accepts_outstanding = 16;  // AcceptEx operations kept pending, 1 .. 1024

  // --- the wire (notes/en/protocol.md)
  std::uint8_t fixed_key = kDefaultFixedKey;
  std::uint32_t packet_max = kDefaultMaxPayload;  // `length` of a client's packet, 6 .. 65535
  bool check_sequence = true;                     // of client to server packets

  // --- receive memory and time
  // Size of a ring buffer, in bytes: at least 5 + packet_max. Only sessions with bytes have one.
  std::uint32_t receive_buffer = 8192;
  // Per session, ring and packets that the game keeps: above it the client is disconnected. At
  // least 4 * receive_buffer + 128: the ring and one packet, each rounded up by the pool.
  std::uint32_t receive_memory_max = 1024 * 1024;
  std::uint32_t first_packet_timeout_ms = 30'000;  // from the connection to a whole packet; 0 = off
  std::uint32_t idle_timeout_ms = 300'000;         // between two whole packets; 0 = off

  // What a client may send, with a second's worth at once (inbound_meter.h); 0 = no limit, at most
  // 10,000,000 packets and 1 GiB.
  std::uint32_t receive_packets_per_second = 0;
  std::uint32_t receive_bytes_per_second = 0;
  // A client that is held back for so long without a second of peace is disconnected; 0 = never.
  std::uint32_t receive_overspeed_ms = 10'000;

  // --- sending
  static constexpr std::uint32_t kSendPacketMaxLimit = 512;
  // SESSION_SEND_PACKET_MAX: packets that one WSASend gathers at most, 1 .. kSendPacketMaxLimit.
  std::uint32_t send_packet_max = 256;
  // A batch whose packets have at most this many bytes on average is copied into one piece; 0 =
  // never (one WSABUF per packet), 65536 at most.
  std::uint32_t send_copy_max = 512;
  // Per session, memory that is held by what is queued and on its way, and by what is received
  // (ring, packets that the game keeps): above it the client is disconnected. 64 KiB .. 1 GiB.
  std::uint32_t send_memory_max = 1024 * 1024;
  SocketOptions socket_options;
  // How long a socket whose last packet must arrive may take (SendAndDisconnect), 10 .. 600,000.
  std::uint32_t linger_ms = 5000;

  // Told when a send begins and when it has ended; for tests, which count what is outstanding.
  SendProbe* send_probe = nullptr;

  // --- the port
  std::uint32_t completion_batch = 32;  // packets that a worker dequeues at once, 1 .. kBatchLimit
  static constexpr std::uint32_t kBatchLimit = 256;
  // FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: what completes at once is handled by the thread that
  // issued it and queues no packet.
  bool skip_on_success = true;

  // Sent to a client that is refused because the server is full, before the orderly close.
  // Empty: nothing is sent.
  std::vector<std::byte> full_notice;

  // The first thing that is wrong, as one line that names the option, the value and what is
  // allowed.
  Status Validate() const;
};

}  // namespace net

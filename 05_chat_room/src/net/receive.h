// The receive path: a session has a ring, a reassembler, and a buffer only while there are bytes.
//
// An idle session waits with a receive of zero bytes (P22): it completes when there is something to
// read and takes nothing. Only then the ring gets a buffer from the pool, and when all packets have
// been taken out it gives the buffer back. Ten thousand quiet clients own no receive buffer at all.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "net/inbound_meter.h"
#include "net/io_context.h"
#include "net/reassembler.h"
#include "net/receive_pause.h"
#include "net/ring_buffer.h"

namespace net {

struct Session;
struct ServerOptions;
class PortHandle;
class SessionLife;
class Traffic;

// Owned by whoever holds the session's receive: the thread that posts it, then the worker that gets
// its completion. There is one receive at a time, so there is one owner at a time and no lock.
// The atomics are the exception.
struct RecvState {
  IoContext context{IoKind::kRecv};
  RingBuffer ring;  // without a buffer = the outstanding receive is the one of zero bytes
  Reassembler reassembler;

  // atomic: memory of the ring's buffer and of this session's received packets that are alive.
  // Packets that the last tenant of the slot received may still be on it; they go when they are
  // released.
  std::atomic<std::uint32_t> held_bytes{0};

  // atomic: written by the owner, read by the timeout watch. MillisecondsNow() of the last whole
  // packet, or of the beginning of the session.
  std::atomic<std::uint32_t> last_packet{0};
  std::atomic<bool> spoke{false};  // at least one whole packet

  void Open();   // a new tenant of the slot
  void Close();  // the tenant is gone: the buffer goes back to the pool

  void AttachBuffer(std::size_t size);
  void ReturnBuffer();
};

// Posts the receives and cuts packets out of what they bring.
class ReceivePath {
 public:
  ReceivePath(const ServerOptions& options, const PortHandle& port, SessionLife& life,
              Traffic& traffic);

  // Start and Stop of the server. Stop: when no session is left.
  void Start();
  void Stop() { pause_.Stop(); }

  // The first receive. Caller: holds a count of the session; maybe not a worker.
  void StartRecv(Session& session);
  // Caller: the worker that dequeued the receive; it holds the receive's count.
  void OnRecvCompleted(Session& session, DWORD bytes, DWORD error);

 private:
  void AskForMore(Session& session);
  PostResult PostRecv(Session& session, DWORD& bytes);
  void HandOverRecv(Session& session, DWORD bytes);
  bool HandleRecv(Session& session, DWORD bytes, DWORD error);
  void TakePackets(Session& session);
  InboundMeter& MeterOf(const Session& session);
  bool HoldBack(Session& session);
  void HalfClose(Session& session);

  const ServerOptions& options_;
  const FrameRules rules_;
  const PortHandle& port_;
  SessionLife& life_;
  Traffic& traffic_;

  ReceivePause pause_;
  // By slot, when there is a limit; made by Start, each belongs to the session's one receive.
  std::unique_ptr<InboundMeter[]> meters_;
};

// Milliseconds of a steady clock. Wraps every 49 days: compare differences only.
inline std::uint32_t MillisecondsNow() {
  using std::chrono::steady_clock;
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch())
          .count());
}

}  // namespace net

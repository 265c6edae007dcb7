// The send path: a session has a queue, and ONE send on its way.
//
// Stages 02 and 03 allocated a context per send and let many be outstanding. Here a packet is put
// into the session's queue, and one WSASend takes as many as are there, up to send_packet_max.
// While it is on its way the queue grows; its completion sends the next batch. The busier the
// server, the more packets one system call carries.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "net/block_pool.h"
#include "net/io_context.h"
#include "net/packet.h"
#include "net/send_queue.h"
#include "net/session_id.h"

namespace net {

struct ServerOptions;
struct Session;
class PortHandle;
class SessionLife;
class Traffic;

enum class SendResult : unsigned char {
  kOk,         // queued: it leaves with the session's next send
  kStaleId,    // no such session (any more)
  kClosing,    // the session is being disconnected, or has been given its last packet
  kNotSealed,  // the packet has no frame yet, or was written past its end
  kMemory,     // the client reads too slowly: above send_memory_max; it is being disconnected
  kFailed,     // the system refused the send; the session is being disconnected
};
const char* ToString(SendResult result);

// When does a queued packet leave?
enum class SendMode : unsigned char {
  kFromCaller,  // the caller issues the WSASend (at the end of its turn if it has one, send_turn.h)
  kFromWorker,  // the request goes through the port and a worker issues it
};

// "owner" = the owner of the send flag (send_queue.h): one thread, or the outstanding operation.
struct SendState {
  // owner: the one OVERLAPPED of the send path. While no send is outstanding it also carries the
  // request of SendPacketAsync through the port.
  IoContext context{IoKind::kSend};
  SendQueue queue;

  // owner, from WSASend to its completion: the packets whose bytes are on their way, or the copy
  SendNode* in_flight = nullptr;
  std::byte* copy = nullptr;  // sending_memory bytes
  std::uint32_t sending_bytes = 0;
  std::uint32_t sending_memory = 0;  // what of queued_memory is theirs
  std::uint16_t sending_packets = 0;
  bool sending_last = false;  // behind them the queue ends
  bool must_arrive = false;   // ... with a packet: that of SendAndDisconnect
  bool last_left = false;     // it has left: the socket lingers (deferred_close.h)

  // atomic: memory that is held by what is queued and on its way (QueuedMemory, or the copy);
  // raised by any holder, lowered by the owner
  std::atomic<std::uint32_t> queued_memory{0};

  // atomic: set by SendAndDisconnect or at the peer's FIN, the first wins: nothing is queued behind
  // the last node.
  // Points to a string that lives for ever (a literal).
  std::atomic<const char*> last_reason{nullptr};
  // atomic: MillisecondsNow() of that call; written before last_reason, read by the timeout watch
  std::atomic<std::uint32_t> last_since{0};

  void Open();   // a new tenant of the slot
  void Close();  // the tenant is gone: every packet that did not leave is given back

  // owner: gives the bytes of the send back that has completed, or was refused.
  void DropBatch();
};

// Keeps nothing itself: all there is belongs to a session's send flag, or is atomic.
class SendPath {
 public:
  SendPath(const ServerOptions& options, const PortHandle& port, SessionLife& life,
           Traffic& traffic)
      : options_(options), port_(port), life_(life), traffic_(traffic) {}

  // --- any thread, see server.h
  bool Seal(Packet& packet) const;
  SendResult SendPacket(SessionId id, const PacketRef& packet);
  SendResult SendPacketAsync(SessionId id, const PacketRef& packet);
  SendResult SendAndDisconnect(SessionId id, const PacketRef& packet, const char* reason);

  // --- any thread that holds a count of the session

  // The session ends when everything that is queued has left.
  void CloseAfterSends(Session& session, const char* reason);
  // Goes on with sends that were put off. Takes over a count and the session's send flag.
  void GoOn(Session& session);

  // --- the worker that dequeued the send, or the request; it holds the operation's count
  void OnSendCompleted(Session& session, DWORD bytes, DWORD error);
  void OnSendRequest(Session& session);

 private:
  // send.cc: into the queue
  SendResult QueuePacket(SessionId id, const PacketRef& packet, SendMode mode,
                         const char* last_reason);
  bool ChargeSend(Session& session, std::uint32_t bytes);
  bool PushLast(Session& session, SendNode* node, const char* reason);
  SendResult StartSending(Session& session, SendMode mode);

  // send_issue.cc: from the queue to the network, the owner of the send flag only
  bool IssueSends(Session& session);
  PostResult PostSend(Session& session, SendNode* batch);
  static DWORD PrepareBatch(SendState& send, SendNode* batch, std::uint32_t copy_max,
                            std::span<WSABUF> buffers);
  void EndBatch(Session& session);
  bool FinishSend(Session& session, DWORD bytes);
  void EndSession(Session& session);
  bool PostSendRequest(Session& session);

  const ServerOptions& options_;
  const PortHandle& port_;
  SessionLife& life_;
  Traffic& traffic_;
};

}  // namespace net

// What the game is told. Server derives from this, and a game overrides it there.
//
// Threading: the callbacks run on worker threads (OnConnectionRequest and OnClientJoin on the
// accepting thread), for different sessions at the same time. For ONE session the order is:
// OnClientJoin, then OnRecv packet by packet, never two at a time, then OnClientLeave, once.
// Another thread's call for the same id (SendPacket, Disconnect) may come at any time; a stale id
// is refused. An exception that leaves a callback closes its session and is logged; it never ends a
// worker.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "iocp/iocp.h"
#include "net/packet.h"
#include "net/peer_address.h"
#include "net/session_id.h"

namespace net {

class Callbacks {
 public:
  // False refuses the connection before it gets a session.
  virtual bool OnConnectionRequest(const PeerAddress&) { return true; }
  // What a peer that was refused is told, as a sealed frame; empty: nothing. Right after
  // OnConnectionRequest, on its thread.
  virtual std::span<const std::byte> RefusalNotice(const PeerAddress&) { return {}; }
  // The first receive is posted after this has returned: no packet overtakes it.
  virtual void OnClientJoin(SessionId id) = 0;
  // The client has closed its side: it says no more, OnRecv has had all of it, but it may still
  // read. Whoever owes it answers calls Finish behind the last of them; otherwise Server does it.
  virtual void OnClientFinished(SessionId id) = 0;
  // The last call for `id`, on a worker. The id is stale already.
  virtual void OnClientLeave(SessionId id, std::string_view reason) = 0;
  // One whole packet, checked and decoded. To keep it, copy the PacketRef; its memory counts for
  // the session (receive_memory_max) until the last copy goes, at the latest before the server.
  virtual void OnRecv(SessionId id, const PacketRef& packet) = 0;
  virtual void OnInnerRequest(const PacketRef&) {}
  // Something went wrong that the game may want to know; the framework has dealt with it and logged
  // it. `id` is 0 when no session is concerned.
  virtual void OnError(SessionId, std::string_view /*what*/, DWORD /*error*/) {}

 protected:
  ~Callbacks() = default;
};

}  // namespace net

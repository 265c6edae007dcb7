// The link between a packet and a session's send queue: one small node per queued packet.
//
// A packet that goes to 400 clients lies in 400 queues at once, so the "next" pointer cannot live
// in the packet. Nodes come from a pool: every thread keeps a cache, and caches exchange whole
// batches with a shared store, so a queued packet costs neither a heap allocation nor (but once per
// kNodeBatch) a lock.
//
// Threading: any thread; a node may be given back by another thread than the one that took it.
// Errors: AllocateSendNode throws std::bad_alloc as operator new does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/packet.h"

namespace net {

struct SendNode {
  SendNode* next = nullptr;  // whoever owns the list that the node is in
  PacketRef packet;          // the queue's use of the packet; a last node may have none
  bool last = false;         // nothing may follow: the session is closed after it
};

// What a queued packet holds of the server's memory: its whole block, however short the frame is,
// and the node. A packet that others hold, too, counts in full for each of them.
[[nodiscard]] inline std::uint32_t QueuedMemory(const Packet& packet) {
  return packet.memory() + static_cast<std::uint32_t>(sizeof(SendNode));
}

inline constexpr std::size_t kNodeBatch = 128;

// A node for `packet`.
[[nodiscard]] SendNode* AllocateSendNode(PacketRef packet, bool last = false);

// Gives a list of nodes back (linked by next, null at the end) and with it their uses of the
// packets. Returns how many there were.
std::size_t FreeSendNodes(SendNode* first);

// Nodes in use: 0 when nothing leaks. Exact when no other thread allocates or frees meanwhile.
[[nodiscard]] std::int64_t LiveSendNodes();

// Nodes that were ever made (memory held by the pool): constant in steady state.
[[nodiscard]] std::uint64_t SendNodesMade();

}  // namespace net

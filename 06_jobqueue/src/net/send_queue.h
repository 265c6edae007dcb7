// The send queue of a session and its send flag: any thread puts packets in, one at a time
// takes them out.
//
//   any thread                              whoever owns the send flag
//   Push --> incoming (newest first) -----> queued (oldest first) --> Take: up to N for one WSASend
//
// The flag is true while somebody is responsible for sending: from the moment a thread takes it,
// through gathering, WSASend, its completion, the next gathering, until a thread finds nothing left
// and gives it up. So there is never more than one send outstanding, and one OVERLAPPED is enough.
//
// THE RACE of this stage is the lost wake-up. The owner looks: queue empty. Another thread pushes a
// packet and looks: the flag is true, "somebody is sending, he will see it". The owner clears the
// flag and leaves. The packet lies there until the next one comes, maybe for ever.
//
// Threading and memory order: Push by any thread. Take and Release by the owner of the flag only.
// Ownership moves with the flag's exchange (acquire/release) or with the completion of the send.
// Errors: none; the caller bounds the memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "net/send_node.h"

namespace net {

// Where a test may stop a thread to force an order of events. The server uses NoSendPoints, which
// compiles to nothing.
enum class SendPoint : unsigned char {
  kPushed,   // Push: the packet is in, the flag is not yet touched
  kCleared,  // Release: the flag is false, the queue not yet looked at again
  kSawMore,  // Release: there is more, the flag is not yet taken back
};
struct NoSendPoints {
  static void At(SendPoint) {}
};

template <typename Points = NoSendPoints>
class BasicSendQueue {
 public:
  BasicSendQueue() = default;
  BasicSendQueue(const BasicSendQueue&) = delete;
  BasicSendQueue& operator=(const BasicSendQueue&) = delete;

  // Any thread. True: the caller has taken the send flag and must send.
  [[nodiscard]] bool Push(SendNode* node) {
    // [push]
    // <student 04.1>
    SendNode* newest = incoming_.load(std::memory_order_relaxed);
    do {
      node->next = newest;
    } while (!incoming_.compare_exchange_weak(newest, node, std::memory_order_release,
                                              std::memory_order_relaxed));
    Points::At(SendPoint::kPushed);
    // Not "load, and exchange only if false": a mere load has no place in the order of exchanges.
    return !sending_.exchange(true, std::memory_order_acq_rel);
    // </student>
    // [/push]
  }

  // Owner of the flag. The next packets, oldest first, `max` at most; stops behind one that is
  // marked as the last. Null: nothing there at this moment. What does not fit stays for the next
  // send.
  [[nodiscard]] SendNode* Take(std::size_t max) {
    // [take]
    // <student 04.1>
    SendNode* first = nullptr;
    SendNode** end = &first;
    for (std::size_t count = 0; count < max; ++count) {
      if (queued_ == nullptr) queued_ = TakeIncoming();
      if (queued_ == nullptr) break;
      *end = std::exchange(queued_, queued_->next);
      const bool last = (*end)->last;
      end = &(*end)->next;
      if (last) break;
    }
    *end = nullptr;
    return first;
    // </student>
    // [/take]
  }

  // Owner of the flag, after Take has found nothing. True: the flag is given up, the caller must
  // not touch the queue any more. False: a packet came in meanwhile and the caller still owns it.
  [[nodiscard]] bool Release() {
    // [release]
    // <student 04.2>
    sending_.exchange(false, std::memory_order_acq_rel);
    Points::At(SendPoint::kCleared);
    if (incoming_.load(std::memory_order_acquire) == nullptr) return true;
    Points::At(SendPoint::kSawMore);
    // True from the exchange: somebody else (the pusher) has taken the flag in between. He sends.
    return sending_.exchange(true, std::memory_order_acq_rel);
    // </student>
    // [/release]
  }

  // When nobody else can reach the queue any more: everything that is left.
  [[nodiscard]] SendNode* TakeAll() {
    // <student 04.1>
    SendNode* first = std::exchange(queued_, nullptr);
    SendNode** end = &first;
    while (*end != nullptr) end = &(*end)->next;
    *end = TakeIncoming();
    return first;
    // </student>
  }

  // For a new tenant of the slot; the queue is empty and nobody else can reach it.
  void Open() { sending_.store(false, std::memory_order_relaxed); }

  // For tests: is somebody responsible for sending?
  [[nodiscard]] bool sending() const { return sending_.load(std::memory_order_acquire); }

 private:
  // All that was pushed since the last time, turned round into the order of arrival.
  SendNode* TakeIncoming() {
    // <student 04.1>
    // One exchange takes the whole list, so nobody ever removes single nodes from it: the ABA
    // problem of a lock-free stack (index_stack.h) cannot come up.
    SendNode* node = incoming_.exchange(nullptr, std::memory_order_acquire);
    SendNode* oldest_first = nullptr;
    while (node != nullptr) {
      SendNode* const next = std::exchange(node->next, oldest_first);
      oldest_first = std::exchange(node, next);
    }
    return oldest_first;
    // </student>
  }

  // atomic: any thread adds at the front; the owner of the flag takes all
  std::atomic<SendNode*> incoming_{nullptr};
  // owner of the flag: taken from incoming_, oldest first
  SendNode* queued_ = nullptr;
  // atomic: the send flag; set by any thread that pushes, cleared by its owner
  std::atomic<bool> sending_{false};
};

using SendQueue = BasicSendQueue<>;

}  // namespace net

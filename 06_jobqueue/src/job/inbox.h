// The inbox of a job queue: many producers, one consumer, and who has to wake the consumer, in ONE
// word.
//
//   head_ == nullptr    idle: no job inside, nobody executes
//   head_ == Busy()     somebody executes (or is about to), no new job
//   head_ == a node     somebody executes (or is about to), new jobs: a stack, newest first
//
//        Push: idle -> node         "you woke it": exactly one producer has to make the queue ready
//        Push: busy, node -> node
//     TakeAll: node -> busy         the consumer takes everything, in one exchange
//   TryGoIdle: busy -> idle         fails when a job came in: the consumer stays responsible
//
// A count beside a list would do the same job in two words, and the moment between the two writes
// is where lost and double wake-ups live. Here there is no such moment.
//
// Promised beside that: no producer waits for another one or for the consumer; per producer the
// order is kept; what a job's poster did before Push is seen by the job, and what a consumer did
// before TryGoIdle by the next consumer: state that only jobs touch needs no lock.
#pragma once

#include <atomic>

namespace job {

// Node must have a `Node* next` that belongs to the inbox while the node is inside.
template <class Node>
class Inbox {
 public:
  Inbox() = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Any thread. True: the inbox was idle, and the caller (nobody else) must now get it executed.
  // [push]
  bool Push(Node* node) {
    // <student 06.1>
    Node* head = head_.load(std::memory_order_relaxed);
    do {
      node->next = head == Busy() ? nullptr : head;
    } while (!head_.compare_exchange_weak(head, node, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    return head == nullptr;
    // </student>
  }
  // [/push]

  // The consumer only. Everything that is inside, oldest first; nullptr when nothing is.
  Node* TakeAll() {
    // <student 06.1>
    Node* newest = head_.exchange(Busy(), std::memory_order_acq_rel);
    if (newest == Busy()) return nullptr;
    Node* oldest = nullptr;
    while (newest != nullptr) {
      Node* older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    return oldest;
    // </student>
  }

  // The consumer only. True: idle, the caller is the consumer no longer and must not touch anything
  // that jobs touch. False: a job came in; the caller remains the consumer.
  bool TryGoIdle() {
    // <student 06.1>
    Node* expected = Busy();
    return head_.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel,
                                         std::memory_order_acquire);
    // </student>
  }

 private:
  // An address that no node has; never read through.
  Node* Busy() { return reinterpret_cast<Node*>(this); }

  std::atomic<Node*> head_{nullptr};  // atomic: producers push, the consumer takes and goes idle
};

}  // namespace job

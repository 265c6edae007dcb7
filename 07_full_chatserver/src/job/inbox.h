// The inbox of a job queue: many producers, one consumer, and who has to wake the consumer, in ONE
// word.
//
//   head_ == nullptr    idle: no job inside, nobody executes
//   head_ == Busy()     somebody executes (or is about to), no new job
//   head_ == a node     somebody executes (or is about to), new jobs: a stack, newest first
//
//        Push: idle -> node         "you woke it": exactly one producer is told to make the queue
//        ready Push: busy, node -> node
//     TakeAll: node -> busy         the consumer takes everything in one exchange and turns the
//     stack round
//   TryGoIdle: busy -> idle         fails when a job came in meanwhile: then the consumer stays
//   responsible
//
// A count beside a list would do the same job in two words, and the moment between the two writes
// is where lost and double wake-ups live. Here there is no such moment.
//
// Progress: Push is lock-free (a failed CAS means that another thread got on), TakeAll is
// wait-free. No producer waits for another producer or for the consumer, and a producer that is
// preempted anywhere in Push holds up nobody (the usual linked multi-producer queue has a window
// where it does). ABA: Push never reads through `head`, so a node that left and came back between
// its load and its CAS makes no difference: it is again the newest node, and that is all that Push
// needs to know. Order: a producer's second Push finds a head that contains or follows its first:
// per producer FIFO. Memory order: a job's contents reach the consumer through Push (release) ->
// TakeAll (acquire); every operation is a read-modify-write, so each continues the release
// sequences of all those before it. What the consumer did before TryGoIdle (release) is seen by the
// producer that wakes the queue (Push acquires too), and so by the next consumer: state that only
// jobs touch needs no lock.
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
  }

  // The consumer only. True: idle, the caller is the consumer no longer and must not touch anything
  // that jobs touch. False: a job came in; the caller remains the consumer.
  bool TryGoIdle() {
    Node* expected = Busy();
    return head_.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel,
                                         std::memory_order_acquire);
  }

 private:
  // An address that no node has; never read through.
  Node* Busy() { return reinterpret_cast<Node*>(this); }

  std::atomic<Node*> head_{nullptr};  // atomic: producers push, the consumer takes and goes idle
};

}  // namespace job

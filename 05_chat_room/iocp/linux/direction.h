// One direction of a connection (receives and accepts, or sends and connects): the operations that
// wait in it, in call order, and the state machine that says whose turn it is.
//
// Only the head is performed, by one thread at a time (P23). A plain call takes its turn in the
// same queue: it becomes the head, and its own thread tries and waits while it is.
//
// Everything here is guarded by the socket's lock. Next() is the whole table of transitions;
// unit_direction.cc walks it exhaustively.
#pragma once

#include <cstdint>

namespace iocp {

struct Operation;

enum class Phase : std::uint8_t {
  kWaiting,      // the kernel had nothing: an edge will tell
  kReady,        // the kernel may have something
  kTrying,       // a thread is busy with the head
  kTryingAgain,  // the same, and an edge has arrived meanwhile: it may have come too late for it
};

enum class End : std::uint8_t {
  kOpen,
  kFinOwed,  // sends: shut, and the FIN goes out behind what is queued
  kShut,     // no more operations (P28); sends: the FIN is out, or on its way
  kBroken,   // the connection has failed: whatever is queued fails at once (P26)
};

struct DirectionState {
  Phase phase = Phase::kReady;
  End end = End::kOpen;
  friend bool operator==(const DirectionState&, const DirectionState&) = default;
};

enum class DirectionEvent : std::uint8_t {
  kQueued,    // an operation was put into the queue, or taken out of it unperformed
  kEdge,      // the poller says that there may be something
  kTookAll,   // the busy thread is back: nothing is there until the next edge
  kTookSome,  // the busy thread is back: there may be more
  kRefuse,    // shutdown(SD_RECEIVE)
  kFinish,    // shutdown(SD_SEND), DisconnectEx
  kBreak,     // the connection has failed
};

// What the thread that brought the event does next.
enum class Act : std::uint8_t {
  kNothing,
  kTry,      // it is the busy thread now: performs the head (or fails it, or gives it the turn)
  kSendFin,  // everything queued has gone, and a FIN was owed
};

struct Transition {
  DirectionState state;
  Act act;
};

// `queued`: there is a head.
constexpr Transition Next(DirectionState state, DirectionEvent event, bool queued) {
  auto& [phase, end] = state;
  bool busy = phase == Phase::kTrying || phase == Phase::kTryingAgain;
  switch (event) {
    case DirectionEvent::kQueued:
      break;
    case DirectionEvent::kEdge:
      phase = busy ? Phase::kTryingAgain : Phase::kReady;
      break;
    case DirectionEvent::kTookAll:
      phase = phase == Phase::kTryingAgain ? Phase::kReady : Phase::kWaiting;
      busy = false;
      break;
    case DirectionEvent::kTookSome:
      phase = Phase::kReady;
      busy = false;
      break;
    case DirectionEvent::kRefuse:
      if (end == End::kOpen) end = End::kShut;
      break;
    case DirectionEvent::kFinish:
      if (end == End::kOpen) end = End::kFinOwed;
      break;
    case DirectionEvent::kBreak:
      end = End::kBroken;
      break;
  }
  if (busy) return {state, Act::kNothing};  // its thread goes on when it is back
  if (queued && (phase == Phase::kReady || end == End::kBroken)) {
    phase = Phase::kTrying;
    return {state, Act::kTry};
  }
  if (!queued && end == End::kFinOwed) {
    end = End::kShut;
    return {state, Act::kSendFin};
  }
  return {state, Act::kNothing};
}

struct Direction {
  Operation* head = nullptr;
  Operation* tail = nullptr;
  DirectionState state;
  // The port's look count (CompletionPort::looks) at the last attempt: while nobody has looked for
  // edges since, there can be one that nobody knows of yet.
  std::uint32_t tried_at = 0;

  Act Take(DirectionEvent event) {
    const Transition transition = Next(state, event, head != nullptr);
    state = transition.state;
    return transition.act;
  }
  bool Busy() const { return state.phase == Phase::kTrying || state.phase == Phase::kTryingAgain; }
  // Nothing is queued or under way. For sends: everything the program gave has gone to the kernel.
  bool Gone() const { return head == nullptr && !Busy(); }
  bool Waits() const { return head != nullptr && !Busy(); }

  void PushBack(Operation* operation);
  void PopFront() { Remove(head); }
  void Remove(Operation* operation);  // touches its two neighbours only
};

}  // namespace iocp

// The table of a direction's transitions (iocp/linux/direction.h): every state, every event, and
// every walk that its users can make, against what a socket promises of it.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <tuple>
#include <vector>

#include "iocp/linux/direction.h"
#include "iocp/linux/operation.h"
#include "iocp/linux/socket.h"

namespace iocp {
namespace {

constexpr std::array kPhases = {Phase::kWaiting, Phase::kReady, Phase::kTrying,
                                Phase::kTryingAgain};
constexpr std::array kEnds = {End::kOpen, End::kFinOwed, End::kShut, End::kBroken};
constexpr std::array kEvents = {DirectionEvent::kQueued,  DirectionEvent::kEdge,
                                DirectionEvent::kTookAll, DirectionEvent::kTookSome,
                                DirectionEvent::kRefuse,  DirectionEvent::kFinish,
                                DirectionEvent::kBreak};

bool Busy(Phase phase) {
  return phase == Phase::kTrying || phase == Phase::kTryingAgain;
}

// The two that only the busy thread brings.
bool EndsAnAttempt(DirectionEvent event) {
  return event == DirectionEvent::kTookAll || event == DirectionEvent::kTookSome;
}

template <typename Check>
void ForEach(Check check) {
  for (const Phase phase : kPhases) {
    for (const End end : kEnds) {
      for (const DirectionEvent event : kEvents) {
        if (EndsAnAttempt(event) && !Busy(phase)) continue;  // nobody is there to bring it
        for (const bool queued : {false, true}) {
          const DirectionState state{phase, end};
          SCOPED_TRACE(::testing::Message() << "phase " << int(phase) << " end " << int(end)
                                            << " event " << int(event) << " queued " << queued);
          check(state, event, queued, Next(state, event, queued));
        }
      }
    }
  }
}

TEST(Direction, OneThreadIsBusyAtATime) {
  ForEach([](DirectionState before, DirectionEvent event, bool, Transition next) {
    const bool still_busy = Busy(before.phase) && !EndsAnAttempt(event);
    if (still_busy) {
      EXPECT_EQ(next.act, Act::kNothing);
      EXPECT_TRUE(Busy(next.state.phase));
    } else {
      EXPECT_EQ(Busy(next.state.phase), next.act == Act::kTry) << "busy is whoever was told so";
    }
  });
}

TEST(Direction, NoEdgeIsLost) {
  ForEach([](DirectionState before, DirectionEvent event, bool queued, Transition next) {
    if (event == DirectionEvent::kEdge) {
      EXPECT_EQ(next.state.phase, Busy(before.phase) ? Phase::kTryingAgain
                                  : queued           ? Phase::kTrying
                                                     : Phase::kReady);
    }
    if (event == DirectionEvent::kTookAll && before.phase == Phase::kTryingAgain) {
      EXPECT_NE(next.state.phase, Phase::kWaiting) << "it may have come after the last look";
    }
  });
}

TEST(Direction, WhatIsQueuedAndPossibleIsTried) {
  ForEach([](DirectionState, DirectionEvent, bool queued, Transition next) {
    const bool at_rest = !Busy(next.state.phase);
    const bool possible = next.state.phase == Phase::kReady || next.state.end == End::kBroken;
    EXPECT_FALSE(at_rest && queued && possible) << "somebody had to be told";
    if (next.act == Act::kTry) {
      EXPECT_TRUE(queued);
    }
  });
}

TEST(Direction, FinGoesOnceAndBehindEverything) {
  ForEach([](DirectionState before, DirectionEvent event, bool queued, Transition next) {
    if (next.act == Act::kSendFin) {
      EXPECT_FALSE(queued);
      EXPECT_FALSE(Busy(next.state.phase));
      EXPECT_EQ(next.state.end, End::kShut);
      EXPECT_TRUE(before.end == End::kFinOwed || event == DirectionEvent::kFinish);
    }
    if (next.state.end == End::kFinOwed) {
      EXPECT_TRUE(queued || Busy(next.state.phase)) << "nothing keeps it";
    }
    if (before.end == End::kShut || before.end == End::kBroken) {
      EXPECT_NE(next.act, Act::kSendFin);
    }
  });
}

TEST(Direction, AnEndIsForEver) {
  ForEach([](DirectionState before, DirectionEvent event, bool, Transition next) {
    if (before.end != End::kOpen) {
      EXPECT_NE(next.state.end, End::kOpen);
    }
    if (before.end == End::kBroken || event == DirectionEvent::kBreak) {
      EXPECT_EQ(next.state.end, End::kBroken);
    }
  });
}

// All walks of a queue of up to two operations whose busy thread takes one each time, from the
// start: wherever nothing more happens by itself, an edge, and a break, finish everything.
TEST(Direction, EveryWalkCanEnd) {
  struct Node {
    DirectionState state;
    int queued;
    auto operator<=>(const Node& other) const {
      return std::tuple(state.phase, state.end, queued) <=>
             std::tuple(other.state.phase, other.state.end, other.queued);
    }
  };
  std::set<Node> seen;
  std::vector<Node> open{{DirectionState{}, 0}};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    if (!seen.insert(node).second) continue;
    const auto go = [&](DirectionEvent event, int queued) {
      open.push_back({Next(node.state, event, queued > 0).state, queued});
    };
    for (const DirectionEvent event : kEvents) {
      if (EndsAnAttempt(event)) continue;
      const bool adds = event == DirectionEvent::kQueued && node.queued < 2;
      if (adds && node.state.end == End::kOpen) go(event, node.queued + 1);
      go(event, node.queued);
    }
    if (Busy(node.state.phase)) {
      go(DirectionEvent::kTookAll, node.queued);
      if (node.queued > 0) {
        go(DirectionEvent::kTookAll, node.queued - 1);
        go(DirectionEvent::kTookSome, node.queued - 1);
      }
    } else if (node.queued > 0) {
      go(DirectionEvent::kQueued, node.queued - 1);  // cancelled
    }
  }
  EXPECT_GT(seen.size(), 20u);
  for (Node node : seen) {
    DirectionState state = Next(node.state, DirectionEvent::kEdge, node.queued > 0).state;
    int queued = node.queued;
    for (int step = 0; step < 8 && Busy(state.phase); ++step) {
      if (queued > 0) --queued;
      state = Next(state, DirectionEvent::kTookSome, queued > 0).state;
    }
    EXPECT_EQ(queued, 0);
    EXPECT_FALSE(Busy(state.phase));
    EXPECT_NE(state.end, End::kFinOwed);
  }
}

// Whoever is cancelled in the middle of a long queue leaves it without a walk: the far ends are not
// touched (their links lead nowhere here), the neighbours are joined.
TEST(Direction, LeavingTheQueueTouchesTheNeighboursOnly) {
  std::array<Operation, 5> operations;
  Direction direction;
  for (Operation& operation : operations) direction.PushBack(&operation);
  auto& [first, second, third, fourth, fifth] = operations;
  first.next = nullptr;
  fifth.previous = nullptr;
  direction.Remove(&third);
  EXPECT_EQ(second.next, &fourth);
  EXPECT_EQ(fourth.previous, &second);
  EXPECT_EQ(direction.head, &first);
  EXPECT_EQ(direction.tail, &fifth);
  first.next = &second;
  fifth.previous = &fourth;
  direction.Remove(&fifth);
  EXPECT_EQ(direction.tail, &fourth);
  direction.PopFront();
  direction.PopFront();
  EXPECT_EQ(direction.head, &fourth);
  direction.PopFront();
  EXPECT_TRUE(direction.Gone());
  EXPECT_EQ(direction.tail, nullptr);
}

}  // namespace
}  // namespace iocp

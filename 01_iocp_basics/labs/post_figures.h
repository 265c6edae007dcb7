// PostQueuedCompletionStatus and GetQueuedCompletionStatus by several threads on one port, beside
// the least that could do it: a std::mutex and a std::deque.
#pragma once

namespace bench {

struct PostFigures {
  double port = 0;         // pairs of Post and Get a second, all threads together
  double deque = 0;        // the same with mutex and deque
  double futex_calls = 0;  // of the port, per pair: how often its lock or its threads slept or woke
};

PostFigures MeasurePosts(int threads, double seconds);

}  // namespace bench

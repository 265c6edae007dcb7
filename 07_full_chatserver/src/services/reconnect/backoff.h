// How long to wait before the next attempt to reach something that is away: twice as long after
// every failure up to a limit, and each time a random part less. Without the random part all
// servers that lost the same Redis would knock again at the same moment, for ever.
//
// Threading: none; one object belongs to one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace services {

class Backoff {
 public:
  // first: after the first failure; max: the limit; 0 < first <= max. seed 0: a random one.
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds max, std::uint64_t seed = 0);

  // The wait before the next attempt: between half of the current step and all of it.
  std::chrono::milliseconds Next();

  // It worked: the next failure starts at `first` again.
  void Reset() { step_ = first_; }

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds max_;
  std::chrono::milliseconds step_;
  std::mt19937_64 random_;
};

}  // namespace services

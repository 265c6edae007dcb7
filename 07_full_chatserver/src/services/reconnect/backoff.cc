#include "services/reconnect/backoff.h"

#include <algorithm>

namespace services {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds max, std::uint64_t seed)
    : first_(std::max(first, std::chrono::milliseconds(1))),
      max_(std::max(max, first_)),
      step_(first_),
      random_(seed != 0 ? seed : std::random_device{}()) {}

std::chrono::milliseconds Backoff::Next() {
  std::uniform_int_distribution<std::int64_t> part(step_.count() / 2, step_.count());
  const std::chrono::milliseconds wait(part(random_));
  step_ = std::min(step_ * 2, max_);
  return wait;
}

}  // namespace services

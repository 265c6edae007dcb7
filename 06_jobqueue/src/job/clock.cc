#include "job/clock.h"

namespace job {
namespace {

class RealClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                 TimePoint until) const override {
    wake.wait_until(lock, until);
  }
};

}  // namespace

const Clock& SteadyClock() {
  static const RealClock clock;
  return clock;
}

}  // namespace job

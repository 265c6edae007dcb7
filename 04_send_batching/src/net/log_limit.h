// How many lines of one kind the log gets in a second. Strangers decide how often the server has
// something to say about them: without a limit a thousand refused connections a second push
// everything else out of the log and fill the disk.
//
// Threading: any thread. Errors: none.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace net {

class LogLimit {
 public:
  struct LeftOut {
    std::string kind;
    std::uint64_t lines = 0;
  };

  explicit LogLimit(std::uint32_t lines_per_second) : lines_per_second_(lines_per_second) {}

  // May a line of this kind be written in this second? The kinds are few: names of events, never
  // what a client has sent. `told` gets what was left out in seconds that are over, each once.
  bool Allow(std::string_view kind, std::int64_t second, std::vector<LeftOut>& told);
  // All that was left out and not told yet, also in this second.
  std::vector<LeftOut> Take();

 private:
  struct Kind {
    std::string name;
    std::int64_t second = 0;
    std::uint32_t lines = 0;
    std::uint64_t left_out = 0;
  };

  const std::uint32_t lines_per_second_;
  std::mutex lock_;
  std::vector<Kind> kinds_;  // guarded by lock_
};

}  // namespace net

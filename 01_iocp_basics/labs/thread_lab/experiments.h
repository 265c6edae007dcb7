// The experiments of the lab. Each makes a port of its own, and throws apps::StartError when what
// must happen does not happen in time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "labs/thread_lab/crew.h"

namespace thread_lab {

// Low load: the next packet comes only when everybody sleeps again.
struct LowLoad {
  std::string source;  // "posted packets" or "socket data"
  DWORD limit = 0;
  std::vector<std::uint64_t> served;  // packets of each worker
};
LowLoad RunLowLoadPosted(std::size_t workers, DWORD limit, std::size_t packets);
LowLoad RunLowLoadSocket(std::size_t workers, DWORD limit, std::size_t packets);

// A burst: many packets at once, none of the work blocks.
struct Burst {
  DWORD limit = 0;
  std::size_t peak_at_work = 0;
  std::vector<std::uint64_t> served;
};
Burst RunBurst(std::size_t workers, DWORD limit, std::size_t packets);

// One packet per worker, and each worker blocks in its work until all that can have come.
struct Blocking {
  std::string call;  // what it blocks in
  DWORD limit = 0;
  std::size_t blocked = 0;  // workers that were blocked at the same time
  Lengths lengths;          // the port at that moment
  std::vector<std::uint64_t> served;
};
Blocking RunBlockingInApi(std::size_t workers, DWORD limit);      // WaitForSingleObject
Blocking RunBlockingElsewhere(std::size_t workers, DWORD limit);  // std::condition_variable

}  // namespace thread_lab

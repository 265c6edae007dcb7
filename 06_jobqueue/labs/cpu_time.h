// Processor time used so far, in microseconds (user and kernel). Any thread.
#pragma once

#include <cstdint>

namespace apps {

std::uint64_t ThreadCpuMicroseconds();   // of the calling thread
std::uint64_t ProcessCpuMicroseconds();  // of all threads of this program

}  // namespace apps

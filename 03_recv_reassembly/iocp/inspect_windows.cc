// Windows: the port is inside the kernel, nothing to see from here.
#include "iocp/inspect.h"

#ifdef _WIN32

namespace iocp {

std::optional<PortSnapshot> TakeSnapshot(HANDLE) {
  return std::nullopt;
}
std::optional<PortSizes> ReadSizes(HANDLE) {
  return std::nullopt;
}
bool WaitUntilParked(HANDLE, std::size_t, std::chrono::steady_clock::time_point) {
  return false;
}
void NameThread(const std::string&) {}
const char* ToString(SystemCall) {
  return "";
}
std::optional<Counters> ReadCounters() {
  return std::nullopt;
}

}  // namespace iocp

#endif

#include "iocp/linux/kept_options.h"

#include <cstring>

#include "iocp/linux/counters.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

void KeptOptions::Keep(int level, int name, const void* value, std::size_t size) {
  if (size > sizeof Option::value) return;
  options_.remove_if(
      [&](const Option& option) { return option.level == level && option.name == name; });
  CountAllocation();
  Option& option = options_.emplace_front(Option{.level = level, .name = name, .size = size});
  std::memcpy(option.value, value, size);
}

void KeptOptions::Keep(const KeptOptions& others) {
  for (const Option& it : others.options_) Keep(it.level, it.name, it.value, it.size);
}

std::optional<int> KeptOptions::Find(int level, int name) const {
  for (const Option& option : options_) {
    if (option.level != level || option.name != name) continue;
    int number = 0;
    std::memcpy(&number, option.value, sizeof number);
    return number;
  }
  return std::nullopt;
}

void KeptOptions::ApplyTo(int fd) const {
  for (const Option& it : options_) {
    SysSetSockOpt(fd, it.level, it.name, it.value, static_cast<socklen_t>(it.size));
  }
}

}  // namespace iocp

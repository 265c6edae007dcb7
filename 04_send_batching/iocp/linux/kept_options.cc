#include "iocp/linux/kept_options.h"

#include <cstring>
#include <utility>

#include "iocp/linux/counters.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

KeptOptions::Option* KeptOptions::Entry(int level, int name) const {
  Option* option = first_.get();
  while (option != nullptr && (option->level != level || option->name != name)) {
    option = option->next.get();
  }
  return option;
}

void KeptOptions::Keep(int level, int name, const void* value, std::size_t size) {
  if (size > sizeof Option::value) return;
  Option* option = Entry(level, name);
  if (option == nullptr) {
    CountAllocation();
    auto made = std::make_unique<Option>();
    made->level = level;
    made->name = name;
    made->next = std::move(first_);
    first_ = std::move(made);
    option = first_.get();
  }
  option->size = size;
  std::memcpy(option->value, value, size);
}

void KeptOptions::Keep(const KeptOptions& others) {
  for (const Option* it = others.first_.get(); it != nullptr; it = it->next.get()) {
    Keep(it->level, it->name, it->value, it->size);
  }
}

std::optional<int> KeptOptions::Find(int level, int name) const {
  const Option* const option = Entry(level, name);
  if (option == nullptr) return std::nullopt;
  int number = 0;
  std::memcpy(&number, option->value, sizeof number);
  return number;
}

void KeptOptions::ApplyTo(int fd) const {
  for (const Option* it = first_.get(); it != nullptr; it = it->next.get()) {
    SysSetSockOpt(fd, it->level, it->name, it->value, static_cast<socklen_t>(it->size));
  }
}

}  // namespace iocp

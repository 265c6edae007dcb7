// The options that a program has set on a socket. Its next descriptor gets them, too: after
// DisconnectEx, after a failed connect, by AcceptEx. What was not set is left to the system, which
// for instance sizes a connection's buffers by itself until somebody has set a size.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

namespace iocp {

// Not synchronised: guarded by the socket's lock. A block for each option: most sockets have none
// or one.
class KeptOptions {
 public:
  KeptOptions() = default;
  KeptOptions(const KeptOptions&) = delete;
  KeptOptions& operator=(const KeptOptions&) = delete;

  bool empty() const { return first_ == nullptr; }
  void Keep(int level, int name, const void* value, std::size_t size);
  void Keep(const KeptOptions& others);
  std::optional<int> Find(int level, int name) const;  // an int that was set
  // What the system takes for this descriptor (a connected one does not take everything).
  void ApplyTo(int fd) const;

 private:
  struct Option {
    int level = 0;
    int name = 0;
    std::size_t size = 0;
    char value[8] = {};  // LINGER's; what is longer is for UDP, which keeps its descriptor
    std::unique_ptr<Option> next;
  };
  Option* Entry(int level, int name) const;

  std::unique_ptr<Option> first_;
};

}  // namespace iocp

// The options that a program has set on a socket. Its next descriptor gets them, too: after
// DisconnectEx, after a failed connect, by AcceptEx. What was not set is left to the system, which
// for instance sizes a connection's buffers by itself until somebody has set a size.
#pragma once

#include <cstddef>
#include <forward_list>
#include <optional>

namespace iocp {

// Not synchronised: guarded by the socket's lock. A list of one pointer: most sockets have no
// option or one.
class KeptOptions {
 public:
  bool empty() const { return options_.empty(); }
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
  };

  std::forward_list<Option> options_;
};

}  // namespace iocp

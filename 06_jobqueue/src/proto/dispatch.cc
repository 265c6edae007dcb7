#include "proto/dispatch.h"

#include <array>

#include "net/thread_object.h"

namespace proto {

namespace {

// One per thread. The order matters: the arena gives its first block back before the block goes.
struct ThreadArena {
  alignas(16) std::array<char, 16 * 1024> first_block;
  google::protobuf::Arena arena{[this] {
    google::protobuf::ArenaOptions options;
    options.initial_block = first_block.data();
    options.initial_block_size = first_block.size();
    return options;
  }()};
};

}  // namespace

google::protobuf::Arena& ParseArena() {
  return net::ThreadObject<ThreadArena>::Get().arena;
}

std::string_view ToString(Dispatched dispatched) {
  switch (dispatched) {
    case Dispatched::kHandled:
      return "handled";
    case Dispatched::kUnknownId:
      return "unknown packet id";
    case Dispatched::kWrongDirection:
      return "packet of the wrong direction";
    case Dispatched::kParseFailed:
      return "bad protobuf";
    case Dispatched::kRefused:
      return "protocol violation";
  }
  return "?";
}

}  // namespace proto

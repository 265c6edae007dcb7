// What the generated dispatch functions share: parsing a body and calling its handler.
//
// Threading: any thread; each has an arena of its own. A parsed message lives until its handler
// returns.
#pragma once

#include <google/protobuf/arena.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace proto {

// What became of a received packet. Everything but kHandled closes the session that sent it.
enum class Dispatched : std::uint8_t {
  kHandled,
  kUnknownId,       // no packet has this id
  kWrongDirection,  // a packet that only the other side may send
  kParseFailed,     // the body is not this message
  kRefused,         // the handler says that its sender broke the protocol
};
[[nodiscard]] std::string_view ToString(Dispatched dispatched);

// The arena that the calling thread parses on. Its first block stays allocated, so that parsing a
// message of the usual size allocates nothing.
google::protobuf::Arena& ParseArena();

// Frees what the messages of a handler have allocated, also when the handler throws. All at once:
// the arena forgets, no destructor walks a tree.
class ArenaScope {
 public:
  explicit ArenaScope(google::protobuf::Arena& arena) : arena_(arena) {}
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;
  ~ArenaScope() { arena_.Reset(); }

 private:
  google::protobuf::Arena& arena_;
};

// `body` lies in the received packet; it is read where it is.
template <typename Message, typename Session>
Dispatched ParseAndCall(Session& session, std::span<const std::uint8_t> body,
                        bool (*handle)(Session&, const Message&)) {
  // A frame's body has 65529 bytes at most, far below the int that protobuf wants.
  // [parse]
  // <student 05.1>
  google::protobuf::Arena& arena = ParseArena();
  const ArenaScope scope(arena);
  auto* const message = google::protobuf::Arena::CreateMessage<Message>(&arena);
  if (!message->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Dispatched::kParseFailed;
  }
  return handle(session, *message) ? Dispatched::kHandled : Dispatched::kRefused;
  // </student>
  // [/parse]
}

}  // namespace proto

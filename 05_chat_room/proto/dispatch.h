// What the generated dispatch functions share: parsing a body and calling its handler.
//
// Threading: any thread; each has an arena of its own. A parsed message lives until its handler
// returns.
#pragma once

#include <google/protobuf/arena.h>

#include <cstdint>
#include <limits>
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

template <typename Message, typename Session>
Dispatched ParseAndCall(Session& session, std::span<const std::uint8_t> body,
                        bool (*handle)(Session&, const Message&)) {
  if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return Dispatched::kParseFailed;
  google::protobuf::Arena& arena = ParseArena();
  auto* const message = google::protobuf::Arena::CreateMessage<Message>(&arena);
  Dispatched result = Dispatched::kParseFailed;
  if (message->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    result = handle(session, *message) ? Dispatched::kHandled : Dispatched::kRefused;
  }
  arena.Reset();
  return result;
}

}  // namespace proto

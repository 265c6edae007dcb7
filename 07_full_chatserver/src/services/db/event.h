// What the server has stored: events, as payloads of journal records and as rows of the database.
//
// Times are milliseconds since 1970 (UTC). The string_views of a decoded event point into the
// payload.
//
// Each event lists its fields once, in Fields. The order is that of the bytes in the journal; the
// names are the columns. A field that is no more keeps its place: Unused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/journal/record.h"

namespace db {

// kPast: older programs wrote where a player was last, which nobody read. Their journals may still
// have it: it is passed over.
enum class EventKind : std::uint32_t { kChat = 1, kLogin = 2, kPast = 3 };

enum class Place : std::uint8_t { kRoom = 1, kSector = 2, kEverywhere = 3 };

struct ChatEvent {
  std::int64_t at_ms = 0;
  std::uint32_t server_id = 0;
  std::uint64_t account_no = 0;
  std::uint64_t session_id = 0;
  Place place = Place::kRoom;
  std::uint64_t place_id = 0;  // the room's id; sector: y * width + x
  std::uint32_t sequence = 0;  // as stamped on the broadcast
  std::string_view name;
  std::string_view msg;

  static constexpr EventKind kKind = EventKind::kChat;
  static constexpr std::string_view kTable = "chat_log";
  static void Fields(auto& e, auto&& field) {
    field("at_ms", e.at_ms), field("server_id", e.server_id), field("account_no", e.account_no);
    field("session_id", e.session_id), field("place", e.place), field("place_id", e.place_id);
    field("sequence", e.sequence), field("name", e.name), field("msg", e.msg);
  }
};

enum class LoginWhat : std::uint8_t { kLogin = 1, kLogout = 2 };

struct LoginEvent {
  std::int64_t at_ms = 0;
  std::uint32_t server_id = 0;
  std::uint64_t account_no = 0;
  std::uint64_t session_id = 0;
  LoginWhat what = LoginWhat::kLogin;
  std::string_view address;
  std::string_view reason;  // of a logout

  static constexpr EventKind kKind = EventKind::kLogin;
  static constexpr std::string_view kTable = "login_log";
  static void Fields(auto& e, auto&& field) {
    field("at_ms", e.at_ms), field("server_id", e.server_id), field("account_no", e.account_no);
    field("session_id", e.session_id), field("what", e.what), field.Unused();
    field("address", e.address), field("reason", e.reason);
  }
};

// Onto the batch of this turn. For both events.
template <class Event>
void Add(journal::Batch& batch, const Event& event);

// False: the payload is not one of these.
template <class Event>
bool Decode(std::string_view payload, Event& event);

// Milliseconds since 1970, now.
std::int64_t NowMs();

}  // namespace db

// What the server has stored: events, as payloads of journal records.
//
// Times are milliseconds since 1970 (UTC). The string_views of a decoded event point into the
// payload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/journal/record.h"

namespace db {

enum class EventKind : std::uint32_t { kChat = 1, kLogin = 2, kPlayerState = 3 };

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
};

enum class LoginWhat : std::uint8_t { kLogin = 1, kLogout = 2, kRefused = 3 };

struct LoginEvent {
  std::int64_t at_ms = 0;
  std::uint32_t server_id = 0;
  std::uint64_t account_no = 0;
  std::uint64_t session_id = 0;
  LoginWhat what = LoginWhat::kLogin;
  std::string_view name;
  std::string_view address;
  std::string_view reason;  // of a logout or refusal
};

// The newest one (by at_ms) of an account is kept.
struct PlayerStateEvent {
  std::int64_t at_ms = 0;
  std::uint32_t server_id = 0;
  std::uint64_t account_no = 0;
  std::uint64_t room_id = 0;
  std::uint32_t sector_x = 0;
  std::uint32_t sector_y = 0;
  std::uint64_t messages = 0;
  std::string_view name;
};

// Onto the batch of this turn.
void Add(journal::Batch& batch, const ChatEvent& event);
void Add(journal::Batch& batch, const LoginEvent& event);
void Add(journal::Batch& batch, const PlayerStateEvent& event);

// False: the payload is not one of these.
bool Decode(std::string_view payload, ChatEvent& event);
bool Decode(std::string_view payload, LoginEvent& event);
bool Decode(std::string_view payload, PlayerStateEvent& event);

// Milliseconds since 1970, now.
std::int64_t NowMs();

}  // namespace db

#include "services/db/event.h"

#include <chrono>
#include <type_traits>

namespace db {

namespace {

// An event is its fields one after the other: integers little-endian, strings with a length of 32
// bits before them.
class Writer {
 public:
  template <class... Fields>
  void Put(const Fields&... fields) {
    (PutOne(fields), ...);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void PutOne(std::string_view text) {
    PutOne(static_cast<std::uint32_t>(text.size()));
    bytes_.append(text);
  }
  template <class Number>
  requires(std::is_integral_v<Number> || std::is_enum_v<Number>) void PutOne(Number number) {
    char bytes[sizeof(Number)];
    journal::PutInteger(bytes, static_cast<std::uint64_t>(number), sizeof(Number));
    bytes_.append(bytes, sizeof bytes);
  }
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  // False: too few bytes, or too many.
  template <class... Fields>
  bool Get(Fields&... fields) {
    return (GetOne(fields) && ...) && bytes_.empty();
  }

 private:
  bool GetOne(std::string_view& text) {
    std::uint32_t size = 0;
    if (!GetOne(size) || bytes_.size() < size) return false;
    text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  template <class Number>
  requires(std::is_integral_v<Number> || std::is_enum_v<Number>) bool GetOne(Number& number) {
    if (bytes_.size() < sizeof(Number)) return false;
    number = static_cast<Number>(journal::GetInteger(bytes_.data(), sizeof(Number)));
    bytes_.remove_prefix(sizeof(Number));
    return true;
  }
  std::string_view bytes_;
};

// One list of fields per event, for both directions.
template <class Coder>
auto Fields(Coder&& code, auto& e) requires requires {
  e.msg;
}
{
  return code(e.at_ms, e.server_id, e.account_no, e.session_id, e.place, e.place_id, e.sequence,
              e.name, e.msg);
}
template <class Coder>
auto Fields(Coder&& code, auto& e) requires requires {
  e.address;
}
{
  return code(e.at_ms, e.server_id, e.account_no, e.session_id, e.what, e.name, e.address,
              e.reason);
}
template <class Coder>
auto Fields(Coder&& code, auto& e) requires requires {
  e.sector_x;
}
{
  return code(e.at_ms, e.server_id, e.account_no, e.room_id, e.sector_x, e.sector_y, e.messages,
              e.name);
}

template <class Event>
void AddEvent(journal::Batch& batch, EventKind kind, const Event& event) {
  Writer writer;
  Fields([&](const auto&... fields) { writer.Put(fields...); }, event);
  batch.Add(static_cast<std::uint32_t>(kind), writer.bytes());
}

template <class Event>
bool DecodeEvent(std::string_view payload, Event& event) {
  Reader reader(payload);
  return Fields([&](auto&... fields) { return reader.Get(fields...); }, event);
}

}  // namespace

void Add(journal::Batch& batch, const ChatEvent& event) {
  AddEvent(batch, EventKind::kChat, event);
}
void Add(journal::Batch& batch, const LoginEvent& event) {
  AddEvent(batch, EventKind::kLogin, event);
}
void Add(journal::Batch& batch, const PlayerStateEvent& event) {
  AddEvent(batch, EventKind::kPlayerState, event);
}

bool Decode(std::string_view payload, ChatEvent& event) {
  return DecodeEvent(payload, event);
}
bool Decode(std::string_view payload, LoginEvent& event) {
  return DecodeEvent(payload, event);
}
bool Decode(std::string_view payload, PlayerStateEvent& event) {
  return DecodeEvent(payload, event);
}

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace db

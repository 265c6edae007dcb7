#include "services/db/event.h"

#include <chrono>
#include <string>
#include <type_traits>

#include "net/thread_object.h"

namespace db {

namespace {

// An event is its fields one after the other: integers little-endian, strings with a length of 32
// bits before them.
class Writer {
 public:
  explicit Writer(std::string& bytes) : bytes_(bytes) {}

  void operator()(std::string_view, std::string_view text) {
    Put(text.size(), sizeof(std::uint32_t));
    bytes_.append(text);
  }
  template <class Number>
  void operator()(std::string_view, Number number) {
    Put(static_cast<std::uint64_t>(number), sizeof(Number));
  }
  void Unused() { Put(0, sizeof(std::uint32_t)); }

 private:
  void Put(std::uint64_t number, std::size_t size) {
    char bytes[8];
    journal::PutInteger(bytes, number, size);
    bytes_.append(bytes, size);
  }
  std::string& bytes_;
};

// An event's bytes on their way into a batch; its memory is used again for the next one.
struct EventBytes {
  std::string bytes;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  void operator()(std::string_view, std::string_view& text) { text = Get(GetNumber(4)); }
  template <class Number>
  void operator()(std::string_view, Number& number) {
    number = static_cast<Number>(GetNumber(sizeof(Number)));
  }
  void Unused() { (void)Get(GetNumber(4)); }

  // Neither too few bytes nor too many.
  bool fits() const { return enough_ && bytes_.empty(); }

 private:
  std::uint64_t GetNumber(std::size_t size) {
    const std::string_view bytes = Get(size);
    return enough_ ? journal::GetInteger(bytes.data(), size) : 0;
  }
  std::string_view Get(std::uint64_t size) {
    enough_ = enough_ && bytes_.size() >= size;
    if (!enough_) return {};
    const std::string_view bytes = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(bytes.size());
    return bytes;
  }
  std::string_view bytes_;
  bool enough_ = true;
};

}  // namespace

template <class Event>
void Add(journal::Batch& batch, const Event& event) {
  std::string& bytes = net::ThreadObject<EventBytes>::Get().bytes;
  bytes.clear();
  Writer writer(bytes);
  Event::Fields(event, writer);
  batch.Add(static_cast<std::uint32_t>(Event::kKind), bytes);
}

template <class Event>
bool Decode(std::string_view payload, Event& event) {
  Reader reader(payload);
  Event::Fields(event, reader);
  return reader.fits();
}

template void Add(journal::Batch&, const ChatEvent&);
template void Add(journal::Batch&, const LoginEvent&);
template bool Decode(std::string_view, ChatEvent&);
template bool Decode(std::string_view, LoginEvent&);

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace db

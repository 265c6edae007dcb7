#include "load/echo_client.h"

#include <algorithm>
#include <cstring>

namespace load {

EchoClient::EchoClient(const LoadOptions& options, RoomCount& said, Tally& tally)
    : Client(tally), said_(said), message_(options.payload) {}

void EchoClient::Make(std::int64_t due, std::uint64_t number) {
  std::memcpy(message_.data(), &due, sizeof due);
  std::memcpy(message_.data() + sizeof due, &number, sizeof number);
  std::fill(message_.begin() + sizeof due + sizeof number, message_.end(),
            static_cast<std::uint8_t>(number));
}

void EchoClient::Say(std::int64_t due) {
  said_.all.fetch_add(1, std::memory_order_relaxed);
  if (due >= tally_.measured_from) said_.measured.fetch_add(1, std::memory_order_relaxed);
  Make(due, next_++);
  Send(message_);
}

std::optional<std::size_t> EchoClient::OnBytes(std::span<const std::uint8_t> bytes) {
  std::size_t done = 0;
  for (; bytes.size() - done >= message_.size(); done += message_.size()) {
    const auto message = bytes.subspan(done, message_.size());
    std::int64_t due = 0;
    std::memcpy(&due, message.data(), sizeof due);
    Make(due, heard_);
    if (!std::ranges::equal(message, message_)) return std::nullopt;
    ++heard_;
    ++tally_.heard;
    CountLatency(due);
  }
  return done;
}

}  // namespace load

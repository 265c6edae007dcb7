// A client of an echo server: its messages have to come back as they were. They begin with the time
// at which they were due and their number; the rest depends on the number.
#pragma once

#include <vector>

#include "load/client.h"
#include "load/load_options.h"
#include "load/shared.h"

namespace load {

class EchoClient final : public Client {
 public:
  // Counts as a room of its own: what it says, it alone hears.
  EchoClient(const LoadOptions& options, RoomCount& said, Tally& tally);

  void OnConnected() override { state = ClientState::kReady; }
  std::optional<std::size_t> OnBytes(std::span<const std::uint8_t> bytes) override;
  void Say(std::int64_t due) override;
  bool HasHeardAll() const override { return heard_ >= said_.all.load(std::memory_order_relaxed); }

 private:
  void Make(std::int64_t due, std::uint64_t number);

  RoomCount& said_;
  std::uint64_t next_ = 0;
  std::uint64_t heard_ = 0;
  std::vector<std::uint8_t> message_;  // the one being sent, or the one that should come
};

}  // namespace load

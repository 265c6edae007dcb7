// A client of the chat: logs in, enters its room, and checks the number of everything it hears.
#pragma once

#include <vector>

#include "load/client.h"
#include "load/load_options.h"
#include "load/shared.h"
#include "load/wire.h"
#include "support/client/order_check.h"
#include "support/client/tickets.h"

namespace load {

class ChatClient final : public Client {
 public:
  // `sampled`: decodes what it hears and measures its latency.
  ChatClient(const LoadOptions& options, Shared& shared, Tally& tally, std::uint32_t room,
             bool sampled, client::Ticket ticket);

  void OnConnected() override;
  std::optional<std::size_t> OnBytes(std::span<const std::uint8_t> bytes) override;
  void Say(std::int64_t due) override;
  bool HasHeardAll() const override;
  void AddUp() override;

 private:
  // False: it makes no sense.
  bool OnFrame(const FrameHead& head, std::span<const std::uint8_t> frame);
  bool OnAnswer(std::uint16_t type, std::span<const std::uint8_t> body);
  bool Listen(std::span<const std::uint8_t> frame);
  bool OnRefused(std::span<const std::uint8_t> frame);
  void Enter();

  const LoadOptions& options_;
  Shared& shared_;
  const std::uint32_t room_;
  const bool sampled_;
  client::Ticket ticket_;
  std::uint32_t next_sequence_ = 1;
  std::uint64_t heard_ = 0;
  client::OrderCheck order_;
  std::vector<std::uint8_t> run_;  // a decoded frame
};

}  // namespace load

// One dummy client: logs in, enters its room, and checks every message it hears.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "support/client/dummy_crowd.h"
#include "support/client/order_check.h"

namespace client {

class DummySession final : public ServerSession {
 public:
  // `character`: which of the players of S_LOGIN it chooses (modulo their number).
  DummySession(DummyCrowd& crowd, std::uint32_t room, std::uint32_t character)
      : crowd_(crowd), room_(room), character_(character) {}

  // In-game id; 0 until it has entered.
  [[nodiscard]] std::uint64_t player_id() const {
    return player_id_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint32_t room() const { return room_; }

  // When the workers have stopped.
  [[nodiscard]] const OrderCheck& order() const { return order_; }
  [[nodiscard]] std::uint64_t corrupted() const { return corrupted_; }

 private:
  void OnConnected() override;
  void OnDisconnected(std::string_view reason) override;
  void OnLogin(const Protocol::S_LOGIN& pkt) override;
  void OnEnterGame(const Protocol::S_ENTER_GAME& pkt) override;
  void OnChat(const Protocol::S_CHAT& pkt) override;
  void OnPlayerJoined(const Protocol::S_PLAYER_JOINED& pkt) override;
  void OnPlayerLeft(const Protocol::S_PLAYER_LEFT& pkt) override;

  DummyCrowd& crowd_;
  const std::uint32_t room_;
  const std::uint32_t character_;
  std::atomic<std::uint64_t> player_id_{0};  // atomic: its worker writes, any thread reads
  OrderCheck order_;                         // its worker
  std::uint64_t corrupted_ = 0;              // its worker
};

}  // namespace client

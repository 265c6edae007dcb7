// The sector grid's hands: its talk into the chronicle, its answers into packets, its deliveries to
// the network. Called by the grid's jobs, one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chat/chronicle.h"
#include "chat/sector_grid.h"
#include "chat/session_sender.h"

namespace chat {

class SectorHost final : public SectorOutlet {
 public:
  SectorHost(SessionSender& sender, Chronicle& chronicle)
      : sender_(sender), chronicle_(chronicle) {}

 private:
  bool Record(std::span<const SectorTalk> turn) override;
  net::PacketRef MakeTalk(const SectorTalk& talk, std::uint32_t number,
                          std::uint32_t sector_number) override;
  net::PacketRef MakeAnswer(const SectorAnswer& answer) override;
  net::PacketRef MakeRefusal(net::SessionId to, SectorRefusal why) override;
  void Send(std::span<const SectorDelivery> deliveries) override;

  SessionSender& sender_;
  Chronicle& chronicle_;
  std::vector<TalkRecord> records_;  // kept for its memory
};

}  // namespace chat

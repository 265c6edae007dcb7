// For the tests of the sector grid: an outlet that keeps what each session gets, and an "ear" per
// session that checks the promised numbers as a client would.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "chat/sector_grid.h"
#include "job_test_support.h"
#include "net/packet.h"

namespace sector_test {

inline bool Near(chat::Position a, chat::Position b, std::uint32_t sector_size) {
  const auto close = [sector_size](std::uint32_t left, std::uint32_t right) {
    return std::abs(std::int64_t{left / sector_size} - std::int64_t{right / sector_size}) <= 1;
  };
  return close(a.x, b.x) && close(a.y, b.y);
}

// One session's side: what it has heard, and the first promise that was broken.
class Ear {
 public:
  void OnAnswer(const std::vector<chat::SectorMark>& heard, bool success) {
    answers_.push_back(success);
    if (!success) return;
    next_.clear();
    for (const chat::SectorMark& mark : heard) next_[mark.sector] = mark.next;
  }
  void OnTalk(std::uint32_t number, std::uint32_t sector, std::uint32_t sector_number,
              std::string message) {
    if (number <= last_number_) Complain("number " + std::to_string(number) + " goes back");
    last_number_ = number;
    const auto next = next_.find(sector);
    if (next == next_.end()) {
      Complain("sector " + std::to_string(sector) + " is not near");
    } else if (next->second++ != sector_number) {
      Complain("sector number " + std::to_string(sector_number) + " is not the next");
    }
    heard_.push_back(std::move(message));
  }
  void OnRefusal() { ++refusals_; }

  const std::vector<std::string>& heard() const { return heard_; }
  const std::vector<bool>& answers() const { return answers_; }
  const std::string& complaint() const { return complaint_; }
  std::uint32_t last_number() const { return last_number_; }
  std::uint32_t refusals() const { return refusals_; }

 private:
  void Complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what + " (after " + std::to_string(heard_.size()) + ")";
  }

  std::vector<std::string> heard_;
  std::vector<bool> answers_;
  std::map<std::uint32_t, std::uint32_t> next_;
  std::string complaint_;
  std::uint32_t last_number_ = 0;
  std::uint32_t refusals_ = 0;
};

// Packets are plain structs here: kind, numbers, text.
class RecordingOutlet final : public chat::SectorOutlet {
 public:
  bool Record(std::span<const chat::SectorTalk> turn) override {
    const std::lock_guard lock(mutex_);
    ++record_calls_;
    changed_.notify_all();
    if (throws_ > 0) {
      --throws_;
      throw std::runtime_error("the test asked for it");
    }
    if (failures_ > 0) {
      --failures_;
      return false;
    }
    for (const chat::SectorTalk& talk : turn) {
      recorded_.push_back(std::string(talk.name) + ": " + std::string(talk.message));
    }
    return true;
  }

  net::PacketRef MakeTalk(const chat::SectorTalk& talk, std::uint32_t number,
                          std::uint32_t sector_number) override {
    net::PacketRef packet = net::Packet::Make(kTalk, 1024);
    packet->SetSequence(number);
    *packet << talk.sector << sector_number << talk.message;
    return packet;
  }
  net::PacketRef MakeAnswer(const chat::SectorAnswer& answer) override {
    net::PacketRef packet = net::Packet::Make(kAnswer, 1024);
    *packet << answer.success;
    for (const chat::SectorMark& mark : answer.heard) *packet << mark.sector << mark.next;
    return packet;
  }
  net::PacketRef MakeRefusal(net::SessionId, chat::SectorRefusal) override {
    return net::Packet::Make(kRefusal);
  }

  void Send(std::span<const chat::SectorDelivery> deliveries) override {
    const std::lock_guard lock(mutex_);
    if (!deliveries.empty()) ++sends_;
    for (const chat::SectorDelivery& delivery : deliveries) {
      Deliver(ears_[delivery.to], *delivery.packet);
    }
  }

  void FailRecords(int count) { failures_ = count; }  // before the grid runs
  void ThrowOnce() { throws_ = 1; }                   // before the grid runs
  bool WaitForRecords(int calls) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, job_test::kDeadline, [&] { return record_calls_ >= calls; });
  }

  // After the grid's threads have ended.
  std::vector<std::string> Heard(net::SessionId id) { return ears_[id].heard(); }
  std::vector<bool> answers(net::SessionId id) { return ears_[id].answers(); }
  std::string Complaint(net::SessionId id) { return ears_[id].complaint(); }
  std::uint32_t last_number(net::SessionId id) { return ears_[id].last_number(); }
  std::uint32_t refusals(net::SessionId id) { return ears_[id].refusals(); }
  const std::vector<std::string>& recorded() const { return recorded_; }
  std::size_t sends() const { return sends_; }

 private:
  enum Kind : std::uint16_t { kTalk = 1, kAnswer, kRefusal };

  // A packet is shared by its receivers: read by position, not with >>.
  static void Deliver(Ear& ear, const net::Packet& packet) {
    const std::span<const std::uint8_t> body = packet.body();
    const auto number_at = [body](std::size_t at) { return net::LoadU32(body.data() + at); };
    if (packet.type() == kRefusal) return ear.OnRefusal();
    if (packet.type() == kTalk) {
      ear.OnTalk(packet.sequence(), number_at(0), number_at(4),
                 std::string(body.begin() + 10, body.end()));
      return;
    }
    std::vector<chat::SectorMark> marks;
    for (std::size_t at = 1; at + 8 <= body.size(); at += 8) {
      marks.push_back({number_at(at), number_at(at + 4)});
    }
    ear.OnAnswer(marks, body[0] != 0);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<net::SessionId, Ear> ears_;  // guarded by mutex_ while the grid runs
  std::vector<std::string> recorded_;   // guarded by mutex_ while the grid runs
  std::size_t sends_ = 0;               // guarded by mutex_ while the grid runs
  int record_calls_ = 0;                // guarded by mutex_
  int failures_ = 0;                    // guarded by mutex_
  int throws_ = 0;                      // guarded by mutex_
};

}  // namespace sector_test

// Who may connect, the same for the chat and the auth port: the country of the address,
// whether there is room, then how many connections it has, how fast they come, and how many wrong
// session keys it has tried.
//
// The last slots are kept for addresses that have logged in lately: whoever holds slots without
// ever logging in, from however many addresses, cannot keep those out.
//
// Threading: Open before the threads; the rest by any.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "enum.pb.h"
#include "net/doorman.h"
#include "services/admission/connection_gate.h"
#include "services/admission/recent_set.h"
#include "services/country/country_check.h"
#include "services/log/log_throttle.h"

namespace server {

struct DoorOptions {
  const char* port = "chat";  // in the log
  services::ConnectionLimits limits;
  std::uint32_t session_max = 1;
  std::uint32_t reserved = 0;  // of these, for addresses that have logged in lately
  std::chrono::seconds known_for{24 * 3600};
};

enum class DoorAnswer : unsigned char { kOpen, kAbroad, kLimited, kFull };
inline constexpr std::size_t kDoorAnswers = 4;

class ServerDoorman final : public net::Doorman {
 public:
  // A frame that says "refused" in the words of the port's protocol.
  using MakeNotice = std::vector<std::byte> (*)(Protocol::Refusal reason, std::uint8_t fixed_key);

  ServerDoorman(const DoorOptions& options, MakeNotice make_notice, std::uint8_t fixed_key);

  // An empty string, or what is wrong with the country database.
  std::string Open(const services::CountryOptions& options) { return country_.Open(options); }

  // Takes a country database that was replaced. One thread at a time.
  void RefreshCountries();
  [[nodiscard]] bool countries_stale() const { return country_.IsStale(); }

  bool MayEnter(const net::PeerAddress& peer) override;
  std::span<const std::byte> NoticeFor(const net::PeerAddress& peer) override;
  void Entered(const net::PeerAddress& peer) override;
  void Left(const net::PeerAddress& peer) override;
  void LoggedIn(const net::PeerAddress& peer) override;
  void WrongKey(const net::PeerAddress& peer) override;

  [[nodiscard]] std::span<const std::byte> notice(DoorAnswer answer) const {
    return notices_[static_cast<std::size_t>(answer)];
  }
  [[nodiscard]] std::uint64_t refused(DoorAnswer answer) const {
    return refused_[static_cast<std::size_t>(answer)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t refused() const;

 private:
  struct Judgement {
    DoorAnswer answer = DoorAnswer::kOpen;
    const char* why = "";
    std::string country;
  };
  Judgement Judge(const net::PeerAddress& peer);
  bool IsFullFor(const net::PeerAddress& peer);

  const DoorOptions options_;
  std::array<std::vector<std::byte>, kDoorAnswers> notices_;  // kOpen: empty
  services::CountryCheck country_;
  services::ConnectionGate gate_;
  services::LogThrottle log_{5};
  // atomic: accepting threads, workers, lobby, collector
  std::atomic<std::uint32_t> inside_{0};
  std::array<std::atomic<std::uint64_t>, kDoorAnswers> refused_{};
  std::mutex lock_;
  services::RecentSet<std::uint32_t> known_;  // guarded by lock_: addresses that have logged in
};

}  // namespace server

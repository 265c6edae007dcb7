// Who may connect: the country of the address (G9), how many connections it has, how fast they
// come.
//
// Threading: Open before the threads; the rest by any.
#pragma once

#include <atomic>
#include <string>

#include "chat/chat_server.h"
#include "services/admission/connection_gate.h"
#include "services/country/country_check.h"

namespace server {

class ServerDoorman final : public chat::Doorman {
 public:
  explicit ServerDoorman(const services::ConnectionLimits& limits) : gate_(limits) {}

  // An empty string, or what is wrong with the country database.
  std::string Open(const services::CountryOptions& options) { return country_.Open(options); }

  // Takes a country database that was replaced. One thread at a time.
  void RefreshCountries();
  [[nodiscard]] bool countries_stale() const { return country_.IsStale(); }

  bool MayEnter(const net::PeerAddress& peer) override;
  void Entered(const net::PeerAddress& peer) override { gate_.Entered(peer.ip); }
  void Left(const net::PeerAddress& peer) override { gate_.Left(peer.ip); }

  [[nodiscard]] std::uint64_t refused() const {
    return gate_.refused() + abroad_.load(std::memory_order_relaxed);
  }

 private:
  services::CountryCheck country_;
  services::ConnectionGate gate_;
  std::atomic<std::uint64_t> abroad_{0};  // atomic: accepting threads
};

}  // namespace server

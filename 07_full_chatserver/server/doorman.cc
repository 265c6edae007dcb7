#include "server/doorman.h"

#include <spdlog/spdlog.h>

namespace server {

void ServerDoorman::RefreshCountries() {
  if (const std::string error = country_.Refresh(); !error.empty()) {
    spdlog::warn("door event=\"countries not replaced\" reason=\"{}\"", error);
  }
}

bool ServerDoorman::MayEnter(const net::PeerAddress& peer) {
  const services::CountryAnswer country = country_.Check(services::FromIpv4(peer.ip));
  if (!country.allowed()) {
    abroad_.fetch_add(1, std::memory_order_relaxed);
    spdlog::info("door event=refused peer={} reason=\"{}\" country={}", net::ToString(peer),
                 ToString(country.entry), country.country);
    return false;
  }
  const services::GateAnswer gate = gate_.Knock(peer.ip);
  if (gate == services::GateAnswer::kOpen) return true;
  spdlog::info("door event=refused peer={} reason=\"{}\"", net::ToString(peer), ToString(gate));
  return false;
}

}  // namespace server

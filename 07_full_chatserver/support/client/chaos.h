// Clients that misbehave, to show that they disturb nobody: connections that end in the middle of a
// packet, packets that are none, keys that are wrong, requests in the wrong order, peers that never
// read.
//
// Threading: Start and Stop by one owner thread; a thread of its own makes the trouble.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "net/peer_address.h"

namespace client {

class Chaos {
 public:
  Chaos(const net::PeerAddress& server, const net::PeerAddress& auth, std::uint64_t seed)
      : server_(server), auth_(auth), seed_(seed) {}
  Chaos(const Chaos&) = delete;
  Chaos& operator=(const Chaos&) = delete;
  ~Chaos() { Stop(); }

  void Start();
  void Stop();
  // Connections that were made, and misused.
  [[nodiscard]] std::uint64_t attempts() const { return attempts_.load(std::memory_order_relaxed); }

 private:
  void Run();

  const net::PeerAddress server_;
  const net::PeerAddress auth_;
  const std::uint64_t seed_;
  std::atomic<bool> stop_{false};           // atomic: set by the owner
  std::atomic<std::uint64_t> attempts_{0};  // atomic: written by the thread
  std::thread thread_;
};

}  // namespace client

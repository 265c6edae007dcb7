// What all peers share besides the chat: their command line, their first and their last line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "support/options.h"

namespace peers {

// What one client may have waiting to be sent; who has more does not read, and is disconnected.
// As stage 07's server.send_memory_bytes.
inline constexpr std::size_t kMostUnsent = 1 << 20;
// A room's turn is flushed early at this size, as a joined packet has to fit into one block.
inline constexpr std::size_t kMostTurn = 512 * 1024;
inline constexpr int kBacklog = 4096;

struct PeerOptions {
  std::uint16_t port = 0;
  std::size_t max_sessions = 20'000;
  std::size_t rooms = 1000;
};

void AddPeerOptions(apps::CommandLine& app, PeerOptions& options);

struct PeerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;     // over --max-sessions
  std::uint64_t slow = 0;        // disconnected, because they did not read
  std::uint64_t violations = 0;  // disconnected, because they broke the protocol
  std::uint64_t sends = 0;       // calls that sent
  std::uint64_t bytes = 0;       // that they sent
  std::uint64_t said = 0;        // messages
};

void PrintListening(std::uint16_t port);
void PrintCounters(const std::string& program, const PeerCounters& counters);

}  // namespace peers

// TCP segments of the whole machine, from the system's own counters.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace services {

// Counts since the machine started (32 bits and wrapping on Windows).
struct TcpCounters {
  std::uint64_t sent = 0;           // segments sent, those that only repeat old bytes not included
  std::uint64_t retransmitted = 0;  // segments with bytes that were sent before
};

// Linux: /proc/net/snmp (OutSegs, RetransSegs); Windows: GetTcpStatistics. Any thread.
// Nothing when the system does not tell.
std::optional<TcpCounters> ReadTcpCounters();

// The two numbers in the text of /proc/net/snmp: a line with the names, then one with the values.
std::optional<TcpCounters> ParseNetSnmp(std::string_view text);

}  // namespace services

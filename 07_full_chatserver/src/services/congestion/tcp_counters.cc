#include "services/congestion/tcp_counters.h"

#include <charconv>
#include <string>
#include <vector>

#ifdef _WIN32
#include <winsock2.h>
// Winsock first.
#include <iphlpapi.h>
#else
#include <fstream>
#include <sstream>
#endif

namespace services {
namespace {

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = line.find(' ');
    if (end != 0) words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return words;
}

std::optional<std::uint64_t> ValueOf(std::string_view name,
                                     const std::vector<std::string_view>& names,
                                     const std::vector<std::string_view>& values) {
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) {
    if (names[i] != name) continue;
    std::uint64_t value = 0;
    const char* end = values[i].data() + values[i].size();
    const auto [stop, error] = std::from_chars(values[i].data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TcpCounters> ParseNetSnmp(std::string_view text) {
  std::vector<std::string_view> names;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with("Tcp: ")) continue;
    if (names.empty()) {
      names = Words(line);
      continue;
    }
    const std::vector<std::string_view> values = Words(line);
    const auto sent = ValueOf("OutSegs", names, values);
    const auto retransmitted = ValueOf("RetransSegs", names, values);
    if (!sent || !retransmitted) return std::nullopt;
    return TcpCounters{*sent, *retransmitted};
  }
  return std::nullopt;
}

#ifdef _WIN32
std::optional<TcpCounters> ReadTcpCounters() {
  MIB_TCPSTATS stats{};
  if (GetTcpStatistics(&stats) != NO_ERROR) return std::nullopt;
  return TcpCounters{stats.dwOutSegs, stats.dwRetransSegs};
}
#else
std::optional<TcpCounters> ReadTcpCounters() {
  std::ifstream file("/proc/net/snmp");
  std::ostringstream text;
  text << file.rdbuf();
  return ParseNetSnmp(text.str());
}
#endif

}  // namespace services

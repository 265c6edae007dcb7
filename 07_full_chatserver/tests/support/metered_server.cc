#include "tests/support/metered_server.h"

#include <algorithm>
#include <sstream>

#include "tests/outside/http_get.h"
#include "tests/support/storage_support.h"

namespace support {

std::vector<std::string> MeteredServer::Arguments(const std::string& folder,
                                                  const std::vector<std::string>& sets) {
  std::vector<std::string> all = {"server.port=0",
                                  "auth.port=0",
                                  "auth.create_accounts=true",
                                  "auth.hash_ops=1",
                                  "auth.hash_memory_bytes=8192",
                                  "login.store=memory",
                                  "monitor.metrics_port=0",
                                  "auth.metrics_port=0",
                                  "monitor.interval_ms=200",
                                  "monitor.report=false",
                                  "timeouts.first_packet_ms=30000",
                                  "limits.connections_per_address=0",
                                  "limits.connection_rate=0",
                                  "auth.connections_per_address=0",
                                  "log.file=",
                                  "log.level=warn",
                                  "database.path=" + folder + "/chat.db",
                                  "journal.folder=" + folder + "/journal"};
  all.insert(all.end(), sets.begin(), sets.end());
  std::vector<std::string> arguments = {"--stop-on-eof"};
  for (const std::string& set : all) {
    arguments.emplace_back("--set");
    arguments.push_back(set);
  }
  return arguments;
}

std::string MeteredServer::PortIn(const std::string& line) {
  const std::size_t begin = line.rfind(':') + 1;
  return line.substr(begin, line.find_first_not_of("0123456789", begin) - begin);
}

MeteredServer::MeteredServer(const std::string& folder, const std::vector<std::string>& sets)
    : process_("chat_server", Arguments(folder, sets)) {
  while (const auto line = process_.ReadLine()) {
    if (line->starts_with("listening on ")) port_ = PortIn(*line);
    if (line->starts_with("auth on ")) auth_port_ = PortIn(*line);
    if (line->starts_with("metrics on ")) metrics_port_ = std::stoi(PortIn(*line));
    if (*line == "ready") {
      ready_ = true;
      break;
    }
  }
}

double MeteredServer::Metric(const std::string& name) const {
  std::istringstream lines(outside::HttpGet(metrics_port_, "/metrics").body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name) && (line[name.size()] == '{' || line[name.size()] == ' ')) {
      return std::stod(line.substr(line.rfind(' ')));
    }
  }
  return -1;
}

bool MeteredServer::AwaitMetric(const std::string& name, double wanted,
                                std::chrono::milliseconds patience) const {
  return storage_test::WaitUntil([&] { return Metric(name) == wanted; }, patience);
}

bool MeteredServer::Stop() {
  process_.Stop();
  return process_.Wait(std::chrono::seconds(90)) == 0;
}

}  // namespace support

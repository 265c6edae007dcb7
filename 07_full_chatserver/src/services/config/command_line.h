// --config, --set, --check-config and --print-config of a program.
//
//   config::CommandLine line;
//   config::AddOptions(app, line);          // then parse
//   config::Config config;
//   if (const std::optional<int> exit_code = config::Resolve(line, config, probes)) {
//     return *exit_code;
//   }
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/config/config.h"
#include "services/config/load.h"

namespace CLI {
class App;  // all header, and slow to compile: only who adds options includes it
}

namespace config {

inline constexpr int kExitBadConfig = 2;
inline constexpr int kExitNotReached = 1;  // --check-config=deep

struct CommandLine {
  Sources sources;
  std::string check;  // "", "files" (--check-config) or "deep" (--check-config=deep)
  bool print_only = false;
};

void AddOptions(CLI::App& app, CommandLine& line);

// A service that --check-config=deep has tried to reach.
struct Reached {
  std::string service;  // "redis 127.0.0.1:6379"
  std::string error;    // empty: it answers
};

// What those who know the parts bring. `options` run at every start, so that nothing that the start
// refuses is called fine by the check.
struct Probes {
  Checks options;
  Checks files;  // --check-config only: the start opens them itself
  std::function<std::vector<Reached>(const Config&)> reach;
};

// Nothing: go on with `config`. Otherwise the program's exit code: 2 when there are problems (all
// printed to stderr, one per line), 1 when a service is not reached, 0 after --check-config and
// --print-config.
std::optional<int> Resolve(const CommandLine& line, Config& config, const Probes& probes = {});

}  // namespace config

// --config, --set, --check-config and --print-config of a program.
//
//   config::CommandLine line;
//   config::AddOptions(app, line);          // then parse
//   config::Config config;
//   if (const std::optional<int> exit_code = config::Resolve(line, config)) return *exit_code;
#pragma once

#include <optional>

#include "services/config/config.h"
#include "services/config/load.h"

namespace CLI {
class App;  // all header, and slow to compile: only who adds options includes it
}

namespace config {

inline constexpr int kExitBadConfig = 2;

struct CommandLine {
  Sources sources;
  bool check_only = false;
  bool print_only = false;
};

void AddOptions(CLI::App& app, CommandLine& line);

// Nothing: go on with `config`. Otherwise the program's exit code: 2 when there are problems (all
// printed to stderr, one per line), 0 after --check-config and --print-config.
std::optional<int> Resolve(const CommandLine& line, Config& config);

}  // namespace config

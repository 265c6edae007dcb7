#include "services/config/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace config {

void AddOptions(CLI::App& app, CommandLine& line) {
  app.add_option("--config", line.sources.file, "TOML file; without it the defaults")
      ->type_name("FILE")
      ->check([](const std::string& file) {
        return file.empty() ? std::string("the name of a TOML file expected, not nothing") : "";
      });
  app.add_option("--set", line.sources.sets, "section.key=value, after the file; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--check-config{files}", line.check,
               "check the configuration, open its files and folders, and exit; =deep: also try to "
               "reach Redis, the database and the monitor, changing nothing")
      ->check(CLI::IsMember({"files", "deep"}));
  app.add_flag("--print-config", line.print_only, "print the configuration with all keys and exit");
}

namespace {

int RunCheck(const CommandLine& line, const Config& config, const Probes& probes) {
  std::cout << "configuration is fine\n";
  if (line.check != "deep" || !probes.reach) return 0;
  int exit_code = 0;
  for (const Reached& reached : probes.reach(config)) {
    std::cout << reached.service << ": " << (reached.error.empty() ? "reached" : reached.error)
              << "\n";
    if (!reached.error.empty()) exit_code = kExitNotReached;
  }
  return exit_code;
}

}  // namespace

std::optional<int> Resolve(const CommandLine& line, Config& config, const Probes& probes) {
  Checks checks = probes.options;
  if (!line.check.empty()) checks.insert(checks.end(), probes.files.begin(), probes.files.end());
  Loaded loaded = Load(line.sources, checks);
  if (!loaded.ok()) {
    for (const std::string& problem : loaded.problems) std::cerr << problem << "\n";
    return kExitBadConfig;
  }
  if (line.print_only) {
    std::cout << PrintConfig(loaded.config);
    return 0;
  }
  if (!line.check.empty()) return RunCheck(line, loaded.config, probes);
  config = std::move(loaded.config);
  return std::nullopt;
}

}  // namespace config

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
  app.add_flag("--check-config", line.check_only, "check the configuration and exit");
  app.add_flag("--print-config", line.print_only, "print the configuration with all keys and exit");
}

std::optional<int> Resolve(const CommandLine& line, Config& config) {
  Loaded loaded = Load(line.sources);
  if (!loaded.ok()) {
    for (const std::string& problem : loaded.problems) std::cerr << problem << "\n";
    return kExitBadConfig;
  }
  if (line.print_only) {
    std::cout << PrintConfig(loaded.config);
    return 0;
  }
  if (line.check_only) {
    std::cout << "configuration is fine\n";
    return 0;
  }
  config = std::move(loaded.config);
  return std::nullopt;
}

}  // namespace config

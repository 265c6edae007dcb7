// Whether a configuration can be started with, asked of those who will be started: the option
// structs' own Validate(), the files and folders themselves, and the services behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/config/command_line.h"

namespace server {

// Each part's options, as from_config.h makes them.
std::vector<config::Finding> CheckOptions(const config::Config& config);

// Of the programs that have /metrics.
std::vector<config::Finding> CheckMetrics(const config::Config& config);

// Opens what the start of `program` opens, and leaves nothing behind: a folder gets a file that is
// removed again.
std::vector<config::Finding> CheckFiles(const config::Config& config, std::string_view program);

// Connects to Redis, the database and the monitor server, and asks them for nothing.
std::vector<config::Reached> Reach(const config::Config& config);

// All of that, for one of the programs.
config::Probes ConfigProbes(const std::string& program);

}  // namespace server

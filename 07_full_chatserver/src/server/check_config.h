// Whether a configuration can be started with, asked of those who will be started: the option
// structs' own Validate(), the files and folders themselves, and the services behind it.
#pragma once

#include <vector>

#include "services/config/command_line.h"

namespace server {

// Each part's options, as from_config.h makes them.
std::vector<config::Finding> CheckOptions(const config::Config& config);

// Opens what the start opens, and leaves nothing behind: a folder gets a file that is removed
// again.
std::vector<config::Finding> CheckFiles(const config::Config& config);

// Connects to Redis, the database and the monitor server, and asks them for nothing.
std::vector<config::Reached> Reach(const config::Config& config);

inline config::Probes ConfigProbes() {
  return {{CheckOptions}, {CheckFiles}, Reach};
}

}  // namespace server

// What the mains of the servers have in common: the options, the configuration, the console, the
// log, and one clear line with an exit code whatever goes wrong.
#pragma once

#include <functional>
#include <string>

#include "services/config/config.h"
#include "support/options.h"
#include "support/server_console.h"

namespace apps {

// Starts a server, runs it until `console` says so, and stops it. Returns the exit code. What it
// throws while it starts is a refusal: one line, kBadUsage.
using Serve = std::function<int(const CommandLine& app, const config::Config& config,
                                ServerConsole& console)>;

// All of main(). The log is set up before `serve` and written out after it.
int ConfiguredMain(int argc, char** argv, const std::string& name, const std::string& about,
                   const Serve& serve);

}  // namespace apps

// The options of net/ on a command line, the same for every server of the course.
#pragma once

#include "net/server_options.h"
#include "support/options.h"

namespace apps {

void AddServerOptions(CommandLine& app, net::ServerOptions& options);

}  // namespace apps

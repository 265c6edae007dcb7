// The options of net/ on a command line, the same for every server of the course.
#pragma once

#include "support/options.h"
#include "net/server_options.h"

namespace apps {

void AddServerOptions(CommandLine& app, net::ServerOptions& options);

}  // namespace apps

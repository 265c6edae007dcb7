#include "support/configured_main.h"

#include <exception>
#include <iostream>

#include "server/check_config.h"
#include "server/from_config.h"
#include "services/config/command_line.h"
#include "services/log/log_setup.h"
#include "support/options.h"

namespace apps {

namespace {

// The log ends after everything that logs, also when that ends by an exception.
class Log {
 public:
  Log(const CommandLine& app, const config::Config& config) {
    const std::string problem = services::SetUpLogging(server::LogOptions(config, app.name()));
    if (!problem.empty()) std::cerr << app.name() << ": log: " << problem << '\n';
  }
  ~Log() { services::ShutDownLogging(); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
};

}  // namespace

int ConfiguredMain(int argc, char** argv, const std::string& name, const std::string& about,
                   const Serve& serve) {
  CommandLine app(about, name);
  config::CommandLine line;
  config::AddOptions(app.cli(), line);
  bool stop_on_eof = false;
  app.Flag("--stop-on-eof", stop_on_eof, "stop when the standard input ends");
  if (const auto exit_code = ParseOptions(app, argc, argv)) return *exit_code;
  config::Config config;
  if (const auto exit_code = config::Resolve(line, config, server::ConfigProbes(name)))
    return *exit_code;
  try {
    ServerConsole console(stop_on_eof);  // before any thread is started, the log's too
    const Log log(app, config);
    return serve(app, config, console);
  } catch (const std::exception& error) {
    return Refuse(app, error.what());
  }
}

}  // namespace apps

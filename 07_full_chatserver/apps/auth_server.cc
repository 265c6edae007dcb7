// auth_server: name and password in, session key for the chat server out (through Redis).
#include <exception>
#include <iostream>

#include "apps/options.h"
#include "apps/server_console.h"
#include "server/auth_service.h"
#include "server/from_config.h"
#include "services/config/command_line.h"

namespace {

std::string StatusLine(const server::AuthService& service, const server::SessionKeys& keys) {
  const auth::AuthCounts counts = service.counts();
  return "granted=" + std::to_string(counts.granted) +
         " refused=" + std::to_string(counts.refused) + " busy=" + std::to_string(counts.busy) +
         " keys=" + (keys.Status().up ? "up" : "down");
}

int Serve(const CLI::App& app, const config::Config& config, bool stop_on_eof) {
  if (config.login.store == config::LoginStore::kMemory) {
    return apps::Refuse(app,
                        "login.store = \"memory\": the keys are in the chat server's own memory, "
                        "which answers C_AUTH itself then; no auth_server is needed");
  }
  apps::ServerConsole console(stop_on_eof);  // before any thread is started
  services::SetUpLogging(server::LogOptions(config));
  const std::unique_ptr<server::SessionKeys> keys = server::MakeSessionKeys(config.login);
  if (keys == nullptr) return apps::Refuse(app, "this program was built without Redis");
  if (const std::string error = keys->Start(); !error.empty()) return apps::Refuse(app, error);
  server::AuthService service(config, *keys);
  if (const net::Status status = service.Start(); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  std::cout << "listening on " << config.auth.bind << ":" << service.port() << std::endl;
  console.Run([&] { return StatusLine(service, *keys); });
  const net::StopReport report = service.Stop();
  const auth::AuthCounts counts = service.counts();
  keys->Stop();
  std::cout << "served: keys given " << counts.granted << ", refused " << counts.refused
            << ", try later " << counts.busy << "\n"
            << "stopped: live sessions " << report.live_sessions << ", outstanding operations "
            << report.outstanding_operations << std::endl;
  services::ShutDownLogging();
  return report.live_sessions == 0 && report.outstanding_operations == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The auth service of the chat server", "auth_server");
  config::CommandLine line;
  config::AddOptions(app, line);
  bool stop_on_eof = false;
  app.add_flag("--stop-on-eof", stop_on_eof, "stop when the standard input ends");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  config::Config config;
  if (const auto exit_code = config::Resolve(line, config)) return *exit_code;
  try {
    return Serve(app, config, stop_on_eof);
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
}

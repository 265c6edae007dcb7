#include "tests/outside/redis_server.h"

#include <filesystem>

namespace outside {

bool RedisServer::Start(const std::string& password, const std::vector<std::string>& more) {
  std::filesystem::remove(Socket());
  password_ = password;
  std::vector<std::string> command{"redis-server",
                                   "--port",
                                   "0",
                                   "--unixsocket",
                                   Socket(),
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--dir",
                                   folder_.path(),
                                   "--daemonize",
                                   "no",
                                   "--enable-debug-command",
                                   "yes"};
  if (!password.empty()) command.insert(command.end(), {"--requirepass", password});
  command.insert(command.end(), more.begin(), more.end());
  if (!process_.Start(command, folder_.File("redis.log"))) return false;
  return WaitUntil([&] {
           return !process_.IsRunning() || Cli({"PING"}).find("PONG") != std::string::npos;
         }) &&
         process_.IsRunning();
}

std::string RedisServer::Cli(const std::vector<std::string>& command) {
  const std::string output = folder_.File("cli.out");
  std::filesystem::remove(output);
  std::vector<std::string> all{"redis-cli", "-s", Socket()};
  if (!password_.empty()) all.insert(all.end(), {"--no-auth-warning", "-a", password_});
  all.insert(all.end(), command.begin(), command.end());
  ChildProcess cli;
  if (!cli.Start(all, output)) return "";
  cli.WaitFor(std::chrono::seconds(20));
  std::string text = ReadFile(output);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace outside

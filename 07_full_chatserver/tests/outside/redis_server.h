// A redis-server of the test's own: no TCP port, a unix socket in a temporary folder, nothing
// saved.
#pragma once

#include <string>
#include <vector>

#include "tests/outside/child_process.h"

namespace outside {

class RedisServer {
 public:
  static bool IsInstalled() { return FindProgram("redis-server").has_value(); }

  // Returns when it answers; false (with Output()) when it does not.
  bool Start(const std::string& password = "", const std::vector<std::string>& more = {});
  void Kill() { process_.Kill(); }

  // redis-cli, one command; its output.
  std::string Cli(const std::vector<std::string>& command);

  std::string Socket() const { return folder_.File("redis.sock"); }
  std::string Output() const { return ReadFile(folder_.File("redis.log")); }
  ChildProcess& process() { return process_; }

 private:
  TemporaryFolder folder_;
  ChildProcess process_;
  std::string password_;
};

}  // namespace outside

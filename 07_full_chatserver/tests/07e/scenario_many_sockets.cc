// Fifteen thousand connections at once on the whole server, for a while, with real clients among
// them who hear everything (label slow).
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/metered_server.h"
#include "tests/support/storage_support.h"

namespace {

using support::MeteredServer;

constexpr rlim_t kConnections = 15'000;

// A connection that says nothing. No child process gets it.
class Silent {
 public:
  explicit Silent(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        fd_ >= 0 && connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Silent(Silent&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  Silent& operator=(Silent&&) = delete;
  ~Silent() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  int fd_;
  bool connected_ = false;
};

}  // namespace

SCENARIO("Fifteen thousand sockets, and those who chat lose nothing") {
  rlimit files{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  if (files.rlim_max < kConnections + 500) {
    FAIL("needs " << kConnections + 500 << " open files per process; ulimit -Hn says "
                  << files.rlim_max);
  }
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  const storage_test::TemporaryFolder folder;
  MeteredServer chat(
      folder.path(),
      {"server.session_max=20000", "timeouts.first_packet_ms=0", "timeouts.login_ms=600000",
       "timeouts.idle_ms=0", "limits.connections_per_address=0", "limits.connection_rate=0"});
  REQUIRE(chat.ready());
  REQUIRE(chat.AwaitMetric("chat_sessions", 0));
  std::vector<Silent> crowd;
  while (crowd.size() < kConnections) {
    crowd.emplace_back(std::stoi(chat.port()));
    REQUIRE(crowd.back().connected());
  }
  CHECK(chat.AwaitMetric("chat_sessions", static_cast<double>(kConnections)));
  const double resident = chat.Metric("process_resident_memory_bytes");
  INFO("resident bytes " << resident);
  CHECK(resident < 1024.0 * 1024 * 1024);

  const support::Finished clients =
      support::Run("dummy_client",
                   {"--port", chat.port(), "--auth-port", chat.auth_port(), "--sessions", "50",
                    "--rooms", "5", "--rate", "2", "--for", "5", "--patience", "120"},
                   std::chrono::minutes(5));
  INFO(clients.output << clients.errors);
  CHECK(clients.exit_code == 0);
  CHECK(chat.AwaitMetric("chat_sessions", static_cast<double>(kConnections)));
  crowd.clear();
  CHECK(chat.AwaitMetric("chat_sessions", 0, std::chrono::minutes(2)));
  CHECK(chat.Stop());
}

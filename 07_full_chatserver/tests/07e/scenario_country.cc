// The country check on the whole server, in a network of the test's own in which its clients have
// public addresses, with a real database file that is replaced, and cut short, while the server
// runs.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/outside/child_process.h"
#include "tests/support/catch.h"
#include "tests/support/metered_server.h"
#include "tests/support/storage_support.h"

namespace {

using support::MeteredServer;

constexpr const char* kFirst = "203.0.113.7";
constexpr const char* kSecond = "198.51.100.7";

bool SetAddress(int fd, const char* name, const char* address) {
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  auto* const to = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
  to->sin_family = AF_INET;
  inet_pton(AF_INET, address, &to->sin_addr);
  return ioctl(fd, SIOCSIFADDR, &request) == 0;
}

// A loopback device for this process and its children, with the two addresses and 127.0.0.1.
bool EnterOwnNetwork() {
  const auto uid = std::to_string(getuid());
  const auto gid = std::to_string(getgid());
  if (unshare(CLONE_NEWNET) != 0) {  // not root: as root of a world of our own
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  }
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq up{};
  std::strncpy(up.ifr_name, "lo", IFNAMSIZ - 1);
  up.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
  const bool done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &up) == 0 &&
                    SetAddress(fd, "lo:1", kFirst) && SetAddress(fd, "lo:2", kSecond);
  close(fd);
  return done;
}

// Connects from this address; true: the server ends the connection within a moment.
bool IsRefused(const std::string& from, const std::string& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, from.c_str(), &address.sin_addr);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(bind(fd, name, sizeof address) == 0);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  REQUIRE(connect(fd, name, sizeof address) == 0);
  pollfd entry{fd, POLLIN, 0};
  char byte = 0;
  // A refusal may say why before it ends.
  bool over = false;
  while (!over && poll(&entry, 1, 500) == 1) over = recv(fd, &byte, 1, 0) <= 0;
  close(fd);
  return over;
}

void Make(const storage_test::TemporaryFolder& folder, const std::string& to,
          const std::vector<std::string>& networks) {
  const char* const stage = std::getenv("COURSE_STAGE_DIR");
  const std::string script =
      std::string(stage != nullptr ? stage : ".") + "/tests/support/make_mmdb.py";
  std::vector<std::string> command{"python3", script, to};
  command.insert(command.end(), networks.begin(), networks.end());
  outside::ChildProcess python;
  REQUIRE(python.Start(command, folder.File("python.log")));
  REQUIRE(python.WaitFor(support::kPatience) == 0);
}

}  // namespace

SCENARIO("Only the allowed countries come in, also when the database changes under the server") {
  if (!EnterOwnNetwork()) {
    WARN("skipped: a network namespace is not permitted here");
    return;
  }
  const storage_test::TemporaryFolder folder;
  const std::string file = folder.File("country.mmdb");
  const std::string next = folder.File("next.mmdb");
  Make(folder, file, {"203.0.113.0/24=KR", "198.51.100.0/24=US"});
  MeteredServer chat(folder.path(), {"server.bind=0.0.0.0", "country.database=" + file});
  REQUIRE(chat.ready());
  CHECK_FALSE(IsRefused(kFirst, chat.port()));
  CHECK(IsRefused(kSecond, chat.port()));
  CHECK_FALSE(IsRefused("127.0.0.1", chat.port()));
  CHECK(chat.AwaitMetric("chat_refused_total{reason=\"country\"}", 1));
  CHECK(chat.AwaitMetric("chat_accepts_total", 2));

  // The weekly update: the two have changed places.
  Make(folder, next, {"203.0.113.0/24=US", "198.51.100.0/24=KR", "192.0.2.0/24=KR"});
  std::filesystem::rename(next, file);
  CHECK(storage_test::WaitUntil([&] { return IsRefused(kFirst, chat.port()); }));
  CHECK_FALSE(IsRefused(kSecond, chat.port()));
  CHECK(chat.AwaitMetric("chat_countries_stale", 0));

  // An update that was written in place, onto a disk without room for it.
  std::filesystem::resize_file(file, 0);
  CHECK(chat.AwaitMetric("chat_countries_stale", 1));
  CHECK(IsRefused(kFirst, chat.port()));
  CHECK_FALSE(IsRefused(kSecond, chat.port()));
  CHECK(chat.Stop());
  CHECK(chat.process().Errors().find("countries not replaced") != std::string::npos);
}

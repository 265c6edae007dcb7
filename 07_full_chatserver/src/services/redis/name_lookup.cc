#include "services/redis/name_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace services {

struct NameLookup::Shared {
  const std::string host;
  const Resolve resolve;
  const std::function<void()> answered;
  std::mutex lock;
  bool running = false;              // guarded by lock
  std::optional<NameAnswer> answer;  // guarded by lock
};

NameAnswer NameLookup::AskSystem(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0) return {{}, gai_strerror(error)};
  NameAnswer answer;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
      std::array<char, NI_MAXHOST> text{};
      if (one->ai_family == family && getnameinfo(one->ai_addr, one->ai_addrlen, text.data(),
                                                  text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
        answer.addresses.emplace_back(text.data());
      }
    }
  }
  freeaddrinfo(found);
  if (answer.addresses.empty()) answer.error = "no address";
  return answer;
}

NameLookup::NameLookup(std::string host, Resolve resolve, std::function<void()> answered)
    : shared_(new Shared{std::move(host), std::move(resolve), std::move(answered), {}, {}, {}}) {}

// [look-up]
void NameLookup::Begin() {
  {
    const std::lock_guard lock(shared_->lock);
    if (shared_->running || shared_->answer) return;
    shared_->running = true;
  }
  const auto work = [shared = shared_] {
    NameAnswer answer = shared->resolve(shared->host);
    {
      const std::lock_guard lock(shared->lock);
      shared->running = false;
      shared->answer = std::move(answer);
    }
    shared->answered();
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& error) {
    const std::lock_guard lock(shared_->lock);
    shared_->running = false;
    shared_->answer = NameAnswer{{}, std::string("no thread: ") + error.what()};
  }
}
// [/look-up]

std::optional<NameAnswer> NameLookup::Take() {
  const std::lock_guard lock(shared_->lock);
  return std::exchange(shared_->answer, std::nullopt);
}

}  // namespace services

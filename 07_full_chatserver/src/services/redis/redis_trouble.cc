#include "services/redis/redis_trouble.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace services {

namespace {

// As a word of its own: "READONLY You can't write", "PING refused: LOADING ...", or within a
// script's error "...: -READONLY You can't write".
bool HasWord(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return false;
  const std::size_t end = at + word.size();
  const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == '-';
  return begins && (end == text.size() || text[end] == ' ');
}

}  // namespace

std::string_view TroubleIn(std::string_view error) {
  for (const std::string_view word : kTroubles) {
    if (word != kUnreachable && word != kOtherError && HasWord(error, word)) return word;
  }
  const bool unknown = error.find("unknown command") != std::string_view::npos ||
                       error.find("Unknown Redis command") != std::string_view::npos;
  return unknown ? "UNKNOWN_COMMAND" : std::string_view();
}

bool IsConnectedToItself(int descriptor) {
  sockaddr_storage local{};
  sockaddr_storage peer{};
  socklen_t local_size = sizeof local;
  socklen_t peer_size = sizeof peer;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &local_size) != 0 ||
      getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return false;
  }
  const bool is_ip = local.ss_family == AF_INET || local.ss_family == AF_INET6;
  return is_ip && local_size == peer_size && std::memcmp(&local, &peer, local_size) == 0;
}

void EndByReset(int descriptor) {
  const linger now{1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace services

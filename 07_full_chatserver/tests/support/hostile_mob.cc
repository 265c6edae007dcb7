#include "tests/support/hostile_mob.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <memory>
#include <random>
#include <sstream>
#include <utility>

#include "auth.pb.h"

namespace course_test {

namespace {

// A socket that does not block, from 127.1.`kind`.`number`. Closed when it goes.
class Bad {
 public:
  Bad() = default;
  Bad(int kind, int number, int port) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7F010000U | static_cast<std::uint32_t>(kind) << 8 |
                                 static_cast<std::uint32_t>(number % 250 + 1));
    sockaddr_in to = from;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    if (bind(fd_, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0 ||
        (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)) {
      Close();
    }
  }
  Bad(Bad&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Bad& operator=(Bad&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Bad() { Close(); }

  // Until the connection stands or an answer is there; false: not in time.
  bool Await(short what, int milliseconds) const {
    pollfd entry{fd_, what, 0};
    return fd_ >= 0 && poll(&entry, 1, milliseconds) == 1 && (entry.revents & what) != 0;
  }
  // How much the system has taken; -1: the connection is over.
  ssize_t Send(const std::string& text) const {
    const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == ENOTCONN ? 0 : -1;
    return sent;
  }
  // Looks without taking: what is sent to it stays unread.
  bool IsOver() const {
    char one = 0;
    const ssize_t got = fd_ < 0 ? 0 : recv(fd_, &one, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != ENOTCONN);
  }
  void Reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    Close();
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

std::string Heartbeats(std::uint32_t& sequence, int count) {
  std::string frames;
  for (int i = 0; i < count; ++i) {
    frames += ChatFrame(Protocol::PACKET_C_HEARTBEAT, ++sequence,
                        Protocol::C_HEARTBEAT().SerializeAsString());
  }
  return frames;
}

}  // namespace

bool HostileMob::GoesOn(int pause_ms) const {
  std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  return !stop_.load();
}

void HostileMob::Start() {
  const std::string frame = ChatFrame(Protocol::PACKET_C_HEARTBEAT, 1, "");
  const int tenth = connections_ / 10;
  Run([this, tenth] { Hold(1, targets_.server.chat, 4 * tenth, ""); });
  Run([this, tenth] {
    std::uint32_t sequence = 0;
    Hold(10, targets_.server.chat, tenth, Heartbeats(sequence, 100), Pace::kByteByByte);
  });
  Run([this, tenth] { Hold(2, targets_.server.auth, 2 * tenth, ""); });
  Run([this, tenth, frame] {
    Hold(3, targets_.server.chat, tenth, frame.substr(0, frame.size() / 2));
  });
  Run([this, tenth] { Hold(4, targets_.metrics, tenth, "GET /metr"); });
  Run([this, tenth, frame] { Hold(5, targets_.server.chat, tenth, frame + frame); });
  Run([this] { ResetAgainAndAgain(); });
  Run([this] { Flood(8); });
  Run([this] { GuessKeys(); });
  Run([this] { GuessPasswords(); });
  Run([this] { AbuseLoggedIn(4); });
}

void HostileMob::Stop() {
  stop_.store(true);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void HostileMob::Hold(int kind, int port, int count, const std::string& text, Pace pace) {
  std::vector<Bad> held(static_cast<std::size_t>(count));
  std::vector<std::size_t> said(held.size());  // bytes of `text`
  std::int64_t alive = 0;
  do {
    int renewed = 0;
    std::int64_t now = 0;
    for (std::size_t i = 0; i < held.size(); ++i) {
      if (held[i].IsOver() && renewed < 100) {
        ++renewed;
        held[i] = Bad(kind, static_cast<int>(i), port);
        said[i] = 0;
      }
      const std::string rest = text.substr(said[i], pace == Pace::kAtOnce ? text.size() : 1);
      if (const ssize_t sent = rest.empty() ? 0 : held[i].Send(rest); sent > 0) {
        said[i] += static_cast<std::size_t>(sent);
        if (pace == Pace::kByteByByte) Count(kSlowBytes, sent);
      }
      if (!held[i].IsOver()) ++now;
    }
    Count(kHeld, now - std::exchange(alive, now));
    Count(kReconnects, renewed);
  } while (GoesOn(100));
  Count(kHeld, -alive);
}

void HostileMob::ResetAgainAndAgain() {
  for (int i = 0; GoesOn(5); ++i) {
    Bad one(6, i, i % 2 ? targets_.server.chat : targets_.server.auth);
    if (!one.Await(POLLOUT, 200)) continue;
    one.Send("\x77\x05");
    one.Reset();
    Count(kResets, 1);
  }
}

// Heartbeats, as fast as they are taken; the answers are not read.
void HostileMob::Flood(int count) {
  struct Flooder {
    Bad socket;
    std::uint32_t sequence = 0;
    std::string rest;  // of what was to be sent
  };
  std::vector<Flooder> flooders(static_cast<std::size_t>(count));
  while (GoesOn(2)) {
    for (std::size_t i = 0; i < flooders.size(); ++i) {
      Flooder& one = flooders[i];
      if (one.socket.IsOver()) {
        one = {Bad(7, static_cast<int>(i), targets_.server.chat), 0, ""};
        continue;
      }
      if (one.rest.empty()) one.rest = Heartbeats(one.sequence, 200);
      const ssize_t sent = one.socket.Send(one.rest);
      if (sent < 0) {
        one.socket.Close();
        continue;
      }
      one.rest.erase(0, static_cast<std::size_t>(sent));
      Count(kFloodBytes, sent);
    }
  }
}

void HostileMob::GuessKeys() {
  std::mt19937_64 random(std::random_device{}());
  for (int i = 0; GoesOn(5); ++i) {
    Bad one(8, i, targets_.server.chat);
    if (!one.Await(POLLOUT, 200)) continue;
    Protocol::C_LOGIN guess;
    guess.set_account(random() % 500 + 1);
    guess.set_session_key("x");
    one.Send(ChatFrame(Protocol::PACKET_C_LOGIN, 1, guess.SerializeAsString()));
    one.Await(POLLIN, 200);
    Count(kKeyGuesses, 1);
  }
}

// The names that the honest ones have.
void HostileMob::GuessPasswords() {
  for (int i = 0; GoesOn(5); ++i) {
    Bad one(9, i, targets_.server.auth);
    if (!one.Await(POLLOUT, 200)) continue;
    Protocol::C_AUTH guess;
    guess.set_name("dummy" + std::to_string(i % 200));
    guess.set_password("guess" + std::to_string(i));
    one.Send(ChatFrame(Protocol::PACKET_C_AUTH, 1, guess.SerializeAsString()));
    one.Await(POLLIN, 200);
    Count(kPasswordGuesses, 1);
  }
}

// With an account of their own: they come and go, talk without end, and hear nothing of it.
void HostileMob::AbuseLoggedIn(int count) {
  std::vector<std::unique_ptr<ChatTalker>> abusers(static_cast<std::size_t>(count));
  while (GoesOn(10)) {
    for (auto& one : abusers) {
      try {
        if (!one) {
          one = std::make_unique<ChatTalker>(targets_.server);
          if (!one->LogIn()) one = nullptr;
          if (one) Count(kAbusers, 1);
          continue;
        }
        Protocol::C_ENTER_GAME enter;
        enter.set_room_id(targets_.room);
        bool alive = true;
        for (int i = 0; i < 20 && alive; ++i) {
          alive = one->Send(enter) && one->Say(std::string(200, 'x')) &&
                  (i % 2 == 0 || one->Send(Protocol::C_LEAVE_GAME()));
        }
        if (!alive) one = nullptr;
      } catch (const std::exception&) {
        one = nullptr;  // refused: it tries again
      }
    }
  }
}

namespace {
constexpr std::array<const char*, 8> kNames{
    "held",          "slow bytes",  "connected again",  "reset",
    "flooded bytes", "key guesses", "password guesses", "abusers logged in"};
}  // namespace

std::string HostileMob::Counts() const {
  static_assert(kNames.size() == kDeeds);
  std::ostringstream text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    text << (i == 0 ? "" : ", ") << kNames[i] << " " << counts_[i].load();
  }
  return text.str();
}

std::string HostileMob::Undone() const {
  std::string names;
  for (std::size_t i = kHeld + 1; i < kNames.size(); ++i) {
    if (counts_[i].load() == 0) names += std::string(kNames[i]) + "; ";
  }
  return names;
}

}  // namespace course_test

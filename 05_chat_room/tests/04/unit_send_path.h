// The send path on real sockets: what its tests share. A server in one of four modes, and a probe
// that sees when a session has two sends outstanding.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>

#include "net/packet.h"
#include "net/server_options.h"
#include "net/session_id.h"
#include "tests/support/recording_server.h"

namespace course_test {

// Counts the sends that are on their way, per session.
class CountingProbe : public net::SendProbe {
 public:
  void OnSendBegins(net::SessionId id) override {
    const std::lock_guard lock(lock_);
    if (++outstanding_[id] > 1) ++two_at_once_;
    ++sends_;
  }
  void OnSendEnded(net::SessionId id) override {
    const std::lock_guard lock(lock_);
    if (--outstanding_[id] < 0) ++two_at_once_;
  }
  int two_at_once() {
    const std::lock_guard lock(lock_);
    return two_at_once_;
  }
  int sends() {
    const std::lock_guard lock(lock_);
    return sends_;
  }

 private:
  std::mutex lock_;
  std::map<net::SessionId, int> outstanding_;  // guarded by lock_
  int two_at_once_ = 0;                        // guarded by lock_
  int sends_ = 0;                              // guarded by lock_
};

// How the port is used; every test must hold for each of them.
struct SendMode {
  const char* name;
  bool skip_on_success;
  std::uint32_t completion_batch;
  std::uint32_t send_copy_max;
  net::AcceptMode accept_mode;
};
inline void PrintTo(const SendMode& mode, std::ostream* out) {
  *out << mode.name;
}

class SendPathTest : public testing::TestWithParam<SendMode> {
 protected:
  net::ServerOptions Options();
  // Stops the server: nothing is left, and no session ever had two sends outstanding.
  void ExpectCleanStop(RecordingServer& server);
  void TearDown() override;

  CountingProbe probe_;
};

// Two threads go at the same moment, round after round. They spin and do not sleep, so that both
// are running then: that is when what they do next overlaps.
class AtOnce {
 public:
  void Go(int round) {
    arrived_.fetch_add(1);
    for (int spins = 0; arrived_ < 2 * (round + 1); ++spins) {
      if (spins > 20'000) std::this_thread::yield();  // the other waits for this processor
    }
  }

 private:
  std::atomic<int> arrived_{0};
};

// A sealed packet with `text` as its body.
net::PacketRef MakePacket(const net::Server& server, const std::string& text);

// The bytes that a client gets.
std::string Frame(const net::PacketRef& packet);

}  // namespace course_test

// The dummy clients: many sessions that log in, enter rooms and chat, and count exactly what
// comes back. Every message of a session must reach every dummy client of its room, once, in the
// room's order, unchanged.
//
// Use: Enter, Talk, AwaitEverything, report, in this order; one thread. Interrupt from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "support/client/client_service.h"
#include "support/client/latency.h"

namespace client {

class DummySession;

struct CrowdOptions {
  net::PeerAddress server;
  std::uint32_t sessions = 100;
  std::uint32_t rooms = 1;  // session i enters room first_room + i % rooms
  std::uint32_t first_room = 0;
  std::uint32_t worker_threads = 1;  // 0 = one per processor
  std::uint32_t text_bytes = 0;      // messages are padded to this length
  bool together = false;             // all speak at the same moment, not spread over the second
  std::uint64_t seed = 1;            // order of the speakers, choice of the characters
};

struct CrowdReport {
  std::uint64_t sent = 0;          // messages
  std::uint64_t expected = 0;      // deliveries: each message to each dummy client of its room
  std::uint64_t received = 0;      // of those
  std::uint64_t missing = 0;       // expected - received, or holes in the rooms' numbers if more
  std::uint64_t duplicated = 0;    // a number that had come before
  std::uint64_t out_of_order = 0;  // came after a later one
  std::uint64_t corrupted = 0;     // the wrong speaker, or not the text that was sent
  std::uint64_t disconnected = 0;  // sessions that ended early

  [[nodiscard]] bool clean() const {
    return missing == 0 && duplicated == 0 && out_of_order == 0 && corrupted == 0 &&
           disconnected == 0;
  }
};

class DummyCrowd {
 public:
  explicit DummyCrowd(const CrowdOptions& options);
  DummyCrowd(const DummyCrowd&) = delete;
  DummyCrowd& operator=(const DummyCrowd&) = delete;
  ~DummyCrowd();  // closes all connections

  // Connects all sessions, logs them in and waits until all are in their rooms.
  net::Status Enter(std::chrono::milliseconds patience);

  // Every session says `rate` messages a second for `seconds`. Returns when the last one is sent:
  // later than `seconds` when the server takes them slowly.
  void Talk(double rate, double seconds);

  // Waits until every delivery of what was said is there. False: not within `patience`.
  bool AwaitEverything(std::chrono::milliseconds patience);

  // Ends Enter and Talk soon; what was said is still awaited. Any thread.
  void Interrupt();

  // The sessions must be quiet: after AwaitEverything. Stops the connections.
  CrowdReport Report();
  [[nodiscard]] const Latency& latency() const { return latency_; }
  [[nodiscard]] std::uint64_t received() const { return received_.load(std::memory_order_relaxed); }

 private:
  friend class DummySession;
  using Clock = std::chrono::steady_clock;

  bool Await(std::chrono::milliseconds patience, const std::function<bool()>& condition);
  void Notify();
  void Say(std::size_t speaker, Clock::time_point due);
  void Fail(std::string reason);

  const CrowdOptions options_;
  const std::string tag_;  // begins every message of this crowd
  std::vector<std::unique_ptr<DummySession>> sessions_;
  std::vector<std::size_t> order_;         // the speakers in turn
  std::vector<std::uint32_t> room_sizes_;  // dummy clients per room
  std::uint64_t next_message_ = 0;         // Talk only

  Latency latency_;
  std::atomic<std::uint64_t> sent_{0};      // atomic: Talk writes, any thread reads
  std::atomic<std::uint64_t> expected_{0};  // atomic: Talk writes, any thread reads
  std::atomic<std::uint64_t> received_{0};  // atomic: workers
  std::atomic<std::uint64_t> awaited_{0};   // atomic: received_ that somebody waits for; 0 = nobody
  std::atomic<std::uint32_t> entered_{0};   // atomic: workers
  std::atomic<bool> interrupted_{false};    // atomic: any thread
  std::atomic<bool> leaving_{false};        // atomic: connections end because we end them
  std::atomic<std::uint32_t> lost_{0};      // atomic: sessions that ended early

  std::mutex lock_;
  std::condition_variable changed_;  // entered_, received_, lost_, interrupted_ or failure_
  std::string failure_;              // guarded by lock_

  // Last: its workers use all of the above until it is stopped.
  ClientService service_;
};

}  // namespace client

// The dummy clients: many sessions that live a whole life (auth, log-in, room, walking about,
// sector chat, room chat, heartbeat), and count exactly what comes back. Every message of a session
// must reach every dummy client of its room, once, in the room's order, unchanged.
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

#include "net/peer_address.h"
#include "support/client/client_service.h"
#include "support/client/latency.h"

namespace client {

class DummySession;

struct CrowdOptions {
  net::PeerAddress server;
  net::PeerAddress auth;
  std::string name = "dummy";  // of the accounts: dummy0, dummy1, ...
  std::string password = "dummy password";
  // Each message that a client hears, as it hears it. Workers, several at once; empty: nobody asks.
  std::function<void(std::string_view message)> on_heard;
  // Each account that hears that it is logged in. As above.
  std::function<void(std::uint64_t account)> on_login;
  std::uint32_t world = 50;        // sectors each way; session i stands in column i % world
  std::uint32_t sector_every = 4;  // of so many messages one is for the sector; 0: none
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
  std::uint64_t sent_sector = 0;   // messages to the sectors
  std::uint64_t received_sector = 0;
  std::uint64_t missing_sector = 0;  // numbers that a client should have heard
  std::uint64_t wrong_sector = 0;    // twice, or from out of hearing
  std::uint64_t refused = 0;

  [[nodiscard]] bool clean() const {
    return missing == 0 && duplicated == 0 && out_of_order == 0 && corrupted == 0 &&
           disconnected == 0 && missing_sector == 0 && wrong_sector == 0 && refused == 0;
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
  // Messages so far, to rooms and sectors.
  [[nodiscard]] std::uint64_t sent() const { return sent_.load() + sent_sector_.load(); }
  [[nodiscard]] std::uint64_t received_all() const {
    return received_.load() + received_sector_.load();
  }

  // Waits until every delivery of what was said is there. False: not within `patience`.
  bool AwaitEverything(std::chrono::milliseconds patience);

  // Ends Talk soon; what was said is still awaited. Any thread.
  void StopTalking() { quiet_.store(true); }
  // Makes the waits return soon. Any thread.
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
  net::Status EnterSome(std::size_t begin, std::size_t end, Clock::time_point deadline);
  void Say(std::size_t speaker, Clock::time_point due);
  void SaySector(std::size_t speaker, std::string text);
  void Walk(std::size_t session, std::uint32_t step);
  void Beat(Clock::time_point now);
  void Fail(std::string reason);

  const CrowdOptions options_;
  const std::string tag_;  // begins every message of this crowd
  std::vector<std::unique_ptr<DummySession>> sessions_;
  std::vector<std::size_t> order_;         // the speakers in turn
  std::vector<std::uint32_t> room_sizes_;  // dummy clients per room
  Clock::time_point next_beat_{};          // Talk only
  std::uint64_t next_message_ = 0;         // Talk only

  Latency latency_;
  std::atomic<std::uint64_t> sent_{0};      // atomic: Talk writes, any thread reads
  std::atomic<std::uint64_t> expected_{0};  // atomic: Talk writes, any thread reads
  std::atomic<std::uint64_t> received_{0};  // atomic: workers
  std::atomic<std::uint64_t> awaited_{0};   // atomic: received_ that somebody waits for; 0 = nobody
  std::atomic<std::uint64_t> sent_sector_{0};      // atomic: Talk writes, any thread reads
  std::atomic<std::uint64_t> received_sector_{0};  // atomic: workers
  std::atomic<std::uint64_t> moves_sent_{0};       // atomic: one thread writes
  std::atomic<std::uint64_t> moves_answered_{0};   // atomic: workers; one more for each entering
  std::atomic<std::uint64_t> refused_{0};          // atomic: workers
  std::atomic<std::uint32_t> entered_{0};          // atomic: workers
  std::atomic<bool> quiet_{false};                 // atomic: any thread
  std::atomic<bool> interrupted_{false};           // atomic: any thread
  std::atomic<bool> leaving_{false};               // atomic: connections end because we end them
  std::atomic<std::uint32_t> lost_{0};             // atomic: sessions that ended early

  std::mutex lock_;
  std::condition_variable changed_;  // entered_, received_, lost_, interrupted_ or failure_
  std::string failure_;              // guarded by lock_

  // Last: its workers use all of the above until it is stopped.
  ClientService service_;
};

}  // namespace client

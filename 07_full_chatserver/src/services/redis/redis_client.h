// Redis without waiting: any thread hands in a command and a callback; one thread of its own speaks
// to Redis, many commands on their way at once (pipelining), and calls back.
//
//   chat job -> Send -> queue -> Redis thread -> Redis
//   chat job <- JobQueue::Post <- callback <- Redis thread <- Redis
//
// Promises:
//   - every callback is called exactly once: by the Redis thread, or, when the request is
//     refused at once (Redis down, too many inside, stopped), by the caller before Send
//     returns;
//   - a callback comes request_timeout after Send at the latest (plus the time that other callbacks
//     take), whatever Redis does;
//   - a command is never sent twice. After kTimeout and kUnavailable it may or may not have been
//     executed (a key that was taken out by it is gone for a second one);
//   - a Redis that answers but cannot serve (a replica, out of memory, no permission, ...) is down
//   like
//     one that is away, with its own words as the reason. The connection is made anew, with a fresh
//     look-up of the name, until the probe is answered without an error; nobody has to do anything;
//   - the name's look-up holds up neither the requests nor Stop;
//   - callbacks hold up every other request, so they post a job and return. They must not throw and
//     must not call Stop. They may call Send.
//
// Threading: Start, Stop and the destructor by one owner thread; the rest by any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/reconnect/backoff.h"
#include "services/redis/name_lookup.h"
#include "services/redis/redis_link.h"
#include "services/redis/redis_options.h"
#include "services/redis/redis_reply.h"
#include "services/redis/redis_status.h"
#include "services/redis/wake_pipe.h"

namespace services {

class RedisClient {
 public:
  // Throws std::invalid_argument with Validate()'s line. seed 0: a random one.
  explicit RedisClient(RedisOptions options, std::uint64_t seed = 0);
  ~RedisClient() { Stop(); }
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // Once. Throws std::system_error when the thread cannot be started.
  void Start();
  // Everything inside is answered kStopped; nothing is called afterwards. May be called again.
  void Stop();

  void Send(std::vector<std::string> command, RedisCallback done);

  RedisStatus Status() const;

  // For start-up and for tests: waits until Redis is up. False: not within `limit`.
  bool WaitUntilUp(std::chrono::milliseconds limit) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Request {
    std::vector<std::string> command;  // empty once sent
    RedisCallback done;                // empty once called
    Clock::time_point deadline;
  };
  using RequestPtr =
      std::shared_ptr<Request>;  // ours and hiredis', a few thousand per second at most

  void Run();
  void Connect(Clock::time_point now);
  void TakeAddress(Clock::time_point now);
  void Check(Clock::time_point now);
  void SendOne(const RequestPtr& request);
  void SendQueued();
  void Expire(Clock::time_point now);
  void WatchLink(Clock::time_point now);
  void Poll(Clock::time_point now);
  void LinkIsUp();
  void LinkIsDown(Clock::time_point now, const std::string& reason);
  void Answer(Request& request, const RedisReply& reply);
  void AnswerQueued(const RedisReply& reply);
  Clock::time_point NextWake(Clock::time_point now) const;

  const RedisOptions options_;

  mutable std::mutex mutex_;
  mutable std::condition_variable state_changed_;
  RedisStatus status_;                    // guarded by mutex_
  std::deque<RequestPtr> queue_;          // guarded by mutex_; handed in, not yet sent
  bool stopping_ = false;                 // guarded by mutex_
  const std::shared_ptr<WakePipe> wake_;  // any thread wakes, the Redis thread waits; a look-up
                                          // that was forgotten holds it, too

  // The Redis thread only:
  RedisLink link_;
  NameLookup names_;
  bool looking_up_ = false;       // instead of link_, as the first part of being opened
  std::size_t next_address_ = 0;  // of a name with several
  std::string trouble_;           // the answer that says that Redis does not serve us
  Backoff backoff_;
  std::deque<RequestPtr> sent_;  // in order; those at the front with `done` empty have timed out
  bool was_ready_ = false;       // link_ has been kReady since it was opened
  bool link_open_ = false;       // link_ was opened and its end not yet seen
  Clock::time_point next_attempt_{};
  Clock::time_point next_check_{};
  Clock::time_point opened_at_{};
  Clock::time_point last_heard_{};  // Redis answered, or had nothing to answer

  std::thread thread_;  // owner thread only
};

}  // namespace services

// The message generator: a thread that puts periodic messages into the actors' queues (source 000:
// ThreadMsgGenerator). It never touches a player itself: what it calls only posts.
//
//   MessageGenerator generator;
//   generator.Every(1s, [lobby] { lobby->CheckLoginTimeouts(); });
//   generator.Start(); ... generator.Shut(); (the actors stop) generator.Stop();
//
// A JobTimer could do the same; a thread of its own is what the source has, and it shows that a
// clock is one more poster to an actor, nothing else.
//
// Threading: Every before Start; Start, Shut and Stop by one owner thread. The calls come from the
// generator's thread, one after the other, and must not block. An exception that leaves one is
// logged. A generator that comes late (the machine slept) calls once, not once per missed interval.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "job/clock.h"

namespace chat {

class MessageGenerator {
 public:
  explicit MessageGenerator(const job::Clock& clock = job::SteadyClock()) : clock_(clock) {}
  MessageGenerator(const MessageGenerator&) = delete;
  MessageGenerator& operator=(const MessageGenerator&) = delete;
  ~MessageGenerator() { Stop(); }

  // `post` is called every `interval` (> 0), the first time one interval after Start.
  void Every(job::Duration interval, std::function<void()> post);

  void Start();
  // The source's flag: when this returns, nothing is posted any more. The thread ends by itself.
  void Shut();
  // Returns when the thread has ended. A second call does nothing.
  void Stop();

 private:
  struct Message {
    job::Duration interval;
    std::function<void()> post;
    job::TimePoint due{};
  };

  void Run();
  // Calls what is due at `now`; returns when the next is.
  job::TimePoint PostDue(job::TimePoint now);

  const job::Clock& clock_;
  std::vector<Message> messages_;  // before Start; then the generator's thread only
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  bool stopping_ = false;  // guarded by mutex_
  bool posting_ = false;   // guarded by mutex_: the thread is calling
  std::thread thread_;     // owner thread only
};

}  // namespace chat

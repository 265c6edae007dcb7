// The timeout watch: sessions that never say a whole packet, or stopped doing so, are closed.
//
// What counts is a whole packet, not a byte: a client that sends one byte a second is "active" for
// ever and would keep a session and a receive buffer for ever (the slow drip).
//
// A process can stand still as a whole: a debugger, SIGSTOP, a machine that sleeps. Then everybody
// looks silent, and what they have sent is queued and not read yet. The watch notices, because it
// comes far too late itself, and everybody's time begins anew.
//
// Threading: Start and Stop by the server's Start and Stop; the rest is its own thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "net/server_options.h"
#include "net/session_life.h"

namespace net {

// Why a session is overdue at `now`, or null: its last whole packet (or its beginning) is longer
// ago than the limit that applies, idle_ms when it has spoken, first_packet_ms when not; 0 = no
// limit.
const char* Overdue(bool spoke, std::uint32_t last_packet, std::uint32_t now,
                    std::uint32_t first_packet_ms, std::uint32_t idle_ms);

class TimeoutWatch {
 public:
  TimeoutWatch(const ServerOptions& options, SessionLife& life) : options_(options), life_(life) {}

  void Start();
  void Stop();

 private:
  void Loop();
  void NotePause(std::uint32_t now);
  void CheckTimeouts();

  const ServerOptions& options_;
  SessionLife& life_;

  std::thread thread_;
  std::uint32_t interval_ms_ = 0;  // constant while the thread runs
  std::uint32_t looked_at_ = 0;    // the thread only: when it looked the last time
  std::uint32_t resumed_at_ = 0;   // the thread only: when the process went on after a pause

  std::mutex mutex_;
  std::condition_variable wake_;  // notified under mutex_
  bool stopping_ = false;         // guarded by mutex_
};

}  // namespace net

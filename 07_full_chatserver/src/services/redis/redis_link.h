// One connection to Redis: hiredis' asynchronous context, driven by poll(). Says when the handshake
// (AUTH, SELECT, PING, the probe) is through, and why the connection ended.
//
// hiredis calls back from inside HandleEvents and Close only. An answer belongs to the oldest
// command that has none yet: Redis answers in order,
// which is why a late answer needs no id to be told apart.
//
// Threading: the thread of RedisClient only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/redis/redis_options.h"
#include "services/redis/redis_reply.h"

struct redisAsyncContext;

namespace services {

class RedisLink {
 public:
  enum class State : unsigned char { kClosed, kConnecting, kHandshake, kReady };

  explicit RedisLink(const RedisOptions& options) : options_(options) {}
  ~RedisLink() { Close("closed"); }
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  // Starts to connect to `address` (an IP address: a name would be looked up here and now), or to
  // the unix socket. On failure the state is kClosed at once; reason() says why.
  void Open(const std::string& address);

  // Ends the connection. Every command without an answer gets kUnavailable.
  void Close(const std::string& reason);

  // Once per command, in the order of the commands; kText, kNil, kError or kUnavailable.
  // In state kReady only.
  void Send(const std::vector<std::string>& command, RedisCallback answered);

  // For poll(): the descriptor (-1: none) and what to wait for; then what happened.
  int Descriptor() const;
  short WantedEvents() const;
  void HandleEvents(short events);

  State state() const { return state_; }
  const std::string& reason() const { return reason_; }

 private:
  static void OnConnect(const redisAsyncContext* context, int status);
  static void OnDisconnect(const redisAsyncContext* context, int status);
  static void OnAnswer(redisAsyncContext* context, void* reply, void* callback);

  void Watch(redisAsyncContext* context);
  void Shake();
  void ShakeStep(const char* what, const RedisReply& reply);
  void Command(const std::vector<std::string>& command, RedisCallback answered);

  const RedisOptions& options_;
  redisAsyncContext* context_ = nullptr;  // hiredis frees it; its clean-up hook clears this
  State state_ = State::kClosed;
  bool want_read_ = false;
  bool want_write_ = false;
  std::string reason_;  // why it was closed
  std::string
      rejection_;  // a step of the handshake failed: close as soon as hiredis is out of the way
};

}  // namespace services

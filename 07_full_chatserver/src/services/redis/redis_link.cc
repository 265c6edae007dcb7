#include "services/redis/redis_link.h"

#include <hiredis/async.h>
#include <poll.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "services/redis/redis_trouble.h"

namespace services {
namespace {

// Where hiredis keeps it before it has told its asynchronous half.
std::string ErrorText(const redisAsyncContext* context) {
  return context->c.errstr[0] != '\0' ? context->c.errstr : "connection closed";
}

RedisReply FromHiredis(const redisReply* reply, const redisAsyncContext* context) {
  if (reply == nullptr) {
    return {ReplyKind::kUnavailable, ErrorText(context)};
  }
  switch (reply->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return {ReplyKind::kText, std::string(reply->str, static_cast<std::size_t>(reply->len))};
    case REDIS_REPLY_NIL:
      return {ReplyKind::kNil, {}};
    case REDIS_REPLY_INTEGER:
      return {ReplyKind::kText, std::to_string(reply->integer)};
    case REDIS_REPLY_ERROR:
      return {ReplyKind::kError, std::string(reply->str, static_cast<std::size_t>(reply->len))};
    default:
      return {ReplyKind::kError, "an answer of an unexpected type"};
  }
}

RedisLink* Self(void* link) {
  return static_cast<RedisLink*>(link);
}

}  // namespace

void RedisLink::Open(const std::string& address) {
  reason_.clear();
  rejection_.clear();
  redisAsyncContext* context = options_.unix_socket.empty()
                                   ? redisAsyncConnect(address.c_str(), options_.port)
                                   : redisAsyncConnectUnix(options_.unix_socket.c_str());
  if (context == nullptr) {
    reason_ = "out of memory";
    return;
  }
  if (context->err != 0) {
    reason_ = context->errstr;
    redisAsyncFree(context);
    return;
  }
  context_ = context;
  state_ = State::kConnecting;
  Watch(context);
}

// hiredis asks for events by these hooks; poll() is told by WantedEvents.
void RedisLink::Watch(redisAsyncContext* context) {
  context->data = this;
  context->ev.data = this;
  context->ev.addRead = [](void* link) { Self(link)->want_read_ = true; };
  context->ev.delRead = [](void* link) { Self(link)->want_read_ = false; };
  context->ev.addWrite = [](void* link) { Self(link)->want_write_ = true; };
  context->ev.delWrite = [](void* link) { Self(link)->want_write_ = false; };
  context->ev.cleanup = [](void* link) {
    Self(link)->context_ = nullptr;  // hiredis frees the context right after this
    Self(link)->state_ = State::kClosed;
    Self(link)->want_read_ = Self(link)->want_write_ = false;
  };
  redisAsyncSetDisconnectCallback(context, &RedisLink::OnDisconnect);
  redisAsyncSetConnectCallback(context, &RedisLink::OnConnect);  // asks for a write event
}

void RedisLink::Close(const std::string& reason) {
  if (context_ == nullptr) return;
  reason_ = reason;
  redisAsyncFree(context_);  // answers what has no answer yet, then the clean-up hook
}

int RedisLink::Descriptor() const {
  return context_ == nullptr ? -1 : context_->c.fd;
}

short RedisLink::WantedEvents() const {
  return static_cast<short>((want_read_ ? POLLIN : 0) | (want_write_ ? POLLOUT : 0));
}

void RedisLink::HandleEvents(short events) {
  // An error or a hang-up is found by the read or the write that it makes fail.
  const bool broken = (events & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  if (context_ != nullptr && want_write_ && ((events & POLLOUT) != 0 || broken)) {
    redisAsyncHandleWrite(context_);
  }
  if (context_ != nullptr && want_read_ && ((events & POLLIN) != 0 || broken)) {
    redisAsyncHandleRead(context_);
  }
  if (rejection_.empty()) return;
  const std::string rejection = std::exchange(rejection_, {});
  Close(rejection);
  reason_ = rejection;  // also when Redis was first to close
}

void RedisLink::OnConnect(const redisAsyncContext* context, int status) {
  RedisLink* link = Self(context->data);
  if (status != REDIS_OK) {
    link->reason_ = ErrorText(context);
  } else if (IsConnectedToItself(context->c.fd)) {
    EndByReset(context->c.fd);
    link->rejection_ = "connected to itself: nobody listens there";
  } else {
    link->Shake();
  }
}

void RedisLink::OnDisconnect(const redisAsyncContext* context, int status) {
  if (status != REDIS_OK) Self(context->data)->reason_ = ErrorText(context);
}

void RedisLink::Shake() {
  state_ = State::kHandshake;
  if (!options_.password.empty()) {
    std::vector<std::string> auth{"AUTH"};
    if (!options_.user.empty()) auth.push_back(options_.user);
    auth.push_back(options_.password);
    Command(auth, [this](const RedisReply& reply) { ShakeStep("AUTH", reply); });
  }
  if (options_.database != 0) {
    Command({"SELECT", std::to_string(options_.database)},
            [this](const RedisReply& reply) { ShakeStep("SELECT", reply); });
  }
  // A Redis that wants a password, or still loads its data, takes connections all the same, and one
  // that is a replica or out of memory answers PING: only the answer to a command like ours shows
  // that it will serve us.
  const std::vector<std::string>& last = options_.probe;
  if (!last.empty()) {
    Command({"PING"}, [this](const RedisReply& reply) { ShakeStep("PING", reply); });
  }
  Command(last.empty() ? std::vector<std::string>{"PING"} : last, [this](const RedisReply& reply) {
    ShakeStep(options_.probe.empty() ? "PING" : options_.probe[0].c_str(), reply);
    const bool answered = reply.kind == ReplyKind::kText || reply.kind == ReplyKind::kNil;
    if (answered && rejection_.empty()) state_ = State::kReady;
  });
}

void RedisLink::ShakeStep(const char* what, const RedisReply& reply) {
  if (reply.kind == ReplyKind::kError && rejection_.empty()) {
    rejection_ = std::string(what) + " refused: " + reply.text;
  }
}

void RedisLink::Send(const std::vector<std::string>& command, RedisCallback answered) {
  Command(command, std::move(answered));
}

void RedisLink::Command(const std::vector<std::string>& command, RedisCallback answered) {
  std::vector<const char*> parts;
  std::vector<std::size_t> lengths;
  for (const std::string& part : command) {
    parts.push_back(part.data());
    lengths.push_back(part.size());
  }
  auto callback = std::make_unique<RedisCallback>(std::move(answered));
  if (context_ == nullptr || redisAsyncCommandArgv(context_, &RedisLink::OnAnswer, callback.get(),
                                                   static_cast<int>(parts.size()), parts.data(),
                                                   lengths.data()) != REDIS_OK) {
    (*callback)({ReplyKind::kUnavailable, "connection is closing"});
    return;
  }
  static_cast<void>(callback.release());  // OnAnswer's from now on: hiredis calls it exactly once
}

void RedisLink::OnAnswer(redisAsyncContext* context, void* reply, void* callback) {
  const std::unique_ptr<RedisCallback> answered(static_cast<RedisCallback*>(callback));
  (*answered)(FromHiredis(static_cast<const redisReply*>(reply), context));
}

}  // namespace services

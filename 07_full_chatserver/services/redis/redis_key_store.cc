#include "services/redis/redis_key_store.h"

#include <utility>

namespace services {
namespace {

std::string Explain(const RedisReply& reply) {
  return std::string(ToString(reply.kind)) + ": " + reply.text;
}

}  // namespace

void RedisKeyStore::Put(std::uint64_t account, std::string key, std::chrono::seconds ttl,
                        PutCallback done) {
  client_.Send(
      {"SET", prefix_ + std::to_string(account), std::move(key), "EX", std::to_string(ttl.count())},
      [done = std::move(done)](const RedisReply& reply) {
        done(reply.kind == ReplyKind::kText ? std::string() : Explain(reply));
      });
}

// [take-and-check]
void RedisKeyStore::TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) {
  client_.Send({"GETDEL", prefix_ + std::to_string(account)},
               [offered = std::move(offered), done = std::move(done)](const RedisReply& reply) {
                 if (reply.kind == ReplyKind::kText) {
                   const KeyVerdict verdict = JudgeKey(reply.text, offered);
                   done(verdict, ToString(verdict));
                 } else if (reply.kind == ReplyKind::kNil) {
                   done(KeyVerdict::kMissing, "never issued, expired or used");
                 } else {
                   done(KeyVerdict::kUnavailable, Explain(reply));
                 }
               });
}
// [/take-and-check]

}  // namespace services

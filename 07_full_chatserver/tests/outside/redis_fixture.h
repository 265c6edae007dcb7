// A test with a redis-server of its own (not started yet) and options that reconnect fast and never
// time out by themselves.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/redis/redis_key_store.h"
#include "tests/outside/redis_server.h"

namespace services {

using outside::RedisServer;
using outside::WaitUntil;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Checked {
  KeyVerdict verdict;
  std::string detail;
};

class Redis : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) GTEST_SKIP() << "redis-server is not installed";
  }

  RedisOptions Options() {
    RedisOptions options;
    options.unix_socket = server_.Socket();
    options.backoff_first = milliseconds(5);
    options.backoff_max = milliseconds(50);
    options.request_timeout = seconds(20);  // tests of time-outs take less
    options.connect_timeout = seconds(20);
    options.silence_limit = seconds(20);
    options.check_interval = seconds(3600);
    return options;
  }

  // The promises are shared with the callbacks: set_value may still be on its way out when get()
  // returns.
  static std::string Put(RedisKeyStore& store, std::uint64_t account, const account::IssuedKey& key,
                         seconds ttl = seconds(60)) {
    auto error = std::make_shared<std::promise<std::string>>();
    store.Put(account, key, ttl, [error](const std::string& text) { error->set_value(text); });
    return error->get_future().get();
  }
  static std::string Put(RedisKeyStore& store, std::uint64_t account, const std::string& key,
                         seconds ttl = seconds(60)) {
    return Put(store, account, account::IssuedKey(key), ttl);
  }
  static Checked Take(RedisKeyStore& store, std::uint64_t account, const std::string& key) {
    auto checked = std::make_shared<std::promise<Checked>>();
    store.TakeAndCheck(account, key, [checked](KeyVerdict verdict, const std::string& detail) {
      checked->set_value({verdict, detail});
    });
    return checked->get_future().get();
  }
  static RedisReply Ask(RedisClient& client, std::vector<std::string> command) {
    auto answer = std::make_shared<std::promise<RedisReply>>();
    client.Send(std::move(command),
                [answer](const RedisReply& reply) { answer->set_value(reply); });
    return answer->get_future().get();
  }

  RedisServer server_;
};

}  // namespace services

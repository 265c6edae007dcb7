// What the chat has from outside, without any of it: everybody comes in with any key (unless
// the test says otherwise), and what is written down goes nowhere, or fails.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "chat/chat_server.h"

namespace course_test {

struct FakeServices final : chat::KeyLookup, net::Doorman, chat::Chronicle {
  void TakeKey(chat::AccountNo account, std::string, Done done) override {
    done({answer.load(), "name" + std::to_string(account)});
  }
  bool MayEnter(const net::PeerAddress&) override { return true; }
  void Entered(const net::PeerAddress&) override {}
  void Left(const net::PeerAddress&) override {}
  bool Record(std::span<const chat::TalkRecord> turn) override {
    if (full.load()) return false;
    written.fetch_add(turn.size());
    return true;
  }
  bool Record(const chat::LoginRecord&) override { return !full.load(); }

  // atomic: the test sets them, actors read them
  std::atomic<chat::KeyAnswer> answer{chat::KeyAnswer::kRight};
  std::atomic<bool> full{false};
  std::atomic<std::uint64_t> written{0};  // atomic: actors
};

}  // namespace course_test

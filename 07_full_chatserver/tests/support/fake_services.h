// What the chat has from outside, without any of it: everybody comes in with any key (unless
// the test says otherwise), and what is written down goes nowhere, or fails.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
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
    if (on_talk) on_talk(turn);
    if (full.load()) return false;
    written.fetch_add(turn.size());
    return true;
  }
  bool Record(const chat::LoginRecord& login) override {
    if (on_login) on_login(login);
    return !full.load();
  }

  // What is to be written down, before it is answered. Set before the threads; by actors.
  std::function<void(std::span<const chat::TalkRecord>)> on_talk;
  std::function<void(const chat::LoginRecord&)> on_login;

  // atomic: the test sets them, actors read them
  std::atomic<chat::KeyAnswer> answer{chat::KeyAnswer::kRight};
  std::atomic<bool> full{false};
  std::atomic<std::uint64_t> written{0};  // atomic: actors
};

}  // namespace course_test

// A client for tests of the whole server: what arrives is kept, and waited for with a deadline.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/client/client_service.h"
#include "support/client/tickets.h"

namespace test {

inline constexpr std::chrono::seconds kPatience{30};

class Player final : public client::ServerSession {
 public:
  struct State {
    std::vector<Protocol::S_LOGIN> logins;
    std::vector<Protocol::S_ENTER_GAME> enters;
    std::vector<Protocol::S_CHAT> chats;
    std::vector<Protocol::S_MOVE_SECTOR> moves;
    std::vector<Protocol::S_SECTOR_CHAT> sector_chats;
    std::vector<std::uint64_t> heartbeats;
    std::size_t news = 0;  // who has come, who has gone
    bool over = false;
  };

  // True when `condition` becomes true in time.
  bool Await(const std::function<bool(const State&)>& condition) {
    std::unique_lock lock(lock_);
    return changed_.wait_for(lock, kPatience, [&] { return condition(state_); });
  }
  State Now() {
    const std::lock_guard lock(lock_);
    return state_;
  }

  void LogIn(const client::Ticket& ticket) {
    Protocol::C_LOGIN login;
    login.set_account(ticket.account);
    login.set_session_key(ticket.session_key);
    Send(login);
  }
  // The answer to the latest log-in.
  std::optional<Protocol::S_LOGIN> AwaitLogin(std::size_t number = 1) {
    if (!Await([=](const State& now) { return now.logins.size() >= number || now.over; }))
      return {};
    const State now = Now();
    if (now.logins.size() < number) return {};
    return now.logins[number - 1];
  }
  bool Enter(std::uint32_t room) {
    const std::size_t before = Now().enters.size();
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(room);
    Send(enter);
    return Await([=](const State& now) { return now.enters.size() > before; }) &&
           Now().enters.back().success();
  }
  void Say(const std::string& text) {
    Protocol::C_CHAT chat;
    chat.set_msg(text);
    Send(chat);
  }
  void SayToSector(const std::string& text) {
    Protocol::C_SECTOR_CHAT chat;
    chat.set_msg(text);
    Send(chat);
  }
  bool MoveTo(std::uint32_t x, std::uint32_t y) {
    const std::size_t before = Now().moves.size();
    Protocol::C_MOVE_SECTOR move;
    move.set_x(x);
    move.set_y(y);
    Send(move);
    return Await([=](const State& now) {
      return now.moves.size() > before && now.moves.back().x() == x && now.moves.back().y() == y;
    });
  }
  bool Hears(const std::string& text) {
    return Await([&](const State& now) {
      for (const auto& chat : now.chats) {
        if (chat.msg() == text) return true;
      }
      for (const auto& chat : now.sector_chats) {
        if (chat.msg() == text) return true;
      }
      return false;
    });
  }
  bool AwaitEnd() {
    return Await([](const State& now) { return now.over; });
  }

 private:
  template <class Change>
  void Update(Change&& change) {
    const std::lock_guard lock(lock_);
    change(state_);
    changed_.notify_all();
  }
  void OnDisconnected(std::string_view) override {
    Update([](State& s) { s.over = true; });
  }
  void OnLogin(const Protocol::S_LOGIN& pkt) override {
    Update([&](State& s) { s.logins.push_back(pkt); });
  }
  void OnEnterGame(const Protocol::S_ENTER_GAME& pkt) override {
    Update([&](State& s) { s.enters.push_back(pkt); });
  }
  void OnChat(const Protocol::S_CHAT& pkt) override {
    Update([&](State& s) { s.chats.push_back(pkt); });
  }
  void OnPlayerJoined(const Protocol::S_PLAYER_JOINED&) override {
    Update([](State& s) { ++s.news; });
  }
  void OnPlayerLeft(const Protocol::S_PLAYER_LEFT&) override {
    Update([](State& s) { ++s.news; });
  }
  void OnMoveSector(const Protocol::S_MOVE_SECTOR& pkt) override {
    Update([&](State& s) { s.moves.push_back(pkt); });
  }
  void OnSectorChat(const Protocol::S_SECTOR_CHAT& pkt) override {
    Update([&](State& s) { s.sector_chats.push_back(pkt); });
  }
  void OnHeartbeat(const Protocol::S_HEARTBEAT& pkt) override {
    Update([&](State& s) { s.heartbeats.push_back(pkt.client_time()); });
  }

  std::mutex lock_;
  std::condition_variable changed_;
  State state_;  // guarded by lock_
};

}  // namespace test

// chat_client's chat as a state machine whose two other ends, the person and the server, the test
// plays.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "apps/chat_client/chat.h"

namespace course_test {

class ChatClient : public testing::Test {
 protected:
  chat_client::Chat& Start(const chat_client::ChatOptions& options = {}) {
    chat_.emplace(
        options, chat_client::Lines({}),
        [this](const chat_client::Request& request) {
          if (connected_) requests_.push_back(request);
          return connected_;
        },
        [this](std::string_view line) { shown_.emplace_back(line); });
    chat_->Begin();
    return *chat_;
  }

  // The next request, which must be a T.
  template <typename T>
  T Sent() {
    if (requests_.empty() || !std::holds_alternative<T>(requests_.front())) {
      ADD_FAILURE() << "no " << T().GetTypeName() << " was sent";
      return {};
    }
    T request = std::get<T>(requests_.front());
    requests_.pop_front();
    return request;
  }
  bool NothingSent() const { return requests_.empty(); }

  // The next line that was shown.
  std::string Shown() {
    if (shown_.empty()) return "(nothing)";
    std::string line = shown_.front();
    shown_.pop_front();
    return line;
  }

  template <typename T>
  void Server(const T& packet, std::uint32_t sequence = 0) {
    chat_->OnPacket({packet, sequence});
  }
  void ServerLogsIn() {
    Sent<Protocol::C_LOGIN>();
    Protocol::S_LOGIN login;
    login.set_success(true);
    login.add_players()->set_name("Knight1");
    login.add_players()->set_name("Mage2");
    Server(login);
  }
  void ServerLetsIn(std::uint32_t room, std::uint64_t me = 1) {
    Protocol::S_ENTER_GAME enter;
    enter.set_success(true);
    enter.set_room_id(room);
    enter.set_player_id(me);
    AddPlayer(*enter.add_players(), me, me == 1 ? "Knight1" : "Mage2");
    AddPlayer(*enter.add_players(), 9, "Archer9");
    Server(enter);
  }
  void ServerRefusesRoom(Protocol::Refusal reason) {
    Protocol::S_ENTER_GAME enter;
    enter.set_reason(reason);
    Server(enter);
  }
  void ServerLetsOut() {
    Protocol::S_LEAVE_GAME leave;
    leave.set_success(true);
    Server(leave);
  }
  void ServerSays(std::uint64_t id, const char* name, const char* text, std::uint32_t sequence) {
    Protocol::S_CHAT chat;
    chat.set_player_id(id);
    chat.set_name(name);
    chat.set_msg(text);
    Server(chat, sequence);
  }
  // In room 5 as Knight1 (id 1); nothing is left over of the way there.
  chat_client::Chat& InRoom(const chat_client::ChatOptions& options = {.character = "knight",
                                                                       .room = 5}) {
    chat_client::Chat& chat = Start(options);
    ServerLogsIn();
    Sent<Protocol::C_ENTER_GAME>();
    ServerLetsIn(5);
    shown_.clear();
    return chat;
  }

  static void AddPlayer(Protocol::Player& player, std::uint64_t id, const char* name) {
    player.set_id(id);
    player.set_name(name);
  }

  bool connected_ = true;
  std::deque<chat_client::Request> requests_;
  std::deque<std::string> shown_;
  std::optional<chat_client::Chat> chat_;
};

}  // namespace course_test

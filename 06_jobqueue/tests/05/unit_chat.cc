// The chat without a network, each request run to its end: state machine, in-game ids, room, who
// frees what.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "chat/game_session.h"
#include "client_packet_handler.h"
#include "tests/support/fake_sender.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using chat::GameSession;
using chat::SessionState;
using course_test::FakeSender;
using proto::Dispatched;

constexpr std::size_t kMessageMax = 100;

class ChatTest : public testing::Test {
 protected:
  ChatTest() { threads_.Start(); }
  ~ChatTest() override {
    EXPECT_TRUE(threads_.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);
  }

  std::unique_ptr<GameSession> NewSession() {
    const std::uint32_t index = next_index_++;
    return std::make_unique<GameSession>(net::SessionId::Make(1, index), world_, budgets_[index]);
  }
  std::unique_ptr<GameSession> InState(SessionState state, std::uint32_t room = 1) {
    auto session = NewSession();
    if (state != SessionState::kConnected) Do(*session, Protocol::PACKET_C_LOGIN, {});
    if (state == SessionState::kInRoom) Enter(*session, room);
    EXPECT_EQ(session->state(), state);
    sender_.Take(session->id());
    return session;
  }

  // The rooms have run their jobs and sent what came out.
  void Settle() {
    const auto deadline = std::chrono::steady_clock::now() + job_test::kDeadline;
    while (threads_.Ready().BusyQueues() != 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }

  static Dispatched Post(GameSession& session, std::uint16_t id, const std::string& body) {
    return ClientPacketHandler::Dispatch(
        session, id, {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
  }
  Dispatched Do(GameSession& session, std::uint16_t id, const std::string& body) {
    const Dispatched dispatched = Post(session, id, body);
    Settle();
    return dispatched;
  }
  void Enter(GameSession& session, std::uint32_t room, std::uint64_t index = 0) {
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(room);
    enter.set_player_index(index);
    ASSERT_EQ(Do(session, Protocol::PACKET_C_ENTER_GAME, enter.SerializeAsString()),
              Dispatched::kHandled);
  }
  void Say(GameSession& session, const std::string& text) {
    Protocol::C_CHAT chat;
    chat.set_msg(text);
    ASSERT_EQ(Do(session, Protocol::PACKET_C_CHAT, chat.SerializeAsString()), Dispatched::kHandled);
  }

  // The only packet that the session was sent, which must be a `Message` of this id.
  template <typename Message>
  Message TheAnswer(const GameSession& session, std::uint16_t id) {
    const std::vector<wire::Frame> frames = sender_.Take(session.id());
    Message message;
    EXPECT_EQ(frames.size(), 1u);
    if (frames.size() != 1) return message;
    EXPECT_EQ(frames[0].type, id);
    EXPECT_EQ(frames[0].sequence, 0u) << "an answer carries no room number";
    EXPECT_TRUE(
        message.ParseFromArray(frames[0].body.data(), static_cast<int>(frames[0].body.size())));
    return message;
  }
  Protocol::Refusal RefusalOf(const GameSession& session) {
    return TheAnswer<Protocol::S_CHAT>(session, Protocol::PACKET_S_CHAT).reason();
  }

  FakeSender sender_;
  std::array<chat::JobBudget, 600> budgets_;
  job::UpdateThreads threads_{{.threads = 2}};
  chat::World world_{{.rooms = 10, .max_message_bytes = kMessageMax}, sender_, threads_};
  std::uint32_t next_index_ = 0;
};

// --- what may be asked for when ------------------------------------------------------------------

TEST_F(ChatTest, ASecondLoginIsRefused) {
  TASK_INPUT("05.6", "C_LOGIN in the lobby and in a room");
  for (const SessionState state : {SessionState::kLobby, SessionState::kInRoom}) {
    const auto session = InState(state);
    const auto players = session->players();
    EXPECT_EQ(Do(*session, Protocol::PACKET_C_LOGIN, {}), Dispatched::kHandled);
    const auto answer = TheAnswer<Protocol::S_LOGIN>(*session, Protocol::PACKET_S_LOGIN);
    EXPECT_FALSE(answer.success());
    EXPECT_EQ(answer.reason(), Protocol::REFUSAL_ALREADY_LOGGED_IN);
    EXPECT_EQ(answer.players_size(), 0);
    EXPECT_EQ(session->state(), state);
    EXPECT_EQ(session->players(), players) << "the characters must not change under the player";
  }
}

TEST_F(ChatTest, EnteringIsForTheLobbyOnly) {
  TASK_INPUT("05.6", "C_ENTER_GAME before the login and in a room");
  const struct {
    SessionState state;
    Protocol::Refusal reason;
  } cases[] = {{SessionState::kConnected, Protocol::REFUSAL_NOT_LOGGED_IN},
               {SessionState::kInRoom, Protocol::REFUSAL_ALREADY_IN_ROOM}};
  for (const auto& c : cases) {
    const auto session = InState(c.state);
    chat::Room* const room = session->room();
    Enter(*session, 2);
    const auto answer = TheAnswer<Protocol::S_ENTER_GAME>(*session, Protocol::PACKET_S_ENTER_GAME);
    EXPECT_FALSE(answer.success());
    EXPECT_EQ(answer.reason(), c.reason);
    EXPECT_EQ(session->state(), c.state);
    EXPECT_EQ(session->room(), room);
    EXPECT_EQ(world_.FindRoom(2)->size(), 0u);
  }
}

TEST_F(ChatTest, EnteringChecksThePlayerIndex) {
  TASK_INPUT("05.6", "player_index 2, 3, 2^32, 2^63, 2^64-1 of two players; then 1");
  for (const std::uint64_t index : {std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1} << 32,
                                    std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    const auto session = InState(SessionState::kLobby);
    Enter(*session, 1, index);
    const auto answer = TheAnswer<Protocol::S_ENTER_GAME>(*session, Protocol::PACKET_S_ENTER_GAME);
    EXPECT_FALSE(answer.success());
    EXPECT_EQ(answer.reason(), Protocol::REFUSAL_BAD_PLAYER_INDEX) << index;
    EXPECT_EQ(session->state(), SessionState::kLobby);
  }
  const auto session = InState(SessionState::kLobby);
  Enter(*session, 1, 1);  // the last good one
  EXPECT_EQ(session->state(), SessionState::kInRoom);
}

TEST_F(ChatTest, EnteringChecksTheRoom) {
  TASK_INPUT("05.6", "room 10, 11, 2^32-1 of ten; then 9");
  for (const std::uint32_t room : {10u, 11u, ~0u}) {
    const auto session = InState(SessionState::kLobby);
    Enter(*session, room);
    const auto answer = TheAnswer<Protocol::S_ENTER_GAME>(*session, Protocol::PACKET_S_ENTER_GAME);
    EXPECT_EQ(answer.reason(), Protocol::REFUSAL_BAD_ROOM) << room;
    EXPECT_EQ(session->state(), SessionState::kLobby);
  }
  const auto session = InState(SessionState::kLobby);
  Enter(*session, 9);
  EXPECT_EQ(session->state(), SessionState::kInRoom);
}

TEST_F(ChatTest, ChattingIsForTheRoomOnly) {
  TASK_INPUT("05.6", "C_CHAT before the login and in the lobby");
  const auto connected = InState(SessionState::kConnected);
  Say(*connected, "hello");
  EXPECT_EQ(RefusalOf(*connected), Protocol::REFUSAL_NOT_LOGGED_IN);
  const auto lobby = InState(SessionState::kLobby);
  Say(*lobby, "hello");
  EXPECT_EQ(RefusalOf(*lobby), Protocol::REFUSAL_NOT_IN_ROOM);
}

TEST_F(ChatTest, ChattingChecksTheText) {
  TASK_INPUT("05.6", "texts that are refused, each with its reason");
  const auto session = InState(SessionState::kInRoom);
  const auto other = InState(SessionState::kInRoom);
  sender_.Take(session->id());
  const struct {
    std::string text;
    Protocol::Refusal reason;
  } cases[] = {
      {"", Protocol::REFUSAL_EMPTY_MESSAGE},
      {std::string(kMessageMax + 1, 'x'), Protocol::REFUSAL_MESSAGE_TOO_LONG},
      {"\xFF", Protocol::REFUSAL_NOT_UTF8},
      {"half a letter \xEC\x95", Protocol::REFUSAL_NOT_UTF8},
      {"overlong \xC0\xAF", Protocol::REFUSAL_NOT_UTF8},
      {"surrogate \xED\xA0\x80", Protocol::REFUSAL_NOT_UTF8},
      {"beyond Unicode \xF4\x90\x80\x80", Protocol::REFUSAL_NOT_UTF8},
      {std::string("a \0 ends a C string", 20), Protocol::REFUSAL_BAD_TEXT},
      {"clears the screen \x1B[2J", Protocol::REFUSAL_BAD_TEXT},
      {"a line\nof the log", Protocol::REFUSAL_BAD_TEXT},
      {"C1: next line \xC2\x85", Protocol::REFUSAL_BAD_TEXT},
      {"line separator \xE2\x80\xA8", Protocol::REFUSAL_BAD_TEXT},
      {"right to left override \xE2\x80\xAE", Protocol::REFUSAL_BAD_TEXT},
      {"isolate without an end \xE2\x81\xA6", Protocol::REFUSAL_BAD_TEXT},
  };
  for (const auto& c : cases) {
    Say(*session, c.text);
    EXPECT_EQ(RefusalOf(*session), c.reason) << c.text;
    EXPECT_TRUE(sender_.Take(other->id()).empty()) << "a refusal is nobody else's business";
  }
  Say(*session, std::string(kMessageMax, 'x'));
  EXPECT_EQ(sender_.Take(other->id()).size(), 1u);
  // Joined by a zero-width joiner: one sign, and nobody's command.
  Say(*session, "family \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7");
  EXPECT_EQ(sender_.Take(other->id()).size(), 1u);
}

TEST_F(ChatTest, LeavingTwiceIsRefused) {
  TASK_INPUT("05.6", "C_LEAVE_GAME in the room, in the lobby, before the login");
  const auto session = InState(SessionState::kInRoom);
  EXPECT_EQ(Do(*session, Protocol::PACKET_C_LEAVE_GAME, {}), Dispatched::kHandled);
  EXPECT_TRUE(TheAnswer<Protocol::S_LEAVE_GAME>(*session, Protocol::PACKET_S_LEAVE_GAME).success());
  EXPECT_EQ(Do(*session, Protocol::PACKET_C_LEAVE_GAME, {}), Dispatched::kHandled);
  const auto again = TheAnswer<Protocol::S_LEAVE_GAME>(*session, Protocol::PACKET_S_LEAVE_GAME);
  EXPECT_FALSE(again.success());
  EXPECT_EQ(again.reason(), Protocol::REFUSAL_NOT_IN_ROOM);
  const auto connected = InState(SessionState::kConnected);
  EXPECT_EQ(Do(*connected, Protocol::PACKET_C_LEAVE_GAME, {}), Dispatched::kHandled);
  EXPECT_EQ(TheAnswer<Protocol::S_LEAVE_GAME>(*connected, Protocol::PACKET_S_LEAVE_GAME).reason(),
            Protocol::REFUSAL_NOT_LOGGED_IN);
}

// --- ids of players ------------------------------------------------------------------------------

TEST_F(ChatTest, InGameIdsAreGivenOnceAlsoToManyAtATime) {
  std::vector<std::vector<std::uint64_t>> ids(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : ids) {
      threads.emplace_back([this, &mine] {
        for (int i = 0; i < 1000; ++i) mine.push_back(world_.NewPlayerId());
      });
    }
  }
  std::set<std::uint64_t> all;
  for (const auto& some : ids) all.insert(some.begin(), some.end());
  EXPECT_EQ(all.size(), 4000u);
  EXPECT_EQ(all.count(0), 0u) << "0 names nobody";
}

TEST_F(ChatTest, ANewConnectionGetsNewIds) {
  auto first = InState(SessionState::kLobby);
  const std::uint64_t before = first->players()[0]->id;
  const std::uint32_t index = first->id().index();
  first.reset();
  GameSession second(net::SessionId::Make(2, index), world_, budgets_[index]);
  EXPECT_EQ(Do(second, Protocol::PACKET_C_LOGIN, {}), Dispatched::kHandled);
  EXPECT_NE(second.players()[0]->id, before);
}

// --- the room ------------------------------------------------------------------------------------

TEST_F(ChatTest, ABroadcastIsNumberedSealedOnceAndShared) {
  std::vector<std::unique_ptr<GameSession>> members;
  for (int i = 0; i < 3; ++i) members.push_back(InState(SessionState::kInRoom));
  for (const auto& member : members) sender_.Take(member->id());
  const std::size_t seals = sender_.seals;
  Say(*members[1], "to everybody");
  EXPECT_EQ(sender_.seals, seals + 1);
  const auto first = sender_.TakePackets(members[0]->id());
  ASSERT_EQ(first.size(), 1u);
  for (const std::size_t i : {1u, 2u}) {
    const auto packets = sender_.TakePackets(members[i]->id());
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0].get(), first[0].get()) << "one packet for all, not a copy each";
  }
}

TEST_F(ChatTest, TheRoomsNumbersAreConsecutiveForEveryMember) {
  TASK_INPUT("05.6", "joins, words, a refused word, a leave, an end without a goodbye");
  const auto witness = InState(SessionState::kInRoom);
  const auto a = InState(SessionState::kInRoom);
  Say(*witness, "one");
  Say(*a, "two");
  auto b = InState(SessionState::kInRoom);
  Say(*a, "three");
  Say(*a, "");  // refused: takes no number
  EXPECT_EQ(Do(*a, Protocol::PACKET_C_LEAVE_GAME, {}), Dispatched::kHandled);
  b.reset();
  Settle();
  Say(*witness, "four");
  // joined, one, two, joined, three, left, left, four: as the first one in the room has heard it,
  // whose own entering was number 1.
  std::vector<std::uint32_t> numbers;
  for (const wire::Frame& frame : sender_.Take(witness->id())) numbers.push_back(frame.sequence);
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(ChatTest, RoomsCountForThemselves) {
  const auto a = InState(SessionState::kInRoom, 1);
  const auto b = InState(SessionState::kInRoom, 2);
  for (int i = 0; i < 5; ++i) Say(*a, "in room 1");
  EXPECT_EQ(sender_.Take(a->id()).back().sequence, 6u);
  Say(*b, "in room 2");
  const auto heard = sender_.Take(b->id());
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].sequence, 2u);
}

TEST_F(ChatTest, OfVeryManyAPartIsNamedAndTheRestCounted) {
  TASK_INPUT("05.3", "a room with four more than can be listed");
  constexpr std::size_t kUnnamed = 4;
  std::vector<std::unique_ptr<GameSession>> members;
  while (members.size() < chat::Room::kMostListed - 1 + kUnnamed) {
    members.push_back(InState(SessionState::kInRoom));
  }
  const auto last = NewSession();
  Do(*last, Protocol::PACKET_C_LOGIN, {});
  sender_.Take(last->id());
  Enter(*last, 1);
  const auto answer = TheAnswer<Protocol::S_ENTER_GAME>(*last, Protocol::PACKET_S_ENTER_GAME);
  EXPECT_EQ(answer.players_size(), static_cast<int>(chat::Room::kMostListed));
  EXPECT_EQ(answer.unnamed(), kUnnamed);
  std::set<std::uint64_t> listed;
  for (const auto& player : answer.players()) listed.insert(player.id());
  EXPECT_EQ(listed.size(), chat::Room::kMostListed);
  EXPECT_TRUE(listed.contains(answer.player_id())) << "oneself";
}

// --- nobody keeps anybody alive ------------------------------------------------------------------

TEST_F(ChatTest, ADisconnectFreesThePlayersAndTellsTheRoom) {
  TASK_INPUT("05.5", "one of two members is disconnected");
  const std::int64_t sessions = chat::LiveObjects<GameSession>::count();
  const std::int64_t players = chat::LiveObjects<chat::Player>::count();
  const std::int64_t packets = net::Packet::LiveCount();
  {
    const auto stays = InState(SessionState::kInRoom);
    auto goes = InState(SessionState::kInRoom);
    const std::uint64_t id = goes->stay()->player->id;
    const std::weak_ptr<const chat::Player> player = goes->stay()->player;
    EXPECT_EQ(chat::LiveObjects<GameSession>::count(), sessions + 2);
    EXPECT_EQ(chat::LiveObjects<chat::Player>::count(), players + 4);
    sender_.Take(stays->id());
    sender_.Take(goes->id());
    goes.reset();
    Settle();
    EXPECT_TRUE(player.expired()) << "something still owns the player of a closed session";
    EXPECT_EQ(chat::LiveObjects<GameSession>::count(), sessions + 1);
    EXPECT_EQ(chat::LiveObjects<chat::Player>::count(), players + 2);
    const auto told = sender_.Take(stays->id());
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].type, Protocol::PACKET_S_PLAYER_LEFT);
    Protocol::S_PLAYER_LEFT left;
    ASSERT_TRUE(left.ParseFromArray(told[0].body.data(), static_cast<int>(told[0].body.size())));
    EXPECT_EQ(left.player_id(), id);
  }
  Settle();
  EXPECT_EQ(chat::LiveObjects<GameSession>::count(), sessions);
  EXPECT_EQ(chat::LiveObjects<chat::Player>::count(), players);
  EXPECT_EQ(world_.FindRoom(1)->size(), 0u);
  EXPECT_EQ(net::Packet::LiveCount(), packets);
}

}  // namespace

// The generated code: dispatch by id and direction, parsing on an arena, messages into packets.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "client_packet_handler.h"
#include "proto/send_buffer.h"
#include "server_packet_handler.h"
#include "support/client/server_session.h"
#include "tests/support/task_input.h"
#include "tests/support/test_world.h"

namespace {

using proto::Dispatched;

std::span<const std::uint8_t> Body(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class ProtoTest : public testing::Test {
 protected:
  Dispatched FromClient(std::uint16_t id, const std::string& body) {
    return ClientPacketHandler::Dispatch(session_, id, Body(body));
  }

  course_test::FakeSender sender_;
  job::UpdateThreads threads_;  // not started: nobody enters a room here
  course_test::TestWorld world_{{}, sender_, threads_};
  chat::JobBudget budget_;
  course_test::TestSession session_{net::SessionId::Make(1, 0), world_, budget_};
};

TEST_F(ProtoTest, AKnownPacketReachesItsHandler) {
  EXPECT_EQ(FromClient(Protocol::PACKET_C_LOGIN, ""), Dispatched::kHandled);
  EXPECT_FALSE(session_.BeginLogin(1, "key")) << "the lobby was asked already";
}

TEST_F(ProtoTest, AnUnknownIdIsRefused) {
  for (const int id : {0, 1, 6, 1000, 1011, 1201, 1202, 1301, 1302, 1303, 1304, 65535}) {
    EXPECT_EQ(FromClient(static_cast<std::uint16_t>(id), ""), Dispatched::kUnknownId) << id;
  }
  client::ServerSession server;
  EXPECT_EQ(ServerPacketHandler::Dispatch(server, 9999, {}), Dispatched::kUnknownId);
}

TEST_F(ProtoTest, APacketOfTheOtherDirectionIsRefused) {
  for (const int id : {1002, 1004, 1006, 1008, 1009, 1010, 1102, 1104, 1106}) {
    EXPECT_EQ(FromClient(static_cast<std::uint16_t>(id), ""), Dispatched::kWrongDirection) << id;
  }
  client::ServerSession server;
  for (const int id : {1001, 1003, 1005, 1007, 1101, 1103, 1105}) {
    EXPECT_EQ(ServerPacketHandler::Dispatch(server, static_cast<std::uint16_t>(id), {}),
              Dispatched::kWrongDirection)
        << id;
  }
}

TEST_F(ProtoTest, ABodyThatDoesNotParseIsRefused) {
  const std::string bad[] = {
      "\x08",         // a field without its value
      "\x0A\x05xyz",  // 5 bytes are promised, 3 are there
      "\x0B",         // a group that does not end
      std::string(20, '\xFF'),
  };
  for (const std::string& body : bad) {
    EXPECT_EQ(FromClient(Protocol::PACKET_C_CHAT, body), Dispatched::kParseFailed);
    EXPECT_EQ(FromClient(Protocol::PACKET_C_ENTER_GAME, body), Dispatched::kParseFailed);
  }
  // Fields that this version does not know are no error: a newer client may send them.
  EXPECT_EQ(FromClient(Protocol::PACKET_C_LOGIN, "\x50\x01"), Dispatched::kHandled);
}

TEST_F(ProtoTest, EveryRefusalHasAName) {
  EXPECT_EQ(ToString(Dispatched::kUnknownId), "unknown packet id");
  EXPECT_EQ(ToString(Dispatched::kWrongDirection), "packet of the wrong direction");
  EXPECT_EQ(ToString(Dispatched::kParseFailed), "bad protobuf");
  EXPECT_EQ(ToString(Dispatched::kRefused), "protocol violation");
}

// --- the arena -----------------------------------------------------------------------------------

struct Nobody {};
bool Refuses(Nobody&, const Protocol::C_CHAT&) {
  return false;
}
bool Throws(Nobody&, const Protocol::C_CHAT&) {
  throw std::runtime_error("a handler's mistake");
}

std::string LargeChat() {
  Protocol::C_CHAT chat;
  chat.set_msg(std::string(60'000, 'x'));
  return chat.SerializeAsString();
}

TEST(ArenaTest, IsEmptyAfterEveryMessage) {
  TASK_INPUT("05.1", "a message of 60000 bytes, then one that does not parse");
  Nobody nobody;
  const std::string body = LargeChat();
  EXPECT_EQ((proto::ParseAndCall<Protocol::C_CHAT, Nobody>(nobody, Body(body), Refuses)),
            Dispatched::kRefused);
  EXPECT_EQ(proto::ParseArena().SpaceUsed(), 0u);
  EXPECT_EQ((proto::ParseAndCall<Protocol::C_CHAT, Nobody>(nobody, Body("\x0A\x7Fx"), Refuses)),
            Dispatched::kParseFailed);
  EXPECT_EQ(proto::ParseArena().SpaceUsed(), 0u);
}

TEST(ArenaTest, IsEmptyAfterAHandlerThatThrew) {
  TASK_INPUT("05.1", "a handler that throws");
  Nobody nobody;
  const std::string body = LargeChat();
  EXPECT_THROW((proto::ParseAndCall<Protocol::C_CHAT, Nobody>(nobody, Body(body), Throws)),
               std::runtime_error);
  EXPECT_EQ(proto::ParseArena().SpaceUsed(), 0u);
}

TEST(ArenaTest, TakesNothingFromTheHeapInSteadyState) {
  TASK_INPUT("05.1", "'hello', 1000 times");
  Nobody nobody;
  Protocol::C_CHAT chat;
  chat.set_msg("hello");
  const std::string body = chat.SerializeAsString();
  const auto handle = [](Nobody&, const Protocol::C_CHAT&) { return true; };
  EXPECT_EQ((proto::ParseAndCall<Protocol::C_CHAT, Nobody>(nobody, Body(body), +handle)),
            Dispatched::kHandled);
  const std::uint64_t allocated = proto::ParseArena().SpaceAllocated();
  for (int i = 0; i < 1000; ++i) {
    proto::ParseAndCall<Protocol::C_CHAT, Nobody>(nobody, Body(body), +handle);
    ASSERT_EQ(proto::ParseArena().SpaceAllocated(), allocated);
  }
}

// --- messages into packets -----------------------------------------------------------------------

TEST(SendBufferTest, IsTheMessageBehindIdAndSequence) {
  TASK_INPUT("05.2", "an S_CHAT with Korean text, number 1234");
  Protocol::S_CHAT chat;
  chat.set_player_id(77);
  chat.set_name("기사");
  chat.set_msg("안녕");
  const net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(chat, 1234);
  EXPECT_EQ(packet->type(), Protocol::PACKET_S_CHAT);
  EXPECT_EQ(packet->sequence(), 1234u);
  EXPECT_TRUE(packet->ok());
  const std::string expected = chat.SerializeAsString();
  EXPECT_EQ(std::string(packet->body().begin(), packet->body().end()), expected);
  EXPECT_EQ(ClientPacketHandler::MakeSendBuffer(chat)->sequence(), 0u);
}

TEST(SendBufferTest, AnEmptyMessageIsAnEmptyBody) {
  TASK_INPUT("05.2", "a C_LOGIN: no fields");
  const net::PacketRef packet = ServerPacketHandler::MakeSendBuffer(Protocol::C_LOGIN());
  EXPECT_EQ(packet->type(), Protocol::PACKET_C_LOGIN);
  EXPECT_TRUE(packet->body().empty());
  EXPECT_TRUE(packet->ok());
}

TEST(SendBufferTest, TheLongestMessageFitsAndOneByteMoreIsAnError) {
  TASK_INPUT("05.2", "a body of 65529 bytes, and one of 65530");
  constexpr std::size_t kMost = net::kMaxPayload - net::kPayloadHeaderSize;
  Protocol::C_CHAT chat;
  chat.set_msg(std::string(kMost - 4, 'x'));  // tag and a length of three bytes
  ASSERT_EQ(chat.ByteSizeLong(), kMost);
  const net::PacketRef packet = ServerPacketHandler::MakeSendBuffer(chat);
  EXPECT_EQ(packet->body().size(), kMost);
  packet->Seal(0xA9, 0);
  chat.set_msg(std::string(kMost - 3, 'x'));
  try {
    static_cast<void>(ServerPacketHandler::MakeSendBuffer(chat));
    ADD_FAILURE() << "a message that fits in no frame was accepted";
  } catch (const std::length_error& error) {
    EXPECT_EQ(std::string(error.what()), "Protocol.C_CHAT of 65530 bytes fits in no frame");
  }
}

TEST(ExtendTest, GivesRoomOrNothing) {
  const net::PacketRef packet = net::Packet::Make(1, 10);
  *packet << std::uint8_t{1};
  std::span<std::uint8_t> room = packet->Extend(4);
  ASSERT_EQ(room.size(), 4u);
  for (std::uint8_t& byte : room) byte = 2;
  *packet << std::uint8_t{3};
  EXPECT_EQ(std::string(packet->body().begin(), packet->body().end()), "\1\2\2\2\2\3");
  EXPECT_TRUE(packet->ok());
  EXPECT_TRUE(packet->Extend(100'000).empty());
  EXPECT_FALSE(packet->ok());
  EXPECT_EQ(packet->body().size(), 6u);
}

}  // namespace

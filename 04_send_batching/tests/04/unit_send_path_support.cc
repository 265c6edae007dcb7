#include "tests/04/unit_send_path.h"

#include "net/block_pool.h"
#include "net/send_node.h"

namespace course_test {

INSTANTIATE_TEST_SUITE_P(
    Modes, SendPathTest,
    testing::Values(SendMode{"Skip", true, 32, 512, net::AcceptMode::kAcceptThread},
                    SendMode{"NoSkip", false, 32, 512, net::AcceptMode::kAcceptThread},
                    SendMode{"OneByOne", false, 1, 0, net::AcceptMode::kAcceptEx},
                    SendMode{"SkipGather", true, 8, 0, net::AcceptMode::kAcceptEx}),
    [](const auto& mode) { return mode.param.name; });

net::ServerOptions SendPathTest::Options() {
  net::ServerOptions options;
  options.session_max = 64;
  options.worker_threads = 3;
  options.skip_on_success = GetParam().skip_on_success;
  options.completion_batch = GetParam().completion_batch;
  options.send_copy_max = GetParam().send_copy_max;
  options.accept_mode = GetParam().accept_mode;
  options.send_probe = &probe_;
  return options;
}

void SendPathTest::ExpectCleanStop(RecordingServer& server) {
  const net::StopReport report = server.Stop();
  EXPECT_EQ(report.live_sessions, 0u);
  EXPECT_EQ(report.outstanding_operations, 0u);
  EXPECT_EQ(probe_.two_at_once(), 0) << "two sends of one session were outstanding";
}

void SendPathTest::TearDown() {
  EXPECT_EQ(net::LiveSendNodes(), 0) << "a node leaked";
  EXPECT_EQ(net::Packet::LiveCount(), 0) << "a packet leaked";
  EXPECT_EQ(net::LiveBlocks(net::BlockUse::kSendBuffer), 0) << "a send buffer leaked";
}

net::PacketRef MakePacket(const net::Server& server, const std::string& text) {
  net::PacketRef packet = net::Packet::Make(1, text.size());
  packet->Write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  EXPECT_TRUE(server.Seal(*packet));
  return packet;
}

std::string Frame(const net::PacketRef& packet) {
  return {reinterpret_cast<const char*>(packet->frame().data()), packet->frame().size()};
}

}  // namespace course_test

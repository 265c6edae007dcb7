// The receive path on real sockets: what its tests share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "net/block_pool.h"
#include "net/packet.h"
#include "tests/support/recording_server.h"

namespace course_test {

// Whatever a test did, everything is back in the pool when its server has stopped.
class ReceiveTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(ReceiveBuffers(), 0) << "a receive buffer leaked";
    EXPECT_EQ(net::Packet::LiveCount(), 0) << "a packet leaked";
  }
  static std::int64_t ReceiveBuffers() { return net::LiveBlocks(net::BlockUse::kReceiveBuffer); }
  static net::ServerOptions Options() {
    net::ServerOptions options;
    options.session_max = 256;
    options.worker_threads = 3;
    return options;
  }
  static void ExpectCleanStop(RecordingServer& server) {
    const net::StopReport report = server.Stop();
    EXPECT_EQ(report.live_sessions, 0u);
    EXPECT_EQ(report.outstanding_operations, 0u);
  }
};

}  // namespace course_test

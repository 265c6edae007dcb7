// A client that closes its side while the game still owes it answers: the session stays until the
// game says that they are all queued, or something else ends it.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/03/unit_receive.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {

using course_test::Packet;
using course_test::ReceiveTest;
using course_test::RecordingServer;
using course_test::Sealed;
using course_test::Story;
using net::SessionId;
using support::TcpClient;

// A game whose answers come from another thread, later.
class LateServer : public RecordingServer {
 public:
  using RecordingServer::RecordingServer;
  ~LateServer() override { Stop(); }

  [[nodiscard]] bool AwaitFinished(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, course_test::kDeadline,
                             [&] { return finished_.size() >= count; });
  }
  SessionId finished(std::size_t i) {
    const std::lock_guard lock(mutex_);
    return finished_.at(i);
  }

 protected:
  void OnClientFinished(SessionId id) override {
    const std::lock_guard lock(mutex_);
    finished_.push_back(id);
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SessionId> finished_;  // guarded by mutex_
};

class HalfClose : public ReceiveTest {};

TEST_F(HalfClose, TheAnswersArriveThenTheServersFin) {
  LateServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient client(server.port());
  ASSERT_TRUE(client.Send(Packet("question")));
  client.FinishSending();
  ASSERT_TRUE(server.AwaitFinished(1));
  const SessionId id = server.finished(0);
  EXPECT_EQ(server.StoryOf(id), (Story{"join", "question"})) << "all of it was heard before";
  std::string expected;
  for (int i = 0; i < 3; ++i) {
    const std::string answer = Packet("answer " + std::to_string(i));
    expected += answer;
    EXPECT_EQ(server.SendPacket(id, Sealed(answer)), net::SendResult::kOk);
    EXPECT_EQ(client.Receive(answer.size()), answer);  // the session stays in between
  }
  EXPECT_TRUE(server.Finish(id));
  const net::SendResult late = server.SendPacket(id, Sealed(Packet("too late")));
  EXPECT_TRUE(late == net::SendResult::kClosing || late == net::SendResult::kStaleId)
      << net::ToString(late);  // which one: whether the session is gone already
  const TcpClient::Rest rest = client.ReceiveToEnd();
  EXPECT_TRUE(rest.closed && !rest.reset && rest.data.empty());
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(id).back(), "leave: closed by the peer");
  EXPECT_FALSE(server.Finish(id)) << "a stale id";
  ExpectCleanStop(server);
}

TEST_F(HalfClose, DisconnectAndStopEndItAsAnyOther) {
  LateServer server(Options());
  ASSERT_EQ(server.Start().error(), "");
  TcpClient first(server.port());
  first.FinishSending();
  ASSERT_TRUE(server.AwaitFinished(1));
  EXPECT_TRUE(server.Disconnect(server.finished(0), "enough"));
  ASSERT_TRUE(server.AwaitLeaves(1));
  EXPECT_EQ(server.StoryOf(server.finished(0)).back(), "leave: enough");
  TcpClient second(server.port());
  second.FinishSending();
  ASSERT_TRUE(server.AwaitFinished(2));
  ExpectCleanStop(server);
}

// The race: the peer's FIN and the game's own end of the session at the same moment. Whoever comes
// second gives the count back; nobody twice, and nobody not at all.
TEST_F(HalfClose, AFinBesideADisconnectLeavesNothing) {
  LateServer server(Options());
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<SessionId> joined;  // guarded by mutex
  bool done = false;              // guarded by mutex
  server.on_join = [&](SessionId id) {
    const std::lock_guard lock(mutex);
    joined.push_back(id);
    changed.notify_all();
  };
  ASSERT_EQ(server.Start().error(), "");
  std::thread ender([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return done || !joined.empty(); });
      if (joined.empty()) return;
      const SessionId id = joined.back();
      joined.pop_back();
      lock.unlock();
      server.Disconnect(id, "enough");
      lock.lock();
    }
  });
  const auto clients = static_cast<std::size_t>(200 * course_test::StressFactor());
  for (std::size_t i = 0; i < clients; ++i) {
    TcpClient client(server.port());
    client.FinishSending();
    EXPECT_TRUE(client.ReceiveToEnd().closed);
  }
  EXPECT_TRUE(server.AwaitLeaves(clients));
  {
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_all();
  }
  ender.join();
  ExpectCleanStop(server);
}

}  // namespace

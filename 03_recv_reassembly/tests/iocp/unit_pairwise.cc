// The pairs, on a connected socket and on a new one. Each is a test of its own, named after it:
// --gtest_filter='*connected_send_then_reuse'.
#include "tests/iocp/unit_pairwise.h"

#include <tuple>

#include "tests/iocp/unit_port_stress.h"

namespace course_test {
namespace {

// What Wine 8 does not have at all, and each such pair would wait for.
bool WineLacks(Deed deed, bool connected) {
  switch (deed) {
    case Deed::kReset:
      return WineDiffers("P26", "a reset is told once; then Wine reads the end of the stream",
                         "Wine 8.0 dlls/ws2_32/tests/sock.c, test_tcp_reset: todo_wine");
    case Deed::kReuse:
      return WineDiffers("P37", "Wine's TF_REUSE_SOCKET leaves a socket that accepts nothing",
                         "Wine 8.0 dlls/ws2_32/socket.c, WS2_DisconnectEx: 'Reusing socket not "
                         "supported yet'");
    case Deed::kHandOver:
    case Deed::kAwaitClient:
    case Deed::kAwaitFirst:
      return connected &&
             WineDiffers("P33", "Wine accepts into a connected socket",
                         "Wine 8.0 dlls/ws2_32/tests/sock.c, test_AcceptEx: todo_wine");
    default:
      return false;
  }
}

// Pairs that end otherwise there.
bool WineEndsOtherwise(Deed first, Deed second) {
  const bool receive = second == Deed::kReceive || second == Deed::kEvent;
  const bool use = receive || second == Deed::kSend || second == Deed::kFinOut ||
                   second == Deed::kShutdownIn || second == Deed::kShutdownBoth;
  if (first == Deed::kAwaitFirst && use) {
    return WineDiffers("P32", "Wine's accepting socket is connected before its first data has come",
                       "Wine 8.0 server/sock.c, accept_into_socket");
  }
  if (first == Deed::kConnectFailed && receive) {
    return WineDiffers("P36", "a receive on a socket whose connect was refused pends under Wine",
                       "observed with Wine 8");
  }
  return false;
}

class Pairwise : public ::testing::TestWithParam<std::tuple<Deed, Deed, bool>> {};

TEST_P(Pairwise, EndsAsPromised) {
  const auto [first, second, connected] = GetParam();
  const bool then_connected = connected || first == Deed::kHandOver || first == Deed::kAwaitFirst;
  if (WineLacks(first, connected) || WineLacks(second, then_connected)) return;
  if (WineEndsOtherwise(first, second)) return;
  const NothingLeftBehind books;
  Scene scene(connected, first, second);
  const auto during = [](const char* what) { return std::string("during ") + what; };
  {
    SCOPED_TRACE(during(ToString(first)));
    scene.Do(first);
  }
  if (HasFatalFailure()) return;
  {
    SCOPED_TRACE(during(ToString(second)));
    scene.Do(second);
  }
  {
    SCOPED_TRACE("using what is left");
    scene.UseWhatIsLeft();
  }
  SCOPED_TRACE("closing");
  scene.CloseAndCount();
}

INSTANTIATE_TEST_SUITE_P(All, Pairwise,
                         ::testing::Combine(::testing::ValuesIn(AllDeeds()),
                                            ::testing::ValuesIn(AllDeeds()), ::testing::Bool()),
                         [](const auto& pair) {
                           return std::string(std::get<2>(pair.param) ? "connected_" : "new_") +
                                  ToString(std::get<0>(pair.param)) + "_then_" +
                                  ToString(std::get<1>(pair.param));
                         });

}  // namespace
}  // namespace course_test

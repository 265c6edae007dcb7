// echo_epoll: stage 01's yardstick, what a careful programmer writes against epoll.
#include "echo/echo_main.h"

int main(int argc, char** argv) {
  return echo::Run(argc, argv, "echo_epoll", "The bench's echo peer: hand-made epoll",
                   [](int threads) { return bench::StartEpollEcho(threads); });
}

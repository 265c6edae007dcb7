// echo_port: the same job through the completion port, as stage 01's port_bench measures it.
#include "echo/echo_main.h"

int main(int argc, char** argv) {
  return echo::Run(argc, argv, "echo_port", "Echo through the completion port",
                   [](int threads) { return bench::StartPortEcho(threads, threads, false); });
}

// echo_client: many clients in one thread, each sending messages and checking what comes back.
// Exit code 0 only if every byte of every client came back and every connection ended in order.

#include <chrono>
#include <iostream>

#include "support/echo_load.h"
#include "support/options.h"

int main(int argc, char** argv) {
  apps::CommandLine app("Clients for an echo server; they check every byte", "echo_client");
  apps::EchoLoadOptions options;
  app.Add("--port", options.port, "TCP port of the server on 127.0.0.1").Required().Range(1, 65535);
  app.Add("--clients", options.clients, "connections").Range(1, 10000);
  app.Add("--messages", options.messages, "messages of each client").Range(0, 10000000);
  app.Add("--size", options.size, "bytes of a message").Range(1, 65536);
  app.Add("--interval-ms", options.interval_ms, "pause of a client between two messages")
      .Range(0, 60000);
  app.Add("--stall-s", options.stall_s, "give up after so many seconds without any progress")
      .Range(1, 600);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  try {
    const apps::Winsock winsock;
    const auto start = std::chrono::steady_clock::now();
    const apps::EchoLoadResult result = apps::RunEchoLoad(options);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::cout << "clients " << options.clients << ", messages echoed " << result.echoed << " of "
              << options.clients * options.messages << ", wrong " << result.wrong << ", lost "
              << result.lost << ", " << seconds.count() << " s\n";
    for (const std::string& problem : result.problems) {
      std::cerr << "echo_client: " << problem << '\n';
    }
    return result.Good() ? 0 : 1;
  } catch (const apps::StartError& error) {
    std::cerr << "echo_client: " << error.what() << '\n';
    return 1;
  }
}

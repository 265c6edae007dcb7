// Programs written the usual way (tests/iocp/usual), seen from outside: they serve clients and
// stop.
#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/tcp_client.h"

namespace {

using support::Process;
using support::TcpClient;

struct Server {
  explicit Server(const std::string& program) : process(program) {
    port = process.ReadPort().value_or(0);
    REQUIRE(port != 0);
  }
  // Ends its input; the last line that it prints.
  std::string Stop() {
    process.CloseInput();
    const auto code = process.Wait();
    REQUIRE(code.has_value());
    CHECK(*code == 0);
    CHECK(process.Errors().empty());
    return process.Output();
  }
  Process process;
  unsigned short port = 0;
};

std::string Text(std::size_t size, char first) {
  std::string text(size, first);
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>('a' + (i * 7 + static_cast<unsigned char>(first)) % 26);
  return text;
}

// Everyone gets what anyone says, in the order of the server.
void CheckChat(const std::string& program) {
  Server server(program);
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<TcpClient>(server.port));
    // Welcomed: its own words come back, so the server has it on its list.
    const std::string hello = "hello " + std::to_string(i);
    REQUIRE(clients.back()->Send(hello));
    for (const auto& client : clients) REQUIRE(client->Receive(hello.size()) == hello);
  }
  for (int round = 0; round < 20; ++round) {
    TcpClient& speaker = *clients[static_cast<std::size_t>(round) % clients.size()];
    const std::string line = Text(200, static_cast<char>(round));
    REQUIRE(speaker.Send(line));
    for (const auto& client : clients) REQUIRE(client->Receive(line.size()) == line);
  }
  clients[0]->Reset();
  clients[1]->Close();
  REQUIRE(clients[2]->Send("still there?"));
  for (std::size_t i = 2; i < clients.size(); ++i) CHECK(clients[i]->Receive(12) == "still there?");
  CHECK(server.Stop().find("stopped") != std::string::npos);
}

}  // namespace

SCENARIO("an echo server in the structure of the SDK's sample serves clients") {
  GIVEN("the server and ten clients") {
    Server server("usual_echo_sample");
    std::vector<std::unique_ptr<TcpClient>> clients;
    // AcceptEx waits for each client's first data, one after the other.
    for (std::size_t i = 0; i < 10; ++i) {
      clients.push_back(std::make_unique<TcpClient>(server.port));
      const std::string first = Text(100, static_cast<char>(i));
      REQUIRE(clients[i]->Send(first));
      CHECK(clients[i]->Receive(first.size()) == first);
    }
    WHEN("they send large texts and one of them is reset") {
      for (std::size_t i = 0; i < clients.size(); ++i) {
        REQUIRE(clients[i]->Send(Text(10'000, static_cast<char>(i))));
      }
      THEN("each gets its own back and the server stops cleanly") {
        for (std::size_t i = 0; i < clients.size(); ++i) {
          CHECK(clients[i]->Receive(10'000) == Text(10'000, static_cast<char>(i)));
        }
        clients[3]->Reset();
        clients[4]->Close();
        CHECK(server.Stop().find("stopped with 0 connections") != std::string::npos);
      }
    }
  }
}

SCENARIO("a tutorial's chat with an accept thread serves clients") {
  CheckChat("usual_chat_tutorial");
}

SCENARIO("a ServerCore serves clients") {
  CheckChat("usual_server_core");
}

// Tasks 01.3 and 01.4: the echo server and its stop, seen from outside.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"

namespace {

using support::Process;
using support::TcpClient;

// The server on a free port.
struct EchoServer {
  Process process{"overlapped_echo", {"--port", "0", "--stop-on-eof"}};
  unsigned short port = process.ReadPort().value_or(0);
};

// Bytes without a short period, so that a shifted or repeated piece is seen.
std::string Pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  unsigned state = seed * 2654435761u + 1;
  for (char& byte : text) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return text;
}

bool Echoes(TcpClient& client, const std::string& text) {
  return client.Send(text) && client.Receive(text.size()) == text;
}

}  // namespace

SCENARIO("a client gets back what it sends") {
  GIVEN("the server and one client") {
    EchoServer server;
    REQUIRE(server.port != 0);
    TcpClient client(server.port);
    WHEN("it sends messages of several sizes, one of them larger than the server's buffer") {
      THEN("each comes back whole") {
        for (const std::size_t size : {1u, 2u, 100u, 4096u, 4097u, 20000u}) {
          TASK_INPUT("01.3", size << " bytes, seed " << size);
          CHECK(Echoes(client, Pattern(size, static_cast<unsigned>(size))));
        }
      }
    }
    WHEN("it sends byte by byte") {
      TASK_INPUT("01.3", "200 bytes one by one");
      const std::string text = Pattern(200, 7);
      for (const char byte : text) {
        REQUIRE(client.Send(std::string(1, byte)));
      }
      THEN("the bytes come back in order") {
        CHECK(client.Receive(text.size()) == text);
      }
    }
  }
}

SCENARIO("clients do not get in each other's way") {
  GIVEN("the server and twenty clients") {
    TASK_INPUT("01.3", "20 clients, 1000 bytes each");
    EchoServer server;
    REQUIRE(server.port != 0);
    std::vector<TcpClient> clients;
    for (int i = 0; i < 20; ++i) {
      clients.emplace_back(server.port);
    }
    WHEN("all send before anyone reads") {
      for (unsigned i = 0; i < clients.size(); ++i) {
        REQUIRE(clients[i].Send(Pattern(1000, i)));
      }
      THEN("each gets its own bytes") {
        for (unsigned i = 0; i < clients.size(); ++i) {
          CHECK(clients[i].Receive(1000) == Pattern(1000, i));
        }
      }
    }
    WHEN("one resets its connection and another just leaves") {
      REQUIRE(clients[3].Send("last words"));
      clients[3].Reset();
      clients[4].Close();
      THEN("the server serves the others and newcomers") {
        CHECK(Echoes(clients[0], "still here"));
        CHECK(Echoes(clients[19], "me too"));
        TcpClient newcomer(server.port);
        CHECK(Echoes(newcomer, "hello"));
      }
    }
  }
}

SCENARIO("a client finishes sending before it has read the answers") {
  GIVEN("the server and one client") {
    TASK_INPUT("01.3", "10000 bytes and a half-close, or the half-close alone");
    EchoServer server;
    REQUIRE(server.port != 0);
    TcpClient client(server.port);
    WHEN("it sends and half-closes at once") {
      const std::string text = Pattern(10000, 5);
      REQUIRE(client.Send(text));
      client.FinishSending();
      THEN("it gets everything back, then the server closes in order") {
        const TcpClient::Rest rest = client.ReceiveToEnd();
        CHECK(rest.data == text);
        CHECK(rest.closed);
        CHECK_FALSE(rest.reset);
      }
    }
    WHEN("it half-closes without a word") {
      client.FinishSending();
      THEN("the server closes too") {
        const TcpClient::Rest rest = client.ReceiveToEnd();
        CHECK(rest.data.empty());
        CHECK(rest.closed);
      }
    }
  }
}

SCENARIO("clients that come and go at once") {
  GIVEN("the server") {
    TASK_INPUT("01.3", "100 clients in a row that connect and leave, half of them by a reset");
    EchoServer server;
    REQUIRE(server.port != 0);
    WHEN("a hundred clients connect and leave, half of them by a reset") {
      for (int i = 0; i < 100; ++i) {
        TcpClient client(server.port);
        if (i % 2 == 0) {
          client.Reset();
        }
      }
      THEN("the next one is served, and nobody is left over that the stop would wait for") {
        TcpClient client(server.port);
        CHECK(Echoes(client, "hello"));
        client.Close();
        server.process.Stop();
        CHECK(server.process.Wait() == 0);
      }
    }
  }
}

SCENARIO("stopping while clients are connected", "[stop]") {
  GIVEN("the server with a client that has been served") {
    TASK_INPUT("01.4", "one client that has been served and waits, then Ctrl-C");
    EchoServer server;
    REQUIRE(server.port != 0);
    TcpClient client(server.port);
    REQUIRE(Echoes(client, "hello"));
    WHEN("the server is asked to stop") {
      server.process.Stop();
      THEN("it closes the connection and ends with 0") {
        CHECK(client.ReceiveToEnd().closed);
        CHECK(server.process.Wait() == 0);
      }
    }
  }
}

SCENARIO("echo_client finds nothing wrong") {
  GIVEN("the server") {
    TASK_INPUT("01.3", "50 clients, 40 messages each");
    EchoServer server;
    REQUIRE(server.port != 0);
    WHEN("echo_client runs with many connections") {
      const support::Finished run = support::Run(
          "echo_client",
          {"--port", std::to_string(server.port), "--clients", "50", "--messages", "40"});
      THEN("every message of every client came back") {
        INFO(run.output << run.errors);
        CHECK(run.exit_code == 0);
        CHECK(run.output.find("messages echoed 2000 of 2000, wrong 0, lost 0") !=
              std::string::npos);
      }
    }
  }
}

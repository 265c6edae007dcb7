// What an idle session costs in user memory.
//
//   session_memory [--sessions N] [--json]
//
// A server and N clients in one process. Every client sends one packet, gets it back and is silent:
// then the server has used buffers and must have returned them. Measured with the C library's own
// count of allocated bytes (Linux) or the process's private bytes (Windows, coarser).
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "net/block_pool.h"
#include "net/server.h"
#include "support/options.h"

#ifdef _WIN32
#include <psapi.h>
#else
#include <malloc.h>
#include <sys/resource.h>
#endif

namespace {

std::int64_t AllocatedBytes() {
#ifdef _WIN32
  PROCESS_MEMORY_COUNTERS counters{};
  GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters));
  return static_cast<std::int64_t>(counters.PagefileUsage);
#else
  const struct mallinfo2 info = mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
#endif
}

class EchoServer : public net::Server {
 public:
  using Server::Server;
  ~EchoServer() override { Stop(); }

 protected:
  void OnClientJoin(net::SessionId) override {}
  void OnClientLeave(net::SessionId, std::string_view) override {}
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override {
    const net::PacketRef answer = net::Packet::Make(packet->type(), packet->body().size());
    answer->Write(packet->body());
    if (Seal(*answer)) SendPacket(id, answer);
  }
};

// A blocking client that allocates nothing: what is measured belongs to the server and the port.
bool TalkOnce(SOCKET client, std::uint16_t port, std::vector<char>& frame) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return false;
  const int size = static_cast<int>(frame.size());
  if (send(client, frame.data(), size, 0) != size) return false;
  for (int got = 0; got < size;) {
    const int part = recv(client, frame.data(), size - got, 0);
    if (part <= 0) return false;
    got += part;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t sessions = 2000;
  bool json = false;
  apps::CommandLine app("User memory of an idle session.", "session_memory");
  app.Add("--sessions", sessions, "idle sessions").Range(1, 100'000).ShowDefault();
  app.Flag("--json", json, "one JSON object instead of the table");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
#ifndef _WIN32
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
#endif

  std::vector<SOCKET> clients;
  clients.reserve(sessions);
  const net::PacketRef packet = net::Packet::Make(1);
  packet->Seal(net::kDefaultFixedKey, 7);
  const std::vector<char> frame(packet->frame().begin(), packet->frame().end());
  std::vector<char> scratch(frame.size());

  const std::int64_t before = AllocatedBytes();
  net::ServerOptions options;
  options.session_max = sessions;
  options.check_sequence = false;
  options.first_packet_timeout_ms = options.idle_timeout_ms = 0;
  EchoServer server(options);
  if (const net::Status status = server.Start(); !status.ok()) {
    std::cerr << status.error() << "\n";
    return 2;
  }
  const std::int64_t started = AllocatedBytes();
  for (std::uint32_t i = 0; i < sessions; ++i) {
    // Blocking sockets, not associated with any port.
    clients.push_back(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, 0));
    scratch = frame;
    if (clients.back() == INVALID_SOCKET || !TalkOnce(clients.back(), server.port(), scratch)) {
      std::cerr << "client " << i << " failed: too few descriptors?\n";
      return 2;
    }
  }
  while (net::LiveBlocks(net::BlockUse::kReceiveBuffer) != 0) std::this_thread::yield();
  const std::int64_t idle = AllocatedBytes();

  const double slots = static_cast<double>(started - before) / sessions;
  const double rest = static_cast<double>(idle - started) / sessions;
  if (json) {
    std::printf(
        "{\"sessions\": %u, \"session_object\": %zu, \"net_bytes\": %.1f, "
        "\"port_and_client_bytes\": %.1f, \"receive_buffers\": 0}\n",
        sessions, sizeof(net::Session), slots, rest);
  } else {
    std::printf("%u idle sessions\n", sessions);
    std::printf("  Session object                            %6zu bytes\n", sizeof(net::Session));
    std::printf(
        "  net/ per session (array, free list)       %6.1f bytes (with the threads' start)\n",
        slots);
    std::printf("  port: its record of two sockets (server's and client's)  %6.1f bytes\n", rest);
    std::printf("  receive buffers in use                         0\n");
  }
  for (const SOCKET client : clients) closesocket(client);
  return 0;
}

#ifndef _WIN32

#include "tests/iocp/unit_preempt_world.h"

namespace course_test {

void Deal::AwaitPacket() {
  if (due) {
    EXPECT_TRUE(Eventually([this] { return packets.load() > 0; })) << "no packet has come";
  }
  EXPECT_EQ(packets.load(), due ? 1 : 0);
}

World::World() : listener_(MakeListener(&address_)), port_(MakePort()) {
  Associate(port_, listener_, 2);
  connect_ex_ = ExtensionFunction<LPFN_CONNECTEX>(listener_, WSAID_CONNECTEX);
  disconnect_ex_ = ExtensionFunction<LPFN_DISCONNECTEX>(listener_, WSAID_DISCONNECTEX);
  worker_ = std::thread([this] { Work(); });
}

World::~World() {
  PostQueuedCompletionStatus(port_, 0, 0, nullptr);
  worker_.join();
}

void World::Work() {
  PlayRole(Role::kPort);
  for (;;) {
    const Dequeued got = Dequeue(port_, INFINITE);
    if (got.overlapped == nullptr) return;
    auto* const deal = static_cast<Deal*>(got.overlapped);
    deal->ok = got.ok != 0;
    deal->bytes = got.bytes;
    deal->error = got.ok ? 0 : got.error;
    deal->packets.fetch_add(1);
  }
}

void World::PostReceive(SOCKET socket, Deal* deal) {
  WSABUF buffer{static_cast<ULONG>(deal->data.size()), deal->data.data()};
  DWORD bytes = 0;
  DWORD flags = 0;
  deal->Said(WSARecv(socket, &buffer, 1, &bytes, &flags, deal, nullptr) == 0);
}

void World::PostSend(SOCKET socket, Deal* deal, std::string_view text) {
  WSABUF buffer{static_cast<ULONG>(text.size()), const_cast<char*>(text.data())};
  DWORD bytes = 0;
  deal->Said(WSASend(socket, &buffer, 1, &bytes, 0, deal, nullptr) == 0);
}

void World::PostAccept(SOCKET acceptor, Deal* deal, DWORD length) {
  DWORD bytes = 0;
  deal->Said(AcceptEx(listener_, acceptor, deal->data.data(), length, kRoom, kRoom, &bytes, deal) !=
             0);
}

Socket World::Client() {
  Socket client = MakeTcp();
  const DWORD limit = kDeadlineMs;
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, reinterpret_cast<const char*>(&limit), sizeof limit);
  connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
  return client;
}

void World::TakeContext(SOCKET acceptor) {
  EXPECT_EQ(setsockopt(acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                       reinterpret_cast<const char*>(&listener_), sizeof(SOCKET)),
            0)
      << WSAGetLastError();
}

std::string World::ReadToTheEnd(SOCKET peer) {
  std::string bytes;
  std::array<char, 65536> part{};
  int got = 0;
  while ((got = recv(peer, part.data(), static_cast<int>(part.size()), 0)) > 0) {
    bytes.append(part.data(), static_cast<std::size_t>(got));
  }
  if (got < 0) {
    EXPECT_NE(WSAGetLastError(), WSAETIMEDOUT) << "no end came";
  }
  return bytes;
}

ConnectedWorld::ConnectedWorld() : ours_(MakeTcp()) {
  Associate(port_, ours_, 1);
  Deal accepted;
  PostAccept(ours_, &accepted, 0);
  peer_ = Client();
  accepted.AwaitPacket();
  EXPECT_TRUE(accepted.ok);
  TakeContext(ours_);
}

}  // namespace course_test

#endif  // _WIN32

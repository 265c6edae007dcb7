#include "support/client/chaos.h"

#include <cstddef>
#include <random>
#include <vector>

#include "auth_server_packet_handler.h"
#include "net/connect.h"
#include "server_packet_handler.h"

namespace client {

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes Frame(const net::PacketRef& packet, std::uint32_t sequence) {
  packet->SetSequence(sequence);
  packet->Seal(net::kDefaultFixedKey, net::RandomKey());
  return {packet->frame().begin(), packet->frame().end()};
}

Bytes WrongKey(std::mt19937_64& dice) {
  Protocol::C_LOGIN login;
  login.set_account(dice() % 200);
  login.set_session_key(std::to_string(dice()));
  return Frame(ServerPacketHandler::MakeSendBuffer(login), 1);
}

Bytes ChatBeforeLogin() {
  Protocol::C_CHAT chat;
  chat.set_msg("nobody knows me");
  return Frame(ServerPacketHandler::MakeSendBuffer(chat), 1);
}

Bytes WrongPassword(std::mt19937_64& dice) {
  Protocol::C_AUTH auth;
  auth.set_name("chaos" + std::to_string(dice() % 1000));
  auth.set_password(std::to_string(dice()));
  return Frame(AuthServerPacketHandler::MakeSendBuffer(auth), 1);
}

Bytes Garbage(std::mt19937_64& dice) {
  Bytes bytes(1 + dice() % 2000);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(dice());
  if (dice() % 2 == 0) bytes[0] = net::kPacketCode;  // looks good for one byte
  return bytes;
}

// A whole packet with a damaged byte, or only the beginning of one.
Bytes Spoil(Bytes bytes, std::mt19937_64& dice) {
  if (dice() % 2 == 0) {
    bytes.resize(1 + dice() % (bytes.size() - 1));
  } else {
    bytes[dice() % bytes.size()] ^= static_cast<std::uint8_t>(1 + dice() % 255);
  }
  return bytes;
}

}  // namespace

void Chaos::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Chaos::Stop() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

void Chaos::Run() {
  const net::WinsockScope winsock;
  std::mt19937_64 dice(seed_);
  std::vector<net::UniqueSocket> open;  // some stay for a while and say nothing more
  while (!stop_.load()) {
    const std::uint64_t kind = dice() % 6;
    const bool to_auth = kind == 5 && auth_.port != 0;
    net::UniqueSocket socket;
    if (net::Connect(to_auth ? auth_ : server_, socket).ok()) {
      attempts_.fetch_add(1, std::memory_order_relaxed);
      Bytes bytes;
      if (to_auth) {
        bytes = WrongPassword(dice);
      } else if (kind < 2) {
        bytes = WrongKey(dice);
      } else if (kind == 2) {
        bytes = ChatBeforeLogin();
      } else {
        bytes = Garbage(dice);
      }
      if (dice() % 3 == 0 && bytes.size() > 1) bytes = Spoil(std::move(bytes), dice);
      send(socket.get(), reinterpret_cast<const char*>(bytes.data()),
           static_cast<int>(bytes.size()), 0);
      open.push_back(std::move(socket));
    }
    // Closed without a word, in any order.
    while (open.size() > 20) {
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(dice() % open.size()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace client

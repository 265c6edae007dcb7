#include "apps/move_link.h"

#include "net/error_text.h"
#include "net/peer_address.h"

namespace game {

MoveLink::MoveLink() {
  ring_.Attach(storage_);
}

net::Status MoveLink::Connect(const std::string& host, std::uint16_t port) {
  const auto ip = net::ParseIpv4(host);
  if (!ip) return net::Status::Error("\"" + host + "\" is not an IPv4 address");
  socket_.Reset(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  const sockaddr_in address = net::ToSockaddr({*ip, port});
  if (!socket_ ||
      connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return net::Status::Error("cannot connect to " + net::ToString(net::PeerAddress{*ip, port}) +
                              ": " + net::ErrorText(static_cast<DWORD>(WSAGetLastError())));
  }
  return net::Status::Ok();
}

net::PacketRef MoveLink::Read() {
  // The server's packets carry no sequence that this client would check.
  net::FrameRules rules;
  rules.check_sequence = false;
  for (;;) {
    net::PacketRef packet;
    const net::Reassembler::Step step = reassembler_.Next(ring_, rules, packet);
    if (step == net::Reassembler::Step::kPacket) return packet;
    if (step == net::Reassembler::Step::kRefused) return {};
    WSABUF spans[2]{};
    if (ring_.FreeSpans(spans) == 0) return {};
    const int received = recv(socket_.get(), spans[0].buf, static_cast<int>(spans[0].len), 0);
    if (received <= 0) return {};
    ring_.Commit(static_cast<std::size_t>(received));
  }
}

bool MoveLink::Send(const net::PacketRef& packet) {
  packet->SetSequence(next_sequence_++);
  packet->Seal(net::kDefaultFixedKey, net::RandomKey());
  const std::span<const std::uint8_t> frame = packet->frame();
  std::size_t sent = 0;
  while (sent < frame.size()) {
    const int now = send(socket_.get(), reinterpret_cast<const char*>(frame.data() + sent),
                         static_cast<int>(frame.size() - sent), 0);
    if (now <= 0) return false;
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

void MoveLink::Finish() {
  shutdown(socket_.get(), SD_SEND);
}

}  // namespace game

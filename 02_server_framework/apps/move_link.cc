#include "apps/move_link.h"

#include <cstring>

#include "net/error_text.h"
#include "net/lecture_frame.h"
#include "net/peer_address.h"

namespace game {

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

std::optional<std::span<const std::byte>> MoveLink::Read() {
  for (;;) {
    const std::span<const std::byte> rest(buffer_.data() + begin_, end_ - begin_);
    const net::FrameResult frame = net::NextFrame(rest);
    if (frame.state == net::FrameState::kPacket) {
      begin_ += frame.length;
      return rest.first(frame.length);
    }
    if (frame.state == net::FrameState::kBadLength) return std::nullopt;
    std::memmove(buffer_.data(), rest.data(), rest.size());
    begin_ = 0;
    end_ = rest.size();
    const int received = recv(socket_.get(), reinterpret_cast<char*>(buffer_.data() + end_),
                              static_cast<int>(buffer_.size() - end_), 0);
    if (received <= 0) return std::nullopt;
    end_ += static_cast<std::size_t>(received);
  }
}

bool MoveLink::Send(const PacketBytes& packet) {
  std::size_t sent = 0;
  while (sent < packet.size()) {
    const int now = send(socket_.get(), reinterpret_cast<const char*>(packet.data() + sent),
                         static_cast<int>(packet.size() - sent), 0);
    if (now <= 0) return false;
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

void MoveLink::Finish() {
  shutdown(socket_.get(), SD_SEND);
}

}  // namespace game

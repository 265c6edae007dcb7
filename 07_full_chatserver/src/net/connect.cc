#include "net/connect.h"

#include "net/error_text.h"

namespace net {

Status Connect(const PeerAddress& address, UniqueSocket& socket) {
  const sockaddr_in raw = ToSockaddr(address);
  socket.Reset(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  if (socket && connect(socket.get(), reinterpret_cast<const sockaddr*>(&raw), sizeof(raw)) == 0) {
    return Status::Ok();
  }
  const auto error = static_cast<DWORD>(WSAGetLastError());
  socket.Reset();
  return Status::Error("cannot connect to " + ToString(address) + ": " + ErrorText(error));
}

}  // namespace net

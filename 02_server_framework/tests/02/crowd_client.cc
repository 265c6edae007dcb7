// crowd_client PORT CONNECTIONS: a crowd for load tests, in a process of its own because the
// clients' sockets count against the same limit of descriptors as the server's.
//
// Opens all connections, prints "connected N", then sends one packet on each and checks its echo,
// prints "echoed N", then holds all of them until its input ends. Exit code 0 if every echo was
// right.
#include <iostream>
#include <string>
#include <vector>

#include "net/handles.h"
#include "net/peer_address.h"

namespace {

bool Echo(SOCKET socket, const std::string& packet) {
  if (send(socket, packet.data(), static_cast<int>(packet.size()), 0) !=
      static_cast<int>(packet.size())) {
    return false;
  }
  std::string answer;
  while (answer.size() < packet.size()) {
    char bytes[64];
    const int count = recv(socket, bytes, static_cast<int>(packet.size() - answer.size()), 0);
    if (count <= 0) return false;
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  return answer == packet;
}

std::string PacketNumber(std::size_t number) {
  std::string packet("\x00\x01", 2);
  packet += std::to_string(number);
  packet[0] = static_cast<char>(packet.size());
  return packet;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const net::WinsockScope winsock;
  const sockaddr_in address =
      net::ToSockaddr({0x7F000001, static_cast<std::uint16_t>(std::stoul(argv[1]))});
  const std::size_t wanted = std::stoul(argv[2]);

  std::vector<net::UniqueSocket> sockets;
  while (sockets.size() < wanted) {
    net::UniqueSocket socket(
        WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
    if (!socket ||
        connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      std::cerr << "connection " << sockets.size() << ": error " << WSAGetLastError() << std::endl;
      return 1;
    }
    sockets.push_back(std::move(socket));
  }
  std::cout << "connected " << sockets.size() << std::endl;
  std::size_t echoed = 0;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (Echo(sockets[i].get(), PacketNumber(i))) ++echoed;
  }
  std::cout << "echoed " << echoed << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  return echoed == wanted ? 0 : 1;
}

#include "socket_utils.h"

NetAddress::NetAddress(std::wstring ip, uint16 port) {
  ::memset(&_sockAddr, 0, sizeof(_sockAddr));
  _sockAddr.sin_family = AF_INET;
  _sockAddr.sin_addr = Ip2Address(ip.c_str());
  _sockAddr.sin_port = ::htons(port);
}

std::wstring NetAddress::GetIpAddress() {
  WCHAR buffer[100];
  ::InetNtopW(AF_INET, &_sockAddr.sin_addr, buffer, sizeof(buffer) / sizeof(WCHAR));
  return std::wstring(buffer);
}

IN_ADDR NetAddress::Ip2Address(const WCHAR* ip) {
  IN_ADDR address;
  ::InetPtonW(AF_INET, ip, &address);
  return address;
}

LPFN_CONNECTEX SocketUtils::ConnectEx = nullptr;
LPFN_DISCONNECTEX SocketUtils::DisconnectEx = nullptr;
LPFN_ACCEPTEX SocketUtils::AcceptEx = nullptr;

void SocketUtils::Init() {
  WSADATA wsaData;
  ASSERT_CRASH(::WSAStartup(MAKEWORD(2, 2), OUT & wsaData) == 0);
  SOCKET dummySocket = CreateSocket();
  ASSERT_CRASH(
      BindWindowsFunction(dummySocket, WSAID_CONNECTEX, reinterpret_cast<LPVOID*>(&ConnectEx)));
  ASSERT_CRASH(BindWindowsFunction(dummySocket, WSAID_DISCONNECTEX,
                                   reinterpret_cast<LPVOID*>(&DisconnectEx)));
  ASSERT_CRASH(
      BindWindowsFunction(dummySocket, WSAID_ACCEPTEX, reinterpret_cast<LPVOID*>(&AcceptEx)));
  Close(dummySocket);
}

void SocketUtils::Clear() {
  ::WSACleanup();
}

bool SocketUtils::BindWindowsFunction(SOCKET socket, GUID guid, LPVOID* fn) {
  DWORD bytes = 0;
  return SOCKET_ERROR != ::WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof(guid),
                                    fn, sizeof(*fn), OUT & bytes, NULL, NULL);
}

SOCKET SocketUtils::CreateSocket() {
  return ::WSASocket(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
}

bool SocketUtils::SetLinger(SOCKET socket, uint16 onoff, uint16 linger) {
  LINGER option;
  option.l_onoff = onoff;
  option.l_linger = linger;
  return SetSockOpt(socket, SOL_SOCKET, SO_LINGER, option);
}

bool SocketUtils::SetReuseAddress(SOCKET socket, bool flag) {
  return SetSockOpt(socket, SOL_SOCKET, SO_REUSEADDR, flag);
}

bool SocketUtils::SetRecvBufferSize(SOCKET socket, int32 size) {
  return SetSockOpt(socket, SOL_SOCKET, SO_RCVBUF, size);
}

bool SocketUtils::SetSendBufferSize(SOCKET socket, int32 size) {
  return SetSockOpt(socket, SOL_SOCKET, SO_SNDBUF, size);
}

bool SocketUtils::SetTcpNoDelay(SOCKET socket, bool flag) {
  return SetSockOpt(socket, SOL_SOCKET, TCP_NODELAY, flag);  // at this level it is SO_DEBUG
}

bool SocketUtils::SetUpdateAcceptSocket(SOCKET socket, SOCKET listenSocket) {
  return SetSockOpt(socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, listenSocket);
}

bool SocketUtils::Bind(SOCKET socket, NetAddress netAddr) {
  return SOCKET_ERROR != ::bind(socket, reinterpret_cast<const SOCKADDR*>(&netAddr.GetSockAddr()),
                                sizeof(SOCKADDR_IN));
}

bool SocketUtils::Listen(SOCKET socket, int32 backlog) {
  return SOCKET_ERROR != ::listen(socket, backlog);
}

void SocketUtils::Close(SOCKET& socket) {
  if (socket != INVALID_SOCKET) ::closesocket(socket);
  socket = INVALID_SOCKET;
}

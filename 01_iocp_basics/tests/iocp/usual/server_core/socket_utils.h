#pragma once

#include "core_pch.h"

class NetAddress {
 public:
  NetAddress() = default;
  NetAddress(SOCKADDR_IN sockAddr) : _sockAddr(sockAddr) {}
  NetAddress(std::wstring ip, uint16 port);
  SOCKADDR_IN& GetSockAddr() { return _sockAddr; }
  std::wstring GetIpAddress();
  uint16 GetPort() { return ::ntohs(_sockAddr.sin_port); }
  static IN_ADDR Ip2Address(const WCHAR* ip);

 private:
  SOCKADDR_IN _sockAddr = {};
};

class SocketUtils {
 public:
  static LPFN_CONNECTEX ConnectEx;
  static LPFN_DISCONNECTEX DisconnectEx;
  static LPFN_ACCEPTEX AcceptEx;

  static void Init();
  static void Clear();
  static bool BindWindowsFunction(SOCKET socket, GUID guid, LPVOID* fn);
  static SOCKET CreateSocket();
  static bool SetLinger(SOCKET socket, uint16 onoff, uint16 linger);
  static bool SetReuseAddress(SOCKET socket, bool flag);
  static bool SetRecvBufferSize(SOCKET socket, int32 size);
  static bool SetSendBufferSize(SOCKET socket, int32 size);
  static bool SetTcpNoDelay(SOCKET socket, bool flag);
  static bool SetUpdateAcceptSocket(SOCKET socket, SOCKET listenSocket);
  static bool Bind(SOCKET socket, NetAddress netAddr);
  static bool Listen(SOCKET socket, int32 backlog = SOMAXCONN);
  static void Close(SOCKET& socket);
};

template <typename T>
inline bool SetSockOpt(SOCKET socket, int32 level, int32 optName, T optVal) {
  return SOCKET_ERROR !=
         ::setsockopt(socket, level, optName, reinterpret_cast<char*>(&optVal), sizeof(T));
}

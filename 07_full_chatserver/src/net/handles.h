// Owners of system objects: closed exactly once, at the end of the scope or by Reset.
//
// Threading: like a plain value; the owner serialises. Nothing here throws.
#pragma once

#include <utility>

#include "iocp/iocp.h"

namespace net {

class UniqueSocket {
 public:
  UniqueSocket() = default;
  explicit UniqueSocket(SOCKET socket) : socket_(socket) {}
  UniqueSocket(UniqueSocket&& other) noexcept : socket_(other.Release()) {}
  UniqueSocket& operator=(UniqueSocket&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueSocket() { Reset(); }

  SOCKET get() const { return socket_; }
  explicit operator bool() const { return socket_ != INVALID_SOCKET; }
  SOCKET Release() { return std::exchange(socket_, INVALID_SOCKET); }
  void Reset(SOCKET socket = INVALID_SOCKET) {
    const SOCKET old = std::exchange(socket_, socket);
    if (old != INVALID_SOCKET) closesocket(old);
  }

 private:
  SOCKET socket_ = INVALID_SOCKET;
};

class PortHandle {
 public:
  PortHandle() = default;
  explicit PortHandle(HANDLE port) : port_(port) {}
  PortHandle(const PortHandle&) = delete;
  PortHandle& operator=(const PortHandle&) = delete;
  ~PortHandle() { Reset(); }

  HANDLE get() const { return port_; }
  explicit operator bool() const { return port_ != nullptr; }
  void Reset(HANDLE port = nullptr) {
    const HANDLE old = std::exchange(port_, port);
    if (old != nullptr) CloseHandle(old);
  }

 private:
  HANDLE port_ = nullptr;
};

// WSAStartup for as long as it lives. Winsock counts the calls, so several may live at once.
class WinsockScope {
 public:
  WinsockScope() {
    WSADATA data{};
    error_ = WSAStartup(MAKEWORD(2, 2), &data);
  }
  WinsockScope(const WinsockScope&) = delete;
  WinsockScope& operator=(const WinsockScope&) = delete;
  ~WinsockScope() {
    if (error_ == 0) WSACleanup();
  }
  int error() const { return error_; }  // 0 = ready

 private:
  int error_;
};

}  // namespace net

// The few socket chores that every program of this stage needs. Start-up failures are exceptions
// (StartError, one line of text); after the start nothing here throws.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "iocp/iocp.h"

namespace apps {

class StartError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Winsock is usable while one of these lives.
class Winsock {
 public:
  Winsock();
  ~Winsock();
  Winsock(const Winsock&) = delete;
  Winsock& operator=(const Winsock&) = delete;
};

// Closes its socket. Not thread-safe.
class UniqueSocket {
 public:
  UniqueSocket() = default;
  explicit UniqueSocket(SOCKET socket) : socket_(socket) {}
  ~UniqueSocket() { Reset(); }
  UniqueSocket(UniqueSocket&& other) noexcept
      : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
  UniqueSocket& operator=(UniqueSocket&& other) noexcept {
    if (this != &other) {
      Reset(std::exchange(other.socket_, INVALID_SOCKET));
    }
    return *this;
  }
  SOCKET Get() const { return socket_; }
  SOCKET Release() { return std::exchange(socket_, INVALID_SOCKET); }
  void Reset(SOCKET socket = INVALID_SOCKET) {
    if (socket_ != INVALID_SOCKET) {
      closesocket(socket_);
    }
    socket_ = socket;
  }

 private:
  SOCKET socket_ = INVALID_SOCKET;
};

// Closes its kernel object (port, event, file). Not thread-safe.
class UniqueHandle {
 public:
  UniqueHandle() = default;
  explicit UniqueHandle(HANDLE handle) : handle_(handle) {}
  ~UniqueHandle() { Reset(); }
  UniqueHandle(UniqueHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    if (this != &other) {
      Reset(std::exchange(other.handle_, nullptr));
    }
    return *this;
  }
  HANDLE Get() const { return handle_; }
  void Reset(HANDLE handle = nullptr) {
    if (handle_ != nullptr) {
      CloseHandle(handle_);
    }
    handle_ = handle;
  }

 private:
  HANDLE handle_ = nullptr;
};

// A TCP socket on which overlapped calls work. Throws StartError.
UniqueSocket OverlappedSocket();

// Listens on 127.0.0.1:port; 0 takes a free port. Throws StartError, e.g. when the port is in use.
UniqueSocket ListenOnLoopback(unsigned short port);

// Connects to 127.0.0.1:port. Throws StartError.
UniqueSocket ConnectToLoopback(unsigned short port);

unsigned short PortOf(SOCKET socket);

// Small answers must leave at once: without this Nagle's algorithm holds them back.
void SendAtOnce(SOCKET socket);

// "64 (ERROR_NETNAME_DELETED)": the number and, for the errors of this course, the name.
std::string ErrorText(DWORD error);

}  // namespace apps

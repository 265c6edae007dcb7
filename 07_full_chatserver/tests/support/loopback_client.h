// A client that comes from an address of its choice (127.0.0.2, 127.0.0.3, ...: all of 127/8 is
// this machine), on a plain socket. Not on Windows.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "auth.pb.h"
#include "protocol.pb.h"
#include "tests/support/chat_talker.h"

namespace course_test {

class LoopbackClient {
 public:
  // `last`: of 127.0.0.last.
  LoopbackClient(unsigned last, unsigned short port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in from = At(last, 0);
    const sockaddr_in to = At(1, port);
    connected_ = bind(socket_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
                 connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~LoopbackClient() {
    if (socket_ >= 0) close(socket_);
  }
  LoopbackClient(LoopbackClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}
  LoopbackClient& operator=(LoopbackClient&&) = delete;

  bool connected() const { return connected_; }

  bool Send(std::uint16_t type, std::string_view body) {
    const std::string frame = ChatFrame(type, 1, body);
    return send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(frame.size());
  }
  bool Ask(const std::string& name, const std::string& password) {
    Protocol::C_AUTH question;
    question.set_name(name);
    question.set_password(password);
    return Send(Protocol::PACKET_C_AUTH, question.SerializeAsString());
  }

  // Something has come within this time: an answer, or the end.
  bool HasHeard(std::chrono::milliseconds patience = {}) const {
    pollfd one{socket_, POLLIN, 0};
    return poll(&one, 1, static_cast<int>(patience.count())) == 1;
  }
  // The next packet as this message; nothing: the end, another packet, or the deadline.
  template <typename Message>
  std::optional<Message> Read(std::uint16_t type, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const std::string header = Receive(5, deadline);
    if (header.size() != 5) return std::nullopt;
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(header[1]) +
                                                 256 * static_cast<unsigned char>(header[2]));
    const std::string frame = header + Receive(length, deadline);
    const wire::Meaning meaning = wire::NaiveRead({frame.begin(), frame.end()}, 0xA9, 65535, false);
    Message message;
    if (meaning.frames.size() != 1 || meaning.frames[0].type != type ||
        !message.ParseFromArray(meaning.frames[0].body.data(),
                                static_cast<int>(meaning.frames[0].body.size()))) {
      return std::nullopt;
    }
    return message;
  }
  std::optional<Protocol::S_AUTH> ReadAuth(
      std::chrono::milliseconds patience = support::kPatience) {
    return Read<Protocol::S_AUTH>(Protocol::PACKET_S_AUTH, patience);
  }
  std::optional<Protocol::S_LOGIN> ReadLogin(
      std::chrono::milliseconds patience = support::kPatience) {
    return Read<Protocol::S_LOGIN>(Protocol::PACKET_S_LOGIN, patience);
  }
  // The server has closed, and said nothing more.
  bool IsOver(std::chrono::milliseconds patience = support::kPatience) {
    pollfd one{socket_, POLLIN, 0};
    char byte = 0;
    return poll(&one, 1, static_cast<int>(patience.count())) == 1 &&
           recv(socket_, &byte, 1, 0) <= 0;
  }

 private:
  static sockaddr_in At(unsigned last, unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0x7F000000U + last);
    address.sin_port = htons(port);
    return address;
  }
  std::string Receive(std::size_t size, std::chrono::steady_clock::time_point deadline) {
    std::string data;
    while (data.size() < size) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd one{socket_, POLLIN, 0};
      if (left.count() <= 0 || poll(&one, 1, static_cast<int>(left.count())) != 1) break;
      char bytes[512];
      const ssize_t got = recv(socket_, bytes, std::min(sizeof bytes, size - data.size()), 0);
      if (got <= 0) break;
      data.append(bytes, static_cast<std::size_t>(got));
    }
    return data;
  }

  int socket_;
  bool connected_ = false;
};

// One descriptor for each connection of the test.
inline void RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace course_test

// A server for tests: writes down every callback and lets the test wait for what must happen.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "net/server.h"

namespace course_test {

// What happened to one session, in order: "join", the packets' bytes as text, "leave: reason".
using Story = std::vector<std::string>;

class RecordingServer : public net::Server {
 public:
  // Sequence numbers are not checked unless a test says so: most tests send the same frame often.
  explicit RecordingServer(net::ServerOptions options = {}, bool check_sequence = false)
      : Server(ForTests(std::move(options), check_sequence)) {}
  ~RecordingServer() override { Stop(); }

  // Set before Start; run inside the callback of the same name, after it has been written down.
  std::function<bool(const net::PeerAddress&)> on_connection_request;
  std::function<void(net::SessionId)> on_join;
  std::function<void(net::SessionId, const std::string&)> on_packet;
  std::function<void(net::SessionId)> on_leave;
  std::function<void(const std::string&)> on_inner;
  bool echo = false;  // send every packet back

  // Waits until `condition` holds (called under the lock, when something has changed).
  [[nodiscard]] bool Await(const std::function<bool()>& condition);
  [[nodiscard]] bool AwaitJoins(std::size_t count);
  [[nodiscard]] bool AwaitLeaves(std::size_t count);

  // As the functions of Server, from bytes: a whole frame, and the body of an inner request.
  using Server::PostInnerRequest;
  using Server::SendPacket;
  net::SendResult SendPacket(net::SessionId id, std::span<const std::byte> frame);
  bool PostInnerRequest(std::span<const std::byte> body);

  // Copies; any thread.
  std::vector<net::SessionId> Joined();
  Story StoryOf(net::SessionId id);
  std::vector<std::string> Inner();
  std::vector<std::string> Errors();

  // Only inside a condition of Await.
  std::size_t joins = 0;
  std::size_t leaves = 0;
  std::size_t packets = 0;
  std::vector<std::string> inner;
  std::vector<std::string> errors;

 protected:
  bool OnConnectionRequest(const net::PeerAddress& peer) override;
  void OnClientJoin(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;
  void OnInnerRequest(const net::PacketRef& packet) override;
  void OnError(net::SessionId id, std::string_view what, DWORD error) override;

 private:
  // Nor is a client ended for its silence by the usual time-outs: many only listen, and a busy
  // machine takes long.
  static net::ServerOptions ForTests(net::ServerOptions options, bool check_sequence) {
    const net::ServerOptions usual;
    options.check_sequence = check_sequence;
    if (options.first_packet_timeout_ms == usual.first_packet_timeout_ms) {
      options.first_packet_timeout_ms = 0;
    }
    if (options.idle_timeout_ms == usual.idle_timeout_ms) options.idle_timeout_ms = 0;
    return options;
  }

  std::mutex lock_;
  std::condition_variable changed_;          // any of the below has changed
  std::vector<net::SessionId> joined_;       // guarded by lock_
  std::map<net::SessionId, Story> stories_;  // guarded by lock_
};

// A frame with `text` as its body, sequence 0 and always the same random key.
std::string Packet(std::string_view text, unsigned char type = 1);
std::span<const std::byte> Bytes(std::string_view text);
// The same frame as a packet that can be sent.
net::PacketRef Sealed(std::string_view frame);

}  // namespace course_test

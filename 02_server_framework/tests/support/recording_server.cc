#include "tests/support/recording_server.h"

#include "tests/support/test_support.h"

namespace course_test {

namespace {
std::string Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
}  // namespace

bool RecordingServer::Await(const std::function<bool()>& condition) {
  std::unique_lock lock(lock_);
  return changed_.wait_for(lock, kDeadline, condition);
}

bool RecordingServer::AwaitJoins(std::size_t count) {
  return Await([&] { return joins >= count; });
}

bool RecordingServer::AwaitLeaves(std::size_t count) {
  return Await([&] { return leaves >= count; });
}

std::vector<net::SessionId> RecordingServer::Joined() {
  const std::lock_guard lock(lock_);
  return joined_;
}

Story RecordingServer::StoryOf(net::SessionId id) {
  const std::lock_guard lock(lock_);
  return stories_[id];
}

std::vector<std::string> RecordingServer::Inner() {
  const std::lock_guard lock(lock_);
  return inner;
}

std::vector<std::string> RecordingServer::Errors() {
  const std::lock_guard lock(lock_);
  return errors;
}

bool RecordingServer::OnConnectionRequest(const net::PeerAddress& peer) {
  return on_connection_request ? on_connection_request(peer) : true;
}

void RecordingServer::OnClientJoin(net::SessionId id) {
  {
    const std::lock_guard lock(lock_);
    stories_[id].push_back("join");
    joined_.push_back(id);
    ++joins;
    changed_.notify_all();
  }
  if (on_join) on_join(id);
}

void RecordingServer::OnClientLeave(net::SessionId id, std::string_view reason) {
  if (on_leave) on_leave(id);
  const std::lock_guard lock(lock_);
  stories_[id].push_back("leave: " + std::string(reason));
  ++leaves;
  changed_.notify_all();
}

void RecordingServer::OnRecv(net::SessionId id, std::span<const std::byte> packet) {
  const std::string text = Text(packet.subspan(2));
  {
    const std::lock_guard lock(lock_);
    stories_[id].push_back(text);
    ++packets;
    changed_.notify_all();
  }
  if (echo) SendPacket(id, packet);
  if (on_packet) on_packet(id, text);
}

void RecordingServer::OnInnerRequest(std::span<const std::byte> packet) {
  {
    const std::lock_guard lock(lock_);
    inner.push_back(Text(packet));
    changed_.notify_all();
  }
  if (on_inner) on_inner(Text(packet));
}

void RecordingServer::OnError(net::SessionId, std::string_view what, DWORD error) {
  const std::lock_guard lock(lock_);
  errors.push_back(std::string(what) + " " + std::to_string(error));
  changed_.notify_all();
}

std::string Packet(std::string_view text, unsigned char type) {
  std::string packet;
  packet += static_cast<char>(text.size() + 2);
  packet += static_cast<char>(type);
  packet += text;
  return packet;
}

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace course_test

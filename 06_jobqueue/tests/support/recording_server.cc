#include "tests/support/recording_server.h"

#include "tests/support/test_support.h"
#include "tests/support/wire.h"

namespace course_test {

namespace {
constexpr std::uint8_t kRandKey = 0x17;

std::string TextOf(const net::Packet& packet) {
  const std::span<const std::uint8_t> body = packet.body();
  return {reinterpret_cast<const char*>(body.data()), body.size()};
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

net::SendResult RecordingServer::SendPacket(net::SessionId id, std::span<const std::byte> frame) {
  return SendPacket(id, Sealed({reinterpret_cast<const char*>(frame.data()), frame.size()}));
}

bool RecordingServer::PostInnerRequest(std::span<const std::byte> body) {
  const net::PacketRef packet = net::Packet::Make(0, body.size());
  packet->Write({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
  return PostInnerRequest(packet);
}

void RecordingServer::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  const std::string text = TextOf(*packet);
  {
    const std::lock_guard lock(lock_);
    stories_[id].push_back(text);
    ++packets;
    changed_.notify_all();
  }
  if (echo) SendPacket(id, Bytes(Packet(text, static_cast<unsigned char>(packet->type()))));
  if (on_packet) on_packet(id, text);
}

void RecordingServer::OnInnerRequest(const net::PacketRef& packet) {
  {
    const std::lock_guard lock(lock_);
    inner.push_back(TextOf(*packet));
    changed_.notify_all();
  }
  if (on_inner) on_inner(TextOf(*packet));
}

void RecordingServer::OnError(net::SessionId, std::string_view what, DWORD error) {
  const std::lock_guard lock(lock_);
  errors.push_back(std::string(what) + " " + std::to_string(error));
  changed_.notify_all();
}

std::string Packet(std::string_view text, unsigned char type) {
  const wire::Bytes frame =
      wire::MakeFrame({type, 0, wire::Bytes(text.begin(), text.end())}, 0xA9, kRandKey);
  return {frame.begin(), frame.end()};
}

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

net::PacketRef Sealed(std::string_view frame) {
  const wire::Meaning meaning =
      wire::NaiveRead({frame.begin(), frame.end()}, 0xA9, net::kMaxPayload, false);
  const wire::Frame& what = meaning.frames.at(0);
  net::PacketRef packet = net::Packet::Make(what.type, what.body.size());
  packet->Write(what.body);
  packet->Seal(0xA9, kRandKey);
  return packet;
}

}  // namespace course_test

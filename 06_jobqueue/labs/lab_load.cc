#include "labs/lab_load.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "labs/cpu_time.h"
#include "labs/plain_clients.h"
#include "net/cipher.h"
#include "net/packet.h"
#include "protocol.pb.h"
#include "support/client/latency.h"

namespace apps {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint8_t kFixedKey = 0xA9;  // the server's default
constexpr std::chrono::seconds kPatience{30};

std::vector<std::uint8_t> Frame(std::uint16_t type, std::uint32_t sequence,
                                const std::string& body) {
  const net::PacketRef packet = net::Packet::Make(type, body.size());
  packet->SetSequence(sequence);
  packet->Write({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
  packet->Seal(kFixedKey, net::RandomKey());
  const auto bytes = packet->frame();
  return {bytes.begin(), bytes.end()};
}

std::uint64_t NowNs() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count());
}

// What one client receives. Its reader thread only, but for `heard`.
struct Ear {
  std::vector<std::uint8_t> rest;       // the beginning of a frame whose end has not come yet
  bool listens = false;                 // decodes what it hears
  std::atomic<std::uint64_t> heard{0};  // atomic: frames; written by its reader
};

class Load {
 public:
  explicit Load(const LoadOptions& options);
  LoadResult Run();

 private:
  void OnBytes(std::size_t client, std::span<const std::uint8_t> bytes);
  std::size_t TakeFrames(Ear& ear, std::span<const std::uint8_t> bytes);
  void Listen(std::span<const std::uint8_t> frame);

  void Enter();
  std::uint64_t TalkUntil(Clock::time_point end);
  void Say(std::size_t client);
  void AwaitFrames(std::uint64_t count, const char* what);

  // Client i is in room i % rooms.
  std::size_t MembersOf(std::uint32_t room) const {
    return (options_.clients - room + options_.rooms - 1) / options_.rooms;
  }
  std::size_t LastOf(std::uint32_t room) const {
    return room + (MembersOf(room) - 1) * options_.rooms;
  }

  const LoadOptions options_;
  const std::unique_ptr<Ear[]> ears_;
  std::vector<std::uint32_t> sequences_;     // by client: the number of its next packet
  std::vector<std::size_t> next_speaker_;    // by room
  std::vector<std::uint64_t> said_;          // by room
  std::vector<std::uint64_t> heard_before_;  // by room: frames of its last client before the talk
  client::Latency latency_;
  std::atomic<std::uint64_t> frames_{0};  // atomic: all readers
  std::optional<PlainClients> clients_;   // last: its threads use the rest
};

Load::Load(const LoadOptions& options)
    : options_(options),
      ears_(std::make_unique<Ear[]>(options.clients)),
      sequences_(options.clients, 1),
      next_speaker_(options.rooms),
      said_(options.rooms),
      heard_before_(options.rooms) {
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    next_speaker_[room] = room;
    const std::size_t members = MembersOf(room);
    for (const std::size_t member : {std::size_t{0}, members / 2, members - 1}) {
      ears_[room + member * options.rooms].listens = true;
    }
  }
}

void Load::OnBytes(std::size_t client, std::span<const std::uint8_t> bytes) {
  Ear& ear = ears_[client];
  if (!ear.rest.empty()) {
    // Not insert(): of that GCC 14 believes that it overflows.
    const std::size_t before = ear.rest.size();
    ear.rest.resize(before + bytes.size());
    std::ranges::copy(bytes, ear.rest.begin() + static_cast<std::ptrdiff_t>(before));
    const std::size_t used = TakeFrames(ear, ear.rest);
    ear.rest.erase(ear.rest.begin(), ear.rest.begin() + static_cast<std::ptrdiff_t>(used));
    return;
  }
  const auto left = bytes.subspan(TakeFrames(ear, bytes));
  ear.rest.assign(left.begin(), left.end());
}

std::size_t Load::TakeFrames(Ear& ear, std::span<const std::uint8_t> bytes) {
  std::size_t at = 0;
  std::uint64_t frames = 0;
  while (bytes.size() - at >= net::kFrameHeaderSize) {
    const std::size_t size =
        net::kFrameHeaderSize + net::LoadU16(bytes.data() + at + net::kLengthAt);
    if (bytes.size() - at < size) break;
    if (ear.listens) Listen(bytes.subspan(at, size));
    at += size;
    ++frames;
  }
  if (frames != 0) {
    ear.heard.fetch_add(frames, std::memory_order_relaxed);
    frames_.fetch_add(frames, std::memory_order_release);
  }
  return at;
}

// A message begins with the time at which it was said, in nanoseconds.
void Load::Listen(std::span<const std::uint8_t> frame) {
  std::vector<std::uint8_t> run(frame.begin() + net::kChecksumAt, frame.end());
  net::Decode(run, kFixedKey, frame[net::kRandKeyAt]);
  const std::uint8_t* const payload = run.data() + 1;
  if (net::LoadU16(payload) != Protocol::PACKET_S_CHAT) return;
  Protocol::S_CHAT chat;
  const auto body = std::span(run).subspan(1 + net::kPayloadHeaderSize);
  if (!chat.ParseFromArray(body.data(), static_cast<int>(body.size()))) return;
  std::uint64_t said = 0;
  std::from_chars(chat.msg().data(), chat.msg().data() + chat.msg().size(), said);
  const std::uint64_t now = NowNs();
  latency_.Add(said < now ? (now - said) / 1000 : 0);
}

void Load::AwaitFrames(std::uint64_t count, const char* what) {
  const auto deadline = Clock::now() + kPatience;
  while (frames_.load(std::memory_order_acquire) < count) {
    if (Clock::now() > deadline || clients_->ended() != 0) {
      throw std::runtime_error(std::string(what) + ": " + std::to_string(frames_.load()) + " of " +
                               std::to_string(count) + " packets, " +
                               std::to_string(clients_->ended()) + " clients disconnected");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// Each gets S_LOGIN and S_ENTER_GAME, and S_PLAYER_JOINED of those who come later.
void Load::Enter() {
  clients_.emplace(options_.port, options_.clients, 1,
                   [this](std::size_t client, auto bytes) { OnBytes(client, bytes); });
  for (std::uint32_t client = 0; client < options_.clients; ++client) {
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(client % options_.rooms);
    auto frames = Frame(Protocol::PACKET_C_LOGIN, sequences_[client]++, "");
    const auto second =
        Frame(Protocol::PACKET_C_ENTER_GAME, sequences_[client]++, enter.SerializeAsString());
    frames.insert(frames.end(), second.begin(), second.end());
    clients_->Send(client, frames);
  }
  std::uint64_t expected = 2 * std::uint64_t{options_.clients};
  for (std::uint32_t room = 0; room < options_.rooms; ++room) {
    for (std::uint64_t member = 0; member < MembersOf(room); ++member) {
      expected += member;                               // told to those who were there
      if (member >= 500) expected += member + 1 - 500;  // the list of members goes on
    }
  }
  AwaitFrames(expected, "entering");
}

void Load::Say(std::size_t client) {
  std::string text = std::to_string(NowNs()) + " ";
  if (text.size() < options_.text_bytes) text.resize(options_.text_bytes, '.');
  Protocol::C_CHAT chat;
  chat.set_msg(std::move(text));
  const auto frame = Frame(Protocol::PACKET_C_CHAT, sequences_[client]++, chat.SerializeAsString());
  if (!clients_->Send(client, frame)) throw std::runtime_error("a client was disconnected");
}

// Returns how many messages were said.
std::uint64_t Load::TalkUntil(Clock::time_point end) {
  const auto begin = Clock::now();
  std::uint64_t messages = 0;
  const auto say_in = [&](std::uint32_t room) {
    Say(next_speaker_[room]);
    next_speaker_[room] += options_.rooms;
    if (next_speaker_[room] >= options_.clients) next_speaker_[room] = room;
    ++said_[room];
    ++messages;
  };
  for (auto now = begin; now < end; now = Clock::now()) {
    const std::uint64_t before = messages;
    if (options_.rate > 0) {
      const std::chrono::duration<double> gone = now - begin;
      const auto due = static_cast<std::uint64_t>(gone.count() * options_.rate);
      while (messages < due) say_in(static_cast<std::uint32_t>(messages % options_.rooms));
    } else {
      for (std::uint32_t room = 0; room < options_.rooms; ++room) {
        const std::uint64_t heard =
            ears_[LastOf(room)].heard.load(std::memory_order_relaxed) - heard_before_[room];
        while (said_[room] < heard + options_.window) say_in(room);
      }
    }
    if (messages == before) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return messages;
}

LoadResult Load::Run() {
  Enter();
  for (std::uint32_t room = 0; room < options_.rooms; ++room) {
    heard_before_[room] = ears_[LastOf(room)].heard.load();
  }
  const std::uint64_t frames_before = frames_.load();
  const auto clients_cpu = [this] { return clients_->cpu_us() + ThreadCpuMicroseconds(); };
  const std::uint64_t clients_before = clients_cpu();
  const std::uint64_t all_before = ProcessCpuMicroseconds();
  const auto begin = Clock::now();

  LoadResult result;
  result.messages = TalkUntil(begin + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(options_.seconds)));
  std::uint64_t expected = 0;
  for (std::uint32_t room = 0; room < options_.rooms; ++room) {
    expected += said_[room] * MembersOf(room);
  }
  AwaitFrames(frames_before + expected, "talking");
  const std::chrono::duration<double> took = Clock::now() - begin;
  const std::uint64_t all = ProcessCpuMicroseconds() - all_before;
  const std::uint64_t clients = clients_cpu() - clients_before;
  const auto server = static_cast<double>(all > clients ? all - clients : 0);
  result.seconds = took.count();
  result.deliveries_per_second = static_cast<double>(expected) / took.count();
  result.server_cpu_us = server / static_cast<double>(std::max<std::uint64_t>(expected, 1));
  result.server_cores = server / 1e6 / took.count();
  result.p50_ms = static_cast<double>(latency_.Percentile(50)) / 1000;
  result.p99_ms = static_cast<double>(latency_.Percentile(99)) / 1000;
  clients_.reset();
  return result;
}

}  // namespace

LoadResult RunLoad(const LoadOptions& options) {
  return Load(options).Run();
}

}  // namespace apps

// libFuzzer target: whatever three clients send, one after the other, through the reassembler to
// the real handlers, a client hears only what it may hear, and nothing of it is left when all have
// gone. The world is that of the tests: services that answer as the input says, a clock by hand.
//
// Input: steps of [0] client (bits 4 to 7) and kind (bits 0 to 3): 0 to 11 a packet (packets.h);
// 12 the services: [1] bits 0 and 1 the answer to the next log-in, bit 2: nothing can be written;
// 13 [1] * 100 ms pass, and the lobby looks who is silent; 14 the client says no more; 15 it goes,
// and comes anew.
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "chat/answer.h"
#include "chat/text_rules.h"
#include "client_packet_handler.h"
#include "net/block_pool.h"
#include "net/reassembler.h"
#include "tests/fuzz/chat_seeds.h"
#include "tests/fuzz/packets.h"
#include "tests/support/job_test_support.h"
#include "tests/support/test_world.h"

namespace {

using fuzz::ParseBody;
using fuzz::Require;
using namespace fuzz::chat_step;

constexpr std::size_t kClients = 3;
constexpr std::size_t kMessageMax = 100;

struct Place {
  Place() { threads.Start(); }
  ~Place() { threads.Stop(job::StopPolicy::kDrain); }

  // The rooms, the grid and the lobby have run their jobs.
  void Settle() {
    while (threads.Ready().BusyQueues() != 0) std::this_thread::yield();
  }

  job_test::ManualClock clock;
  course_test::FakeSender sender;
  std::array<chat::JobBudget, kClients> budgets;
  job::UpdateThreads threads{{.threads = 1}};
  course_test::TestWorld world{{.room_members_max = 2,
                                .sector = {.columns = 3, .rows = 3, .sector_size = 10},
                                .lobby = {.clock = &clock},
                                .rooms = 2,
                                .max_message_bytes = kMessageMax,
                                .client_jobs = 4},
                               sender,
                               threads};
};

// One connection, as the chat server and the framework's receive path treat it, and what its client
// knows from the packets it has got.
class Client {
 public:
  Client(Place& place, std::uint32_t index) : place_(place), index_(index) { Come(); }
  ~Client() { Go(); }

  void Come() {
    ring_.Attach(storage_);
    reassembler_.Reset();
    sequence_ = 0;
    inside_ = logged_in_ = finished_ = false;
    session_ = std::make_unique<course_test::TestSession>(net::SessionId::Make(++serial_, index_),
                                                          place_.world, place_.budgets[index_]);
  }
  void Go() {
    const net::SessionId id = session_->id();
    session_.reset();
    place_.Settle();
    place_.sender.Take(id);
    ring_.Detach();
  }
  void GoAndCome() {
    Go();
    Come();
  }
  void Finish() {
    if (!std::exchange(finished_, true)) session_->Finished();
  }

  void Send(wire::Frame frame) {
    if (finished_) return;
    frame.sequence = ++sequence_;
    const wire::Bytes bytes = wire::MakeFrame(frame);
    WSABUF spans[2];
    std::size_t at = 0;
    const DWORD pieces = ring_.FreeSpans(spans);
    for (DWORD i = 0; i < pieces && at < bytes.size(); ++i) {
      const std::size_t part = std::min<std::size_t>(spans[i].len, bytes.size() - at);
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), part, spans[i].buf);
      ring_.Commit(part);
      at += part;
    }
    net::PacketRef packet;
    Require(at == bytes.size() &&
            reassembler_.Next(ring_, {}, packet) == net::Reassembler::Step::kPacket);
    if (!Receive(packet)) GoAndCome();
  }

  // What it has been sent since the last time.
  void Listen() {
    for (const wire::Frame& frame : place_.sender.Take(session_->id())) Hear(frame);
  }

 private:
  // As ChatServer::OnRecv. False: the session ends.
  bool Receive(const net::PacketRef& packet) {
    if (session_->dropped()) {
      session_->Depart();
      return true;
    }
    switch (session_->Ask(packet->type())) {
      case chat::Allowance::kGranted:
        break;
      case chat::Allowance::kRefused:
        RefuseTooFast(*session_, packet->type());
        return true;
      case chat::Allowance::kRefusedQuietly:
        return true;
      case chat::Allowance::kEnough:
        return false;
    }
    const proto::Dispatched dispatched =
        ClientPacketHandler::Dispatch(*session_, packet->type(), packet->body());
    if (dispatched != proto::Dispatched::kHandled) return false;
    session_->Heard();
    return true;
  }

  void Hear(const wire::Frame& frame) {
    fuzz::RequireServerPacket(frame);
    switch (frame.type) {
      case Protocol::PACKET_S_LOGIN: {
        Protocol::S_LOGIN answer;
        Require(ParseBody(frame, answer) && (!answer.success() || !logged_in_));
        logged_in_ |= answer.success();
        break;
      }
      case Protocol::PACKET_S_ENTER_GAME: {
        Protocol::S_ENTER_GAME answer;
        Require(ParseBody(frame, answer) && (!answer.success() || (logged_in_ && !inside_)));
        inside_ |= answer.success();
        if (answer.success()) next_heard_ = 0;
        break;
      }
      case Protocol::PACKET_S_LEAVE_GAME: {
        Protocol::S_LEAVE_GAME answer;
        Require(ParseBody(frame, answer) && (!answer.success() || inside_));
        if (answer.success()) inside_ = false;
        break;
      }
      case Protocol::PACKET_S_PLAYER_JOINED:
      case Protocol::PACKET_S_PLAYER_LEFT:
        HearInOrder(frame);
        break;
      case Protocol::PACKET_S_CHAT: {
        Protocol::S_CHAT said;
        Require(ParseBody(frame, said));
        if (said.reason() != Protocol::REFUSAL_NONE) break;
        HearInOrder(frame);
        RequireText(said.msg());
        break;
      }
      case Protocol::PACKET_S_SECTOR_CHAT: {
        Protocol::S_SECTOR_CHAT said;
        Require(ParseBody(frame, said));
        if (said.reason() != Protocol::REFUSAL_NONE) break;
        RequireText(said.msg());
        break;
      }
      default:
        break;
    }
  }
  // Everybody inside hears all that the room says, one after the other.
  void HearInOrder(const wire::Frame& frame) {
    Require(inside_ && (next_heard_ == 0 || frame.sequence == next_heard_));
    next_heard_ = frame.sequence + 1;
  }
  static void RequireText(const std::string& text) {
    Require(chat::CheckMessage(text, kMessageMax) == Protocol::REFUSAL_NONE);
  }

  Place& place_;
  const std::uint32_t index_;
  std::uint32_t serial_ = 0;
  std::array<std::byte, 1500> storage_{};
  net::RingBuffer ring_;
  net::Reassembler reassembler_;
  std::uint32_t sequence_ = 0;
  std::unique_ptr<course_test::TestSession> session_;
  bool logged_in_ = false;
  bool inside_ = false;
  bool finished_ = false;
  std::uint32_t next_heard_ = 0;  // 0: nothing heard yet
};

void Step(fuzz::Input& input, Place& place, std::array<Client, kClients>& clients) {
  const std::uint8_t what = input.Byte();
  Client& client = clients[(what >> 4) % kClients];
  switch (what % 16) {
    case kServices: {
      const std::uint8_t how = input.Byte();
      place.world.services.answer = static_cast<chat::KeyAnswer>(how % chat::kKeyAnswers);
      place.world.services.full = (how & 4) != 0;
      break;
    }
    case kTime:
      place.clock.Advance(input.Byte() * std::chrono::milliseconds(100));
      place.world.lobby().CheckLoginTimeouts();
      place.world.lobby().CheckHeartbeats();
      break;
    case kFinish:
      client.Finish();
      break;
    case kGo:
      client.GoAndCome();
      break;
    default:
      client.Send(fuzz::TakePacket(input));
  }
  place.Settle();
  for (Client& each : clients) each.Listen();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  spdlog::set_level(spdlog::level::off);
  return fuzz::WriteSeedsWhenAsked(*argc, *argv, fuzz::MakeChatSeeds);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Place place;
  place.world.services.answer = chat::KeyAnswer::kRight;
  place.world.services.full = false;
  {
    std::array<Client, kClients> clients{Client{place, 0}, Client{place, 1}, Client{place, 2}};
    for (fuzz::Input input(data, size); !input.empty();) Step(input, place, clients);
  }
  place.Settle();
  Require(place.world.lobby().counts().connected == 0);
  Require(place.world.lobby().counts().logged_in == 0);
  for (std::uint32_t id = 0; id < place.world.options().rooms; ++id) {
    Require(place.world.FindRoom(id)->size() == 0);
  }
  Require(chat::LiveObjects<chat::GameSession>::count() == 0);
  Require(net::LiveBlocks(net::BlockUse::kPacket) == 0);
  return 0;
}

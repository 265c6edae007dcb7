// wakeup_lab: the lost wake-up, on a real socket and in an order of events that is forced.
//
//   "say 1" is posted          a worker puts packet 1 in, takes the flag and sends
//   the send is done           its worker owns the flag now, looks: the queue is empty
//                              ... and here it is held up
//   "say 2" is posted          the other worker puts packet 2 in; the flag is set, so it goes
//   the owner goes on          Release looks again, finds 2 and sends it. A queue that forgets to
//                              look again (--forgetful) clears the flag and goes: 2 lies there
//   "say 3" is posted          whoever sends 3 finds what lies there, too
#include <spdlog/fmt/fmt.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "labs/plain_clients.h"
#include "net/cipher.h"
#include "net/handles.h"
#include "net/peer_address.h"
#include "net/send_queue.h"
#include "support/options.h"

namespace {

constexpr std::size_t kWorkers = 2;
constexpr std::size_t kMostPackets = 8;  // of one send
constexpr std::uint16_t kSomethingSaid = 2;

enum Key : ULONG_PTR {  // of the port's packets
  kSay = 1,             // put packet number `bytes` into the queue
  kSent = 2,            // the send is done
  kEnd = 3,             // the worker ends
};

// What has happened so far; the main thread waits for it. Any thread.
class Events {
 public:
  struct Counts {
    int said = 0;               // packets put in, and their worker is gone
    int looked = 0;             // times that an owner of the flag found the queue empty
    int given_up = 0;           // times that an owner gave the flag up
    int sent = 0;               // packets given to WSASend
    std::uint64_t arrived = 0;  // bytes at the client
    bool failed = false;        // WSASend has refused
  };

  void Say(const std::string& line) {
    const std::lock_guard lock(mutex_);
    std::cout << line << '\n';
  }
  void Change(const std::function<void(Counts&)>& change) {
    const std::lock_guard lock(mutex_);
    change(counts_);
    changed_.notify_all();
  }
  void Await(const char* what, const std::function<bool(const Counts&)>& condition) {
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_for(lock, std::chrono::seconds(30),
                                           [&] { return counts_.failed || condition(counts_); });
    if (!in_time) throw std::runtime_error(fmt::format("not within 30 seconds: {}", what));
    if (counts_.failed) throw std::runtime_error("WSASend has failed");
  }
  Counts counts() {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Counts counts_;  // guarded by mutex_
};

class WakeUpLab {
 public:
  explicit WakeUpLab(bool forgetful) : forgetful_(forgetful) {
    port_.Reset(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, kWorkers));
    net::UniqueSocket listener(
        WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
    sockaddr_in address = net::ToSockaddr({0x7F000001, 0});
    int length = sizeof(address);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (!port_ || !listener || bind(listener.get(), raw, length) != 0 ||
        listen(listener.get(), 1) != 0 || getsockname(listener.get(), raw, &length) != 0) {
      throw std::runtime_error("cannot listen");
    }
    client_ = std::make_unique<apps::PlainClients>(
        ntohs(address.sin_port), 1, 1, [this](std::size_t, std::span<const std::uint8_t> bytes) {
          events_.Change([&](Events::Counts& c) { c.arrived += bytes.size(); });
        });
    socket_.Reset(accept(listener.get(), nullptr, nullptr));
    if (!socket_ || CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket_.get()), port_.get(),
                                           kSent, 0) == nullptr) {
      throw std::runtime_error("cannot accept");
    }
    for (std::size_t i = 0; i < kWorkers; ++i) {
      workers_[i] = std::thread([this, i] { WorkerLoop(fmt::format("worker {}", i + 1)); });
    }
  }

  ~WakeUpLab() {
    held_up_.Open();
    for (std::size_t i = 0; i < kWorkers; ++i) {
      PostQueuedCompletionStatus(port_.get(), 0, kEnd, nullptr);
    }
    for (std::thread& worker : workers_) worker.join();
    net::FreeSendNodes(sending_);
    net::FreeSendNodes(queue_.TakeAll());
  }

  // True: packet 2 left by itself. False: only packet 3 took it along.
  bool Run() {
    Say(1);
    events_.Await("packet 1 is sent", [](const auto& c) { return c.looked == 1; });
    Say(2);
    events_.Await("packet 2 is put in", [](const auto& c) { return c.said == 2; });
    held_up_.Open();
    events_.Await("the flag is given up", [](const auto& c) { return c.given_up == 1; });
    const bool alone = events_.counts().sent == 2;
    events_.Say(alone ? "packet 2 is sent, nobody is responsible, nothing lies there"
                      : "packet 2 lies in the queue, and nobody is responsible: it is lost until "
                        "the next one comes");
    Say(3);
    events_.Await("the flag is given up again", [](const auto& c) { return c.given_up == 2; });
    events_.Await("all three arrive", [this](const auto& c) { return c.arrived == 3 * size_; });
    events_.Say("the client has all three");
    return alone;
  }

 private:
  // Closed at first; once open it stays so.
  class Gate {
   public:
    void Pass() {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return open_; });
    }
    void Open() {
      const std::lock_guard lock(mutex_);
      open_ = true;
      changed_.notify_all();
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;  // guarded by mutex_
  };

  void Say(DWORD number) { PostQueuedCompletionStatus(port_.get(), number, kSay, nullptr); }

  void WorkerLoop(const std::string& me) {
    for (;;) {
      DWORD bytes = 0;
      ULONG_PTR key = 0;
      OVERLAPPED* overlapped = nullptr;
      GetQueuedCompletionStatus(port_.get(), &bytes, &key, &overlapped, INFINITE);
      if (key == kEnd) return;
      if (key == kSay) {
        PutIn(me, bytes);
      } else {
        net::FreeSendNodes(std::exchange(sending_, nullptr));
        SendWhatIsThere(me);
      }
    }
  }

  void PutIn(const std::string& me, DWORD number) {
    net::PacketRef packet = net::Packet::Make(kSomethingSaid);
    *packet << std::uint32_t{number};
    packet->Seal(net::kDefaultFixedKey, net::RandomKey());
    size_ = packet->frame().size();
    const bool responsible = queue_.Push(net::AllocateSendNode(std::move(packet)));
    events_.Say(fmt::format("{} puts packet {} in; {}", me, number,
                            responsible ? "the flag was down: it is responsible"
                                        : "the flag is set, somebody else will send: it goes"));
    if (responsible) SendWhatIsThere(me);
    events_.Change([](Events::Counts& c) { ++c.said; });
  }

  // Caller: owns the send flag.
  void SendWhatIsThere(const std::string& me) {
    for (;;) {
      if (net::SendNode* const batch = queue_.Take(kMostPackets)) {
        Send(me, batch);
        return;  // the send's completion owns the flag
      }
      events_.Say(fmt::format("{} looks: the queue is empty", me));
      events_.Change([](Events::Counts& c) { ++c.looked; });
      held_up_.Pass();
      if (GiveUp()) {
        events_.Say(fmt::format("{} has given the flag up and goes", me));
        events_.Change([](Events::Counts& c) { ++c.given_up; });
        return;
      }
      events_.Say(fmt::format("{} looks again: there is something", me));
    }
  }

  bool GiveUp() {
    if (!forgetful_) return queue_.Release();
    queue_.Open();  // clears the flag, and that is all it does
    return true;
  }

  void Send(const std::string& me, net::SendNode* batch) {
    std::array<WSABUF, kMostPackets> buffers{};
    DWORD count = 0;
    for (const net::SendNode* node = batch; node != nullptr; node = node->next) {
      const auto frame = node->packet->frame();
      buffers[count].len = static_cast<ULONG>(frame.size());
      buffers[count++].buf = reinterpret_cast<CHAR*>(const_cast<std::uint8_t*>(frame.data()));
    }
    events_.Say(fmt::format("{} sends {} packet{}", me, count, count == 1 ? "" : "s"));
    events_.Change([&](Events::Counts& c) { c.sent += static_cast<int>(count); });
    sending_ = batch;
    overlapped_ = {};
    if (WSASend(socket_.get(), buffers.data(), count, nullptr, 0, &overlapped_, nullptr) != 0 &&
        WSAGetLastError() != WSA_IO_PENDING) {
      events_.Change([](Events::Counts& c) { c.failed = true; });
    }
  }

  const bool forgetful_;
  const net::WinsockScope winsock_;
  Events events_;
  Gate held_up_;
  net::PortHandle port_;
  std::unique_ptr<apps::PlainClients> client_;
  net::UniqueSocket socket_;
  net::BasicSendQueue<> queue_;
  net::SendNode* sending_ = nullptr;  // whoever owns the send flag
  OVERLAPPED overlapped_{};           // whoever owns the send flag
  std::atomic<std::size_t> size_{0};  // bytes of a packet on the wire, the same for all; atomic:
                                      // a worker writes it, the main thread reads it
  std::array<std::thread, kWorkers> workers_;
};

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("The lost wake-up, forced: who sends the packet that came last?",
                        "wakeup_lab");
  bool forgetful = false;
  app.Flag("--forgetful", forgetful, "with a queue that does not look again");
  app.Footer("Exit code 1: the queue of src/net/send_queue.h has lost a wake-up.");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  try {
    WakeUpLab lab(forgetful);
    return lab.Run() || forgetful ? 0 : 1;
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
}

#include "labs/send_ways.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "net/block_pool.h"
#include "net/send_node.h"
#include "net/send_turn.h"
#include "net/server.h"

namespace lab {

namespace {

struct Settings {
  bool skip_on_success = true;
  std::uint32_t completion_batch = 32;
  std::uint32_t send_copy_max = 512;
  bool turn = true;    // one send per client and turn; false: SendPacket by SendPacket
  bool async = false;  // SendPacketAsync
  bool join = false;   // the turn's packets become one
};

net::ServerOptions OptionsOf(const Settings& settings) {
  net::ServerOptions options;
  options.session_max = 4096;
  options.worker_threads = 2;
  options.send_packet_max = net::ServerOptions::kSendPacketMaxLimit;
  options.send_memory_max = 1 << 30;
  options.first_packet_timeout_ms = 0;
  options.idle_timeout_ms = 0;
  options.skip_on_success = settings.skip_on_success;
  options.completion_batch = settings.completion_batch;
  options.send_copy_max = settings.send_copy_max;
  return options;
}

// Stage 04's server with nothing in it but its sessions.
class ServerWay : public SendWay, private net::Server {
 public:
  explicit ServerWay(const Settings& settings) : Server(OptionsOf(settings)), settings_(settings) {
    if (const net::Status status = Start(); !status.ok()) throw std::runtime_error(status.error());
  }
  ~ServerWay() override { Stop(); }

  std::uint16_t port() const override { return Server::port(); }

  void AwaitClients(std::size_t clients) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ids_.size() >= clients; });
  }

  void Turn(std::span<const net::PacketRef> packets) override {
    if (!settings_.turn) return SendAll(packets);
    const net::SendTurn turn(*this);
    if (!settings_.join) return SendAll(packets);
    const net::PacketRef joined = net::Packet::Join(packets);
    SendAll({&joined, 1});
  }

  SendCounts counts() const override {
    const net::TrafficTotals totals = traffic();
    return {totals.send_calls, settings_.skip_on_success ? 0 : totals.send_calls,
            net::HeapAllocations() + net::SendNodesMade() / net::kNodeBatch};
  }

 private:
  void OnClientJoin(net::SessionId id) override {
    const std::lock_guard lock(mutex_);
    ids_.push_back(id);
    changed_.notify_all();
  }
  void OnClientLeave(net::SessionId, std::string_view) override {}
  void OnRecv(net::SessionId, const net::PacketRef&) override {}

  void SendAll(std::span<const net::PacketRef> packets) {
    for (const net::PacketRef& packet : packets) {
      for (const net::SessionId id : ids_) {
        if (settings_.async) {
          SendPacketAsync(id, packet);
        } else {
          SendPacket(id, packet);
        }
      }
    }
  }

  const Settings settings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<net::SessionId> ids_;  // guarded by mutex_ until AwaitClients has returned
};

Settings SettingsOf(const std::string& name) {
  Settings settings;
  if (name == "queue") settings.turn = false;
  if (name == "async") settings.turn = !(settings.async = true);
  if (name == "buffers") settings.send_copy_max = 0;
  if (name == "joined") settings.join = true;
  if (name == "joined-queued") {
    settings.join = true;
    settings.skip_on_success = false;
  }
  return settings;
}

}  // namespace

const std::vector<WayEntry>& SendWays() {
  static const std::vector<WayEntry> ways = {
      {"heap", "03: an OVERLAPPED per packet"},
      {"queue", "04: queue, SendPacket"},
      {"async", "04: queue, SendPacketAsync"},
      {"buffers", "04: turn, a WSABUF per packet"},
      {"copied", "04: turn, copied together"},
      {"joined", "04: turn, one blob for all"},
      {"joined-queued", "    the same without skipping"},
  };
  return ways;
}

std::unique_ptr<SendWay> MakeSendWay(const std::string& name) {
  if (name == "heap") return MakeHeapWay();
  for (const WayEntry& way : SendWays()) {
    if (way.name == name) return std::make_unique<ServerWay>(SettingsOf(name));
  }
  throw std::runtime_error("no such way: " + name);
}

}  // namespace lab

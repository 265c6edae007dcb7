// move_server: the lecture's game on the server framework. Everybody sees everybody move.
#include <spdlog/spdlog.h>

#include <iostream>

#include "apps/move_game.h"
#include "net/server.h"
#include "support/options.h"
#include "support/stop_signal.h"

namespace {

class MoveServer : public net::Server {
 public:
  explicit MoveServer(net::ServerOptions options)
      : Server(std::move(options)), game_([this](net::SessionId id, const net::PacketRef& packet) {
          // Under the game's lock: a broadcast is encoded once, for its first receiver.
          if (!packet->sealed()) Seal(*packet);
          // A stale id is no error: that client has just left and OnClientLeave is on its way.
          SendPacket(id, packet);
        }) {}
  ~MoveServer() override { Stop(); }

 protected:
  void OnClientJoin(net::SessionId id) override {
    const std::uint32_t player = game_.Join(id);
    spdlog::info("join session={} player={}", ToString(id), player);
  }

  void OnClientLeave(net::SessionId id, std::string_view reason) override {
    game_.Leave(id);
    spdlog::info("leave session={} reason=\"{}\"", ToString(id), reason);
  }

  void OnRecv(net::SessionId id, const net::PacketRef& packet) override {
    // Never trust the client: type, length and value are checked before anything is done.
    switch (game::TypeOf(*packet)) {
      case game::PacketType::kEcho: {
        const net::PacketRef reply = game::EncodeEchoReply(*packet);
        if (Seal(*reply)) SendPacket(id, reply);
        return;
      }
      case game::PacketType::kMove:
        if (const auto direction = game::DecodeMove(*packet)) {
          game_.Move(id, *direction);
          return;
        }
        break;
      default:
        break;
    }
    Expel(id, "not a valid packet of the game");
  }

 private:
  game::MoveGame game_;
};

void AddOptions(apps::CommandLine& app, net::ServerOptions& options) {
  app.Add("--host", options.host, "IPv4 address to listen on").ShowDefault();
  app.Add("--port", options.port, "TCP port; 0 = any free one").ShowDefault();
  app.Add("--session-max", options.session_max, "connections at most (SERVER_SESSION_MAX)")
      .ShowDefault();
  app.Add("--workers", options.worker_threads, "worker threads; 0 = one per processor")
      .ShowDefault();
  app.Add("--running", options.running_threads, "workers that run at once; 0 = processors")
      .ShowDefault();
  app.Add("--packet-max", options.packet_max, "longest payload of a client's packet, bytes")
      .ShowDefault();
  app.Add("--receive-memory-max", options.receive_memory_max,
          "receive memory of one session, bytes; above it the client is disconnected")
      .ShowDefault();
  app.Add("--first-packet-timeout-ms", options.first_packet_timeout_ms,
          "time for a client's first whole packet; 0 = no limit")
      .ShowDefault();
  app.Add("--idle-timeout-ms", options.idle_timeout_ms,
          "time between two whole packets; 0 = no limit")
      .ShowDefault();
  app.Flag(
      "--accept-ex", [&options] { options.accept_mode = net::AcceptMode::kAcceptEx; },
      "accept with AcceptEx instead of an accept thread");
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("The move game: everybody sees everybody move", "move_server");
  net::ServerOptions options;
  options.port = 9002;
  const net::PacketRef full = game::EncodeFull();
  full->Seal(options.fixed_key, net::RandomKey());
  for (const std::uint8_t byte : full->frame()) options.full_notice.push_back(std::byte{byte});
  AddOptions(app, options);
  bool stop_on_eof = false;
  app.Flag("--stop-on-eof", stop_on_eof, "stop when the standard input ends");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;

  apps::StopSignal stop(stop_on_eof);  // before any thread is started
  MoveServer server(options);
  if (const net::Status status = server.Start(); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  std::cout << "listening on " << options.host << ":" << server.port() << std::endl;
  stop.Wait();
  const net::StopReport report = server.Stop();
  std::cout << "stopped: live sessions " << report.live_sessions << ", outstanding operations "
            << report.outstanding_operations << std::endl;
  return report.live_sessions == 0 && report.outstanding_operations == 0 ? 0 : 1;
}

// The server framework: a completion port, its worker threads, sessions, and the callbacks of the
// game.
//
// Derive from Server, override the callbacks (callbacks.h), Start, and Stop before the derived
// object dies. The work is done by the parts; here is what belongs to all of them, and the order in
// which they begin and end.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "iocp/inspect.h"
#include "net/acceptor.h"
#include "net/admit.h"
#include "net/callbacks.h"
#include "net/deferred_close.h"
#include "net/handles.h"
#include "net/inner_request.h"
#include "net/receive.h"
#include "net/send.h"
#include "net/server_options.h"
#include "net/session_life.h"
#include "net/status.h"
#include "net/timeout_watch.h"
#include "net/traffic.h"
#include "net/traffic_gate.h"
#include "net/worker.h"

namespace net {

// What Stop found after the last worker had ended: all zero, or there is a bug.
struct StopReport {
  std::uint32_t live_sessions = 0;
  std::uint64_t outstanding_operations = 0;  // receives, sends, accepts, inner requests
};

class Server : protected Callbacks {
 public:
  explicit Server(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server();

  // Port, workers, listen socket, acceptor: in this order, each logged. A failed start leaves
  // nothing behind. Starting again after a Stop is allowed.
  Status Start();

  // Ordered stop (source 000): flag, listener, cancel every session's I/O, all completions seen,
  // one end packet per worker, join. Blocks; call it from any thread but a callback. A second call
  // does nothing.
  StopReport Stop();

  std::uint16_t port() const { return acceptor_.port(); }  // after Start
  const ServerOptions& options() const { return options_; }
  std::uint32_t live_sessions() const { return life_.live(); }
  TrafficTotals traffic() const { return traffic_.Read(); }
  const DeferredClose& deferred_close() const { return deferred_close_; }
  SendPath& send_path() { return send_; }  // for SendTurn
  // How full the port's five structures are. Nothing: it is closed, or not visible (Windows). Any
  // thread.
  std::optional<iocp::PortSizes> LookAtPort() const { return iocp::ReadSizes(seen_port_); }

  // --- for the game: any thread, also inside callbacks; nothing here blocks or calls back

  // Begins to close the session; OnClientLeave follows on a worker. `reason` must be a literal.
  // False: no such session.
  bool Disconnect(SessionId id, const char* reason = "disconnected by the server") {
    return life_.Disconnect(id, reason);
  }
  // The same for a peer that broke a rule of the game: a warning says who it was and why.
  bool Expel(SessionId id, const char* reason) { return life_.Expel(id, reason); }
  // Makes the frame: header, checksum, encoding with the server's key. Once per packet, by the
  // thread that wrote it, before the first SendPacket. False: written past its end, or sealed
  // already.
  bool Seal(Packet& packet) const { return send_.Seal(packet); }
  // Queues a sealed packet, keeps a use of it until it is sent, and sends unless a send of this
  // session is on its way (then its completion does). Several calls for one session arrive in call
  // order. A broadcast calls this once per receiver with the same packet. Inside a callback, and
  // wherever the thread has a SendTurn, the send leaves at the end of the turn.
  SendResult SendPacket(SessionId id, const PacketRef& packet) {
    return send_.SendPacket(id, packet);
  }
  // The same, but a worker issues the send: for threads that should not pay for system calls.
  SendResult SendPacketAsync(SessionId id, const PacketRef& packet) {
    return send_.SendPacketAsync(id, packet);
  }
  // Queues the session's last packet. When it has left the session is closed, and the socket when
  // the peer has read it or linger_ms have passed. `reason` must be a literal.
  SendResult SendAndDisconnect(SessionId id, const PacketRef& packet, const char* reason) {
    return send_.SendAndDisconnect(id, packet, reason);
  }
  // The session is one that is known (it has logged in): from now on send_memory_max is its bound.
  // False: no such session.
  bool Trust(SessionId id) { return send_.Trust(id); }
  // Ends the session when all that is queued for it has left. `reason` must be a literal. False: no
  // such session.
  bool Finish(SessionId id, const char* reason = "closed by the peer") {
    return send_.Finish(id, reason);
  }
  // Puts `packet` into the port's queue; a worker hands it to OnInnerRequest. False: stopping.
  bool PostInnerRequest(PacketRef packet) { return inner_requests_.Post(std::move(packet)); }
  // One step of the game's own work, for the "update" figure of the traffic.
  void CountUpdate() { traffic_.Add(Traffic::kUpdates, 1); }
  // A session for a connection that was made by this program (net/connect.h). OnClientJoin has
  // returned when this returns. Id 0: the table is full; the connection is closed. Not in a
  // callback, and not when Stop may be called meanwhile.
  SessionId Adopt(UniqueSocket socket, const PeerAddress& peer) {
    return admission_.Admit(std::move(socket), peer);
  }
  // What the system has set for this session's socket; nothing: no such session.
  std::optional<SocketOptions> SocketOptionsOf(SessionId id);
  // Who is at the other end; nothing: no such session.
  std::optional<PeerAddress> PeerOf(SessionId id);
  // Accepts nobody and sends nothing until ResumeTraffic; what is to be sent is queued. The
  // congestion control's thread; Stop resumes.
  void PauseTraffic();
  void ResumeTraffic();

 protected:
  void OnClientFinished(SessionId id) override { Finish(id); }

 private:
  Status Open();
  bool CalledFromCallback() const;

  const ServerOptions options_;
  const WinsockScope winsock_;
  bool running_ = false;  // Start and Stop only

  // made by Start and closed by Stop while no other thread of the server runs
  PortHandle port_;
  // atomic: Start writes. Whoever looks may have the handle of a port that is closed by now; no
  // other port will have that one (P39).
  std::atomic<HANDLE> seen_port_{nullptr};

  // [parts]
  // Each knows only some of those above it, and guards itself.
  Traffic traffic_;
  TrafficGate traffic_gate_;
  DeferredClose deferred_close_;
  SessionLife life_{port_, deferred_close_, *this};
  InnerRequests inner_requests_{port_, life_};
  SendPath send_{options_, port_, life_, traffic_, traffic_gate_};
  ReceivePath receive_{options_, port_, life_, traffic_};
  Admission admission_{options_, port_, life_, receive_, traffic_};
  Acceptor acceptor_{options_, port_, life_, admission_, traffic_gate_};
  TimeoutWatch timeout_watch_{options_, life_};
  WorkerPool workers_{options_, port_, life_, receive_, send_, inner_requests_, acceptor_};
  // [/parts]
};

}  // namespace net

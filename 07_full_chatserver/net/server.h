// The server framework: a completion port, its worker threads, sessions, and the callbacks of the
// game.
//
// Derive from Server, override the callbacks, Start, and Stop before the derived object dies.
//
// Threading of the callbacks: they run on worker threads (OnConnectionRequest and OnClientJoin on
// the accepting thread), for different sessions at the same time. For ONE session the order is:
// OnClientJoin, then OnRecv packet by packet, never two at a time, then OnClientLeave, once.
// Another thread's call for the same id (SendPacket, Disconnect) may come at any time; a stale id
// is refused. An exception that leaves a callback closes its session and is logged; it never ends a
// worker.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "net/deferred_close.h"
#include "net/handles.h"
#include "net/inbound_meter.h"
#include "net/pending_count.h"
#include "net/receive_pause.h"
#include "net/server_options.h"
#include "net/session_table.h"
#include "net/status.h"
#include "net/traffic.h"
#include "net/traffic_gate.h"

namespace net {

struct AcceptContext;

// What Stop found after the last worker had ended: all zero, or there is a bug.
struct StopReport {
  std::uint32_t live_sessions = 0;
  std::uint64_t outstanding_operations = 0;  // receives, sends, accepts, inner requests
};

class Server {
 public:
  explicit Server(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server();

  // Port, workers, listen socket, acceptor: in this order, each logged (B1). A failed start leaves
  // nothing behind. Starting again after a Stop is allowed.
  Status Start();

  // Ordered stop (source 000): flag, listener, cancel every session's I/O, all completions seen,
  // one end packet per worker, join. Blocks; call it from any thread but a callback. A second call
  // does nothing.
  StopReport Stop();

  std::uint16_t port() const { return bound_port_; }  // after Start
  const ServerOptions& options() const { return options_; }
  std::uint32_t live_sessions() const { return sessions_ ? sessions_->live() : 0; }
  TrafficTotals traffic() const { return traffic_.Read(); }
  const DeferredClose& deferred_close() const { return deferred_close_; }

  // --- for the game: any thread, also inside callbacks; nothing here blocks or calls back

  // Begins to close the session; OnClientLeave follows on a worker. `reason` must be a literal.
  // False: no such session.
  bool Disconnect(SessionId id, const char* reason = "disconnected by the server");
  // The same for a peer that broke a rule of the game: a warning says who it was and why.
  bool Expel(SessionId id, const char* reason);
  // Makes the frame: header, checksum, encoding with the server's key. Once per packet, by the
  // thread that wrote it, before the first SendPacket. False: written past its end, or sealed
  // already.
  bool Seal(Packet& packet) const;
  // Queues a sealed packet, keeps a use of it until it is sent, and sends unless a send of this
  // session is on its way (then its completion does). Several calls for one session arrive in call
  // order. A broadcast calls this once per receiver with the same packet. Inside a callback, and
  // wherever the thread has a SendTurn, the send leaves at the end of the turn.
  SendResult SendPacket(SessionId id, const PacketRef& packet);
  // The same, but a worker issues the send: for threads that should not pay for system calls.
  SendResult SendPacketAsync(SessionId id, const PacketRef& packet);
  // Queues the session's last packet. When it has left the session is closed, and the socket when
  // the peer has read it or linger_ms have passed. `reason` must be a literal.
  SendResult SendAndDisconnect(SessionId id, const PacketRef& packet, const char* reason);
  // The session is one that is known (it has logged in): from now on send_memory_max is its bound.
  // False: no such session.
  bool Trust(SessionId id);
  // Ends the session when all that is queued for it has left. `reason` must be a literal. False: no
  // such session.
  bool Finish(SessionId id, const char* reason = "closed by the peer");
  // Puts `packet` into the port's queue; a worker hands it to OnInnerRequest. False: stopping.
  bool PostInnerRequest(PacketRef packet);
  // One step of the game's own work, for the "update" figure of the traffic.
  void CountUpdate() { traffic_.Add(Traffic::kUpdates, 1); }
  // A session for a connection that was made by this program (net/connect.h). OnClientJoin has
  // returned when this returns. Id 0: the table is full; the connection is closed. Not in a
  // callback, and not when Stop may be called meanwhile.
  SessionId Adopt(UniqueSocket socket, const PeerAddress& peer) {
    return Admit(std::move(socket), peer);
  }
  // What the system has set for this session's socket; nothing: no such session.
  std::optional<SocketOptions> SocketOptionsOf(SessionId id);
  // Who is at the other end; nothing: no such session.
  std::optional<PeerAddress> PeerOf(SessionId id);
  // Accepts nobody and sends nothing until ResumeTraffic (G10); what is to be sent is queued. The
  // congestion control's thread; Stop resumes.
  void PauseTraffic();
  void ResumeTraffic();

 protected:
  // --- callbacks

  // False refuses the connection before it gets a session.
  virtual bool OnConnectionRequest(const PeerAddress& peer);
  // What a peer that was refused is told, as a sealed frame; empty: nothing. Right after
  // OnConnectionRequest, on its thread.
  virtual std::span<const std::byte> RefusalNotice(const PeerAddress& peer);
  // The first receive is posted after this has returned: no packet overtakes it.
  virtual void OnClientJoin(SessionId id) = 0;
  // The client has closed its side: it says no more, OnRecv has had all of it, but it may still
  // read. Whoever owes it answers calls Finish behind the last of them; otherwise that is done
  // here.
  virtual void OnClientFinished(SessionId id);
  // The last call for `id`, on a worker. The id is stale already.
  virtual void OnClientLeave(SessionId id, std::string_view reason) = 0;
  // One whole packet, checked and decoded. To keep it, copy the PacketRef; its memory counts for
  // the session (receive_memory_max) until the last copy goes, at the latest before this server.
  virtual void OnRecv(SessionId id, const PacketRef& packet) = 0;
  virtual void OnInnerRequest(const PacketRef& packet);
  // Something went wrong that the game may want to know; the framework has dealt with it and logged
  // it. `id` is 0 when no session is concerned.
  virtual void OnError(SessionId id, std::string_view what, DWORD error);

 private:
  friend class SessionRef;
  friend class SendTurn;

  // server.cc
  Status Open();
  void StartWorkers();
  Status OpenListener();
  Status StartAccepting();

  // server_stop.cc
  void StopAccepting();
  void DisconnectAll(const char* reason);
  void EndWorkers();
  StopReport CountWhatIsLeft();
  bool IsWorker() const;

  // session_life.cc: the end of a session
  void BeginClose(Session& session, const char* reason);
  void ReleaseIo(Session& session);
  void FreeSession(Session& session);

  // admit.cc: from an accepted socket to a session that receives (B2)
  SessionId Admit(UniqueSocket socket, const PeerAddress& peer);
  static void RefusePolitely(UniqueSocket socket, std::span<const std::byte> notice);
  int PrepareSocket(SOCKET socket) const;

  // accept_thread.cc
  void AcceptLoop();
  bool OnlyThatClient(DWORD error);
  void ReportAcceptError(DWORD error);
  // accept_ex.cc
  Status StartAcceptEx();
  void PostAccept(AcceptContext& context);
  void OnAcceptCompleted(AcceptContext& context, DWORD error);
  void AdmitFrom(AcceptContext& context);
  void RetryLater(AcceptContext& context);
  void RetryAccepts();
  // Waits up to `ms`; true when the server is stopping.
  bool BackOff(unsigned ms);

  // worker.cc
  void WorkerLoop();
  void DispatchEntry(const OVERLAPPED_ENTRY& entry);
  void Dispatch(ULONG_PTR key, IoContext& context, DWORD bytes, DWORD error);

  // receive.cc
  enum class PostResult : unsigned char {
    kPending,  // a packet follows
    kDone,     // completed at once and no packet follows: the caller handles the completion
    kFailed,   // refused, or the session is closing
  };
  void StartRecv(Session& session);
  PostResult PostRecv(Session& session, DWORD& bytes);
  void HandOverRecv(Session& session, DWORD bytes);
  void OnRecvCompleted(Session& session, DWORD bytes, DWORD error);
  InboundMeter& MeterOf(const Session& session) { return meters_[session.id.index()]; }
  bool HoldBack(Session& session);
  bool HandleRecv(Session& session, DWORD bytes, DWORD error);
  void TakePackets(Session& session);
  void HalfClose(Session& session);
  // Warns (session, address, reason) and closes: the peer broke a rule.
  void Refuse(Session& session, const char* reason);

  // timeout_watch.cc
  void StartTimeoutWatch();
  void NotePause(std::uint32_t now);
  void CheckTimeouts();

  // send.cc
  SendResult QueuePacket(SessionId id, const PacketRef& packet, SendMode mode,
                         const char* last_reason);
  bool ChargeSend(Session& session, std::uint32_t bytes);
  bool PushLast(Session& session, SendNode* node, const char* reason);
  void CloseAfterSends(Session& session, const char* reason);
  SendResult StartSending(Session& session, SendMode mode);
  // send_issue.cc
  bool IssueSends(Session& session);
  PostResult PostSend(Session& session, SendNode* batch);
  static DWORD PrepareBatch(SendState& send, SendNode* batch, std::uint32_t copy_max,
                            std::span<WSABUF> buffers);
  void OnSendCompleted(Session& session, DWORD bytes, DWORD error);
  void EndBatch(Session& session);
  bool FinishSend(Session& session, DWORD bytes);
  void EndSession(Session& session);
  bool PostSendRequest(Session& session);
  void OnSendRequest(Session& session);

  // traffic_gate.cc
  bool WaitAtGate(Session& session);

  // server.cc
  void ReportError(SessionId id, std::string_view what, DWORD error);
  // Runs a callback. An exception ends here: it is logged and closes the session (if there is one).
  template <typename Callback>
  void CallGame(SessionId id, Callback&& callback) {
    try {
      callback();
    } catch (const std::exception& exception) {
      OnCallbackThrew(id, exception.what());
    } catch (...) {
      OnCallbackThrew(id, "not a std::exception");
    }
  }
  void OnCallbackThrew(SessionId id, std::string_view what);

  const ServerOptions options_;
  const FrameRules rules_;
  const WinsockScope winsock_;

  // written by Start and Stop while no other thread of the server runs; read by all
  std::uint16_t bound_port_ = 0;
  std::unique_ptr<SessionTable> sessions_;
  PortHandle port_;
  DeferredClose deferred_close_;
  ReceivePause receive_pause_;
  // By slot, when there is a limit; each belongs to the session's one receive.
  std::unique_ptr<InboundMeter[]> meters_;
  std::vector<std::thread> workers_;
  std::thread accept_thread_;
  std::thread timeout_thread_;
  std::uint32_t watch_interval_ms_ = 0;
  std::uint32_t looked_at_ = 0;   // timeout_thread_ only: when it looked the last time
  std::uint32_t resumed_at_ = 0;  // timeout_thread_ only: when the process went on after a pause
  std::vector<std::unique_ptr<AcceptContext>> accepts_;
  LPFN_ACCEPTEX accept_ex_ = nullptr;
  bool running_ = false;  // Start and Stop only

  Traffic traffic_;  // any thread
  TrafficGate traffic_gate_;

  // atomic: set by Start, closed and cleared by Stop while the accept thread uses it
  std::atomic<SOCKET> listener_{INVALID_SOCKET};

  // atomic: set by Stop, read by all
  std::atomic<bool> stopping_{false};
  // AcceptEx operations and posted inner requests that no worker has finished yet
  PendingCount accepts_pending_;
  PendingCount inner_pending_;

  std::mutex back_off_mutex_;
  std::condition_variable back_off_wake_;         // notified under back_off_mutex_
  std::vector<AcceptContext*> accepts_to_retry_;  // guarded by back_off_mutex_
  std::chrono::steady_clock::time_point accept_error_silent_until_{};  // guarded by back_off_mutex_
  std::atomic<unsigned> accepts_gone_{0};  // atomic: failed in a row because the client had gone
};

// One I/O count of a session, given back at the end of the scope. Move-only, one thread at a time.
class SessionRef {
 public:
  // Takes over a count that the caller holds.
  SessionRef(Server& server, Session* session) : server_(server), session_(session) {}
  SessionRef(const SessionRef&) = delete;
  SessionRef& operator=(const SessionRef&) = delete;
  ~SessionRef() {
    if (session_ != nullptr) server_.ReleaseIo(*session_);
  }

  explicit operator bool() const { return session_ != nullptr; }
  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_; }

 private:
  Server& server_;
  Session* session_;
};

}  // namespace net

// A socket, of TCP or of UDP (socket_datagram.cc): what outlives its connections (handle, place in
// a port, options), and the connection that it has now.
//
// How an operation runs (socket_perform.cc): the issuing call puts a record into the queue of its
// direction; when nobody is busy there and the kernel may have something, the same thread performs
// the head at once. On EAGAIN the record stays, and the thread that sees the socket's next edge
// goes on with it. The one busy thread of a direction holds no lock in the system call, so order is
// kept (P23) and nobody waits for anybody. Every decision about a record is taken under the
// socket's lock, hence exactly once; direction.h has the table.
//
// All public functions may be called by any thread, without locks. Functions that return int return
// a winsock error, 0 for success. Lock order: listener -> accepting socket -> port.
#pragma once

#include <atomic>
#include <mutex>
#include <span>

#include "iocp/linux/connection.h"
#include "iocp/linux/deadline.h"
#include "iocp/linux/device.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/kept_options.h"
#include "iocp/linux/lock.h"
#include "iocp/linux/operation.h"
#include "iocp/linux/poller.h"
#include "iocp/linux/win32_sockets.h"

namespace iocp {

class alignas(64) Socket final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kSocket;

  Socket(int fd, int family, int type, bool overlapped);

  // --- transfers (socket_transfer.cc) ---
  // With an OVERLAPPED: 0, finished at once and *bytes set; WSA_IO_PENDING, a packet follows;
  // otherwise it has failed and nothing follows. Without one, or on a socket made without
  // WSA_FLAG_OVERLAPPED: a plain call.
  struct Call {
    std::span<const WSABUF> buffers;
    int flags = 0;
    OVERLAPPED* overlapped = nullptr;
    DWORD* bytes = nullptr;
    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine = nullptr;
  };
  // The addresses are for UDP, TCP has no use for them. `from` and `from_length` are the program's,
  // written before the completion is told.
  int Receive(const Call& call, sockaddr* from = nullptr, int* from_length = nullptr);
  int Send(const Call& call, const sockaddr* to = nullptr, int to_length = 0);
  DWORD ReadWrite(bool write, void* data, DWORD length, DWORD* bytes,
                  OVERLAPPED* overlapped) override;

  // `file` may be empty. Takes over `what`.
  int Transmit(const WSABUF& head, FileToSend what, OVERLAPPED* overlapped);

  // Around what is over when its call returns: when there is an OVERLAPPED, it is told like that of
  // an operation. Begin: 0, or the error with which the call fails. `status`: how it went.
  int BeginAtOnce(OVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
                  Receipt* receipt);
  void EndAtOnce(LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, NTSTATUS status, DWORD bytes,
                 Receipt* receipt);

  // --- connections (socket_accept.cc, socket_connect.cc) ---
  int Accept(const Ref<Socket>& acceptor, char* output, DWORD receive_length, DWORD local_length,
             DWORD remote_length, OVERLAPPED* overlapped, DWORD* bytes);
  int PlainAccept(sockaddr* name, int* length, SOCKET* accepted);
  int Connect(const sockaddr* name, socklen_t length, void* data, DWORD data_length,
              OVERLAPPED* overlapped, DWORD* bytes);
  int PlainConnect(const sockaddr* name, socklen_t length);
  int Disconnect(OVERLAPPED* overlapped, bool reuse);
  int Shutdown(int how);
  DWORD Cancel(const OVERLAPPED* overlapped, DWORD issuer) override;  // P31

  // SIO_UDP_CONNRESET: shall a receive tell that an earlier datagram found nobody?
  void TellUnreachable(bool tell) { tells_unreachable_.store(tell); }

  // --- names and options (socket_options.cc) ---
  int Bind(const sockaddr* name, socklen_t length);
  int Listen(int backlog);
  int Name(bool peer, sockaddr* name, int* length);
  int SetOption(int level, int name, const void* value, int length);
  int GetOption(int level, int name, void* value, int* length);
  int Ioctl(long command, ULONG* argument);

  // --- readiness (api_poll.cc, socket_ready.cc) ---
  // Between the two the caller polls `fd` (-1: there is nothing to poll) and the connection is
  // held. BeginPoll: nullptr, closed. EndPoll: what poll's answer means for the program.
  Connection* BeginPoll(int* fd);
  short EndPoll(Connection* connection, short events);

  // --- life (socket.cc) ---
  DWORD Associate(CompletionPort* port, ULONG_PTR key) override;
  DWORD SetNotificationModes(UCHAR flags) override;
  Signal* signal() override { return &device_.signal.Get(); }
  void Close();  // aborts what is pending (P29, P35); the handle has been, or is being removed

  static void FreeRecord(Operation* operation);  // frees the record of a completed operation

  // A poller reports an edge for the socket whose handle is `ready.token`.
  static void OnReady(const Ready& ready);

 private:
  using State = Connection::State;
  using Guard = std::unique_lock<Lock>;  // holds lock_, but for the time of a system call

  // How an attempt at an operation went.
  struct Outcome {
    enum class Kind : std::uint8_t {
      kDone,
      kAgain,    // the kernel has nothing; an edge will tell
      kFailed,   // the kernel says so
      kAborted,  // the program wants it: cancelled, closed
    };
    Kind kind = Kind::kDone;
    bool drained = false;  // nothing more can be there until the next edge
    bool starved = false;  // kAgain for want of descriptors: the background thread tries again
    bool paused = false;   // kAgain though there is room: others first. Asks for an edge
    bool broken = false;   // the connection has ended with it
    bool ended = false;    // a receive of nothing: the peer's FIN, or a reset that was told before
    int number = 0;        // kFailed: errno; kDone of an accept: the descriptor
    NTSTATUS status = 0;   // kFailed, kAborted

    int Error() const;  // winsock
  };
  static_assert(sizeof(Outcome) <= 16);  // travels in registers
  static Outcome Failed(int error_number);
  static Outcome Aborted(NTSTATUS status);

  ~Socket() override;

  // --- socket_perform.cc; guards hold lock_ ---
  int Begin(Operation* operation, OVERLAPPED* overlapped, int error, Guard& guard);
  int Issue(Operation* operation, OVERLAPPED* overlapped, DWORD* bytes);
  int RunPlain(Operation* operation, DWORD milliseconds, bool may_block, Outcome* outcome);
  int Check(const Operation& operation, bool plain, Guard& guard, Wakes& wakes);
  bool WorthTrying(const Direction& direction) const;
  // Brings an event to a direction and does what follows from it, for as long as something does.
  void Run(Connection& connection, Direction& direction, DirectionEvent event, Guard& guard,
           Wakes& wakes) {
    const Act act = direction.Take(event);
    if (act != Act::kNothing) Perform(connection, direction, act, guard, wakes);
  }
  void Perform(Connection& connection, Direction& direction, Act act, Guard& guard, Wakes& wakes);
  DirectionEvent TryHead(Connection& connection, Direction& direction, Guard& guard, Wakes& wakes);
  Outcome Attempt(int fd, Operation& operation);
  DirectionEvent Conclude(Connection& connection, const Operation& operation,
                          const Outcome& outcome, Guard& guard, Wakes& wakes);
  void Break(Connection& connection, int error_number, Guard& guard, Wakes& wakes);
  // --- socket_complete.cc ---
  void Finish(Operation* operation, const Outcome& outcome, Wakes& wakes);
  bool Abort(const OVERLAPPED* overlapped, NTSTATUS status, Wakes& wakes, DWORD issuer = 0);
  void AbortOne(Direction& direction, Operation* operation, NTSTATUS status, Wakes& wakes);
  bool AbortQueued(const Connection& connection, Direction& direction, const OVERLAPPED* overlapped,
                   NTSTATUS status, Wakes& wakes, DWORD issuer = 0);
  // --- socket_ready.cc ---
  void OnEdge(const Ready& ready, Guard& guard, Wakes& wakes);
  void Watch(Guard& guard, Wakes& wakes);
  void CannotWatch(Connection& connection, Wakes& wakes);
  Poller* PollerOf(const Connection& connection) const;

  // --- the attempts (socket_transfer.cc, socket_accept.cc, socket_connect.cc) ---
  int Transfer(Operation* operation, const Call& call, const std::atomic<DWORD>& timeout);
  int Plain(Operation* operation, const Call& call, const std::atomic<DWORD>& timeout);
  static Outcome TransferFailed(int error_number);
  bool WasReset(const Connection& connection) const;
  static Outcome AttemptReceive(int fd, Operation& operation);
  static Outcome AttemptSend(int fd, Operation& operation);
  static Outcome AttemptTransmit(int fd, Operation& operation);
  int CheckDatagram(const Operation& operation) const;
  Outcome AttemptReceiveFrom(int fd, Operation& operation);
  static Outcome AttemptSendTo(int fd, Operation& operation);
  int ConnectDatagram(const sockaddr* name, socklen_t length);
  static Outcome AttemptConnect(int fd, Operation& operation);
  Outcome AttemptAccept(int fd, Operation& operation);

  // --- connections; under lock_ ---
  static Direction& DirectionOf(Connection& connection, const Operation& operation);
  static void BeginConnect(Connection& connection);
  static bool ResetIfCut(const Connection& connection);
  int SetAddressUse(int name, bool on);  // SO_REUSEADDR, SO_EXCLUSIVEADDRUSE
  int EnsureDescriptor();
  int Exchange(int descriptor);
  [[nodiscard]] int StartOver(const Operation& operation, const Outcome& outcome);
  void Drop(Connection& connection, Guard& guard);  // a holder is done with it

  // --- AcceptEx ---
  bool BeginAccept(HANDLE listener);  // at the accepting socket; false: in use
  void EndAccept();                   // ... nothing was accepted
  bool IsClosed();
  void InheritFrom(Socket& listener);
  void HandOver(Operation* operation, const Outcome& outcome, Guard& guard, Wakes& wakes);
  void AbortAcceptOf(const Socket& acceptor);
  bool AbortAccepted(const OVERLAPPED* overlapped, Wakes& wakes, DWORD issuer = 0);

  // The order is for the caches: with Object's fields, what a message needs of the socket fills the
  // first line, and the connection is the second. In a server with many connections they are cold
  // at every message.
  Lock lock_;
  const std::uint8_t family_;
  const std::uint8_t type_;  // SOCK_STREAM, SOCK_DGRAM
  const bool overlapped_;
  // Everything below is guarded by lock_ unless it says otherwise.
  bool closed_ = false;
  std::atomic<bool> non_blocking_{false};      // FIONBIO: plain calls only (P20); any thread
  std::atomic<bool> tells_unreachable_{true};  // SIO_UDP_CONNRESET; any thread
  std::atomic<bool> skip_on_success_{false};   // read by completions under another socket's lock
  Connection* connection_;                     // never null
  Device device_;                              // its port is read without the lock by completions
  std::atomic<DWORD> receive_timeout_{0};      // any thread; milliseconds, 0: for ever
  std::atomic<DWORD> send_timeout_{0};         // likewise
  KeptOptions options_;
  HANDLE listener_ = nullptr;  // kAccepting: where the AcceptEx is queued
  union {
    Operation* accepted_ = nullptr;  // a listener's operations that wait for first data elsewhere
    Operation* accept_;  // kAccepting: its AcceptEx at the listener, guarded by the listener's lock
  };
};

static_assert(sizeof(Socket) == 128);  // what a message needs is in the first half

}  // namespace iocp

// A TCP socket: its descriptor, its two queues of overlapped operations, its place in a port.
//
// How an operation runs (socket_perform.cc): the issuing call appends a record to its direction's
// queue; when nobody is performing there and the kernel may have something, the same thread
// performs the head at once. On EAGAIN the record stays, and the thread that sees the socket's next
// edge goes on with it. One thread performs a direction at a time and holds no lock in the system
// call, so order is kept (P23) and nobody waits for anybody. Every decision about a record is taken
// under the socket's lock, hence exactly once.
//
// All public functions may be called by any thread, without locks. Functions that return int return
// a winsock error, 0 for success.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "iocp/linux/device.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/lock.h"
#include "iocp/linux/operation.h"
#include "iocp/linux/poller.h"
#include "iocp/linux/win32_sockets.h"

namespace iocp {

class alignas(64) Socket final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kSocket;

  Socket(int fd, int family, bool overlapped);

  // --- overlapped (socket_issue.cc, socket_accept.cc, socket_connect.cc) -----------------------------
  // 0: finished at once, *bytes set. WSA_IO_PENDING: a packet follows. Otherwise: failed, nothing
  // follows.
  int Receive(const WSABUF* buffers, DWORD count, OVERLAPPED* overlapped, DWORD* bytes);
  int Send(const WSABUF* buffers, DWORD count, OVERLAPPED* overlapped, DWORD* bytes);
  int Accept(const Ref<Socket>& acceptor, char* output, DWORD receive_length, DWORD local_length,
             DWORD remote_length, OVERLAPPED* overlapped, DWORD* bytes);
  int Connect(const sockaddr* name, socklen_t length, void* data, DWORD data_length,
              OVERLAPPED* overlapped, DWORD* bytes);
  int Disconnect(OVERLAPPED* overlapped, bool reuse);
  bool Cancel(const OVERLAPPED* overlapped);  // nullptr: all; false: nothing was pending (P31)

  // --- plain calls (socket_plain.cc) -----------------------------------------------------------------
  int PlainReceive(const WSABUF* buffers, DWORD count, int flags, DWORD* bytes);
  int PlainSend(const WSABUF* buffers, DWORD count, DWORD* bytes);
  int PlainAccept(sockaddr* name, int* length, SOCKET* accepted);
  int PlainConnect(const sockaddr* name, socklen_t length);
  int Bind(const sockaddr* name, socklen_t length);
  int Listen(int backlog);
  int Shutdown(int how);
  int Name(bool peer, sockaddr* name, int* length);
  int SetOption(int level, int name, const void* value, int length);
  int GetOption(int level, int name, void* value, int* length);
  int Ioctl(long command, unsigned long* argument);

  // --- life ------------------------------------------------------------------------------------------
  // ERROR_SUCCESS or why the socket cannot be associated (P2).
  DWORD Associate(CompletionPort* port, ULONG_PTR key);
  void SkipCompletionOnSuccess(bool skip);
  void Close();  // aborts what is pending (P29, P35); the handle has been, or is being removed

  static void FreeRecord(Operation* operation);  // frees the record of a completed operation

  // A poller reports an edge for the socket whose handle is `ready.token`.
  static void OnReady(const Ready& ready);

 private:
  enum class State : std::uint8_t {
    kFresh,
    kAccepting,
    kListening,
    kConnecting,
    kConnected,
    kDisconnected
  };

  // How an attempt at an operation went.
  struct Outcome {
    enum class Kind : std::uint8_t {
      kDone,
      kAgain,      // the kernel has nothing; an edge will tell
      kFailed,     // status, error
      kAccepted,   // now waits for first data at the accepting socket
      kConnected,  // kConnect has succeeded
    };
    Kind kind = Kind::kDone;
    bool drained = false;  // nothing more can be there until the next edge
    bool starved = false;  // kAgain for want of descriptors: the background thread tries again
    int error = 0;         // winsock
    NTSTATUS status = 0;
  };
  static Outcome Failed(int error_number);

  // What few sockets need.
  struct Extra {
    DWORD receive_timeout = 0;  // milliseconds, 0: for ever
    DWORD send_timeout = 0;
    HANDLE listener = nullptr;      // while an AcceptEx has this socket as its accepting socket
    std::vector<HANDLE> acceptors;  // listener: accepted, waiting for their first data
  };

  ~Socket() override;

  // socket_perform.cc; `guard` holds lock_.
  int Issue(Direction& direction, Operation* operation, OVERLAPPED* overlapped, DWORD* bytes);
  int CheckIssue(const Operation& operation) const;
  bool WorthTrying(const Direction& direction) const;
  void Perform(Direction& direction, std::unique_lock<Lock>& guard, Wakes& wakes);
  Outcome TryHead(Direction& direction, Operation& operation, std::unique_lock<Lock>& guard);
  bool GoOnConnected(Operation& operation);  // true: first data is still to be sent
  void MoveToAcceptor(Operation* operation, std::unique_lock<Lock>& guard);
  Outcome Attempt(Operation& operation);
  Outcome AttemptReceive(Operation& operation);
  Outcome AttemptSend(Operation& operation);
  Outcome AttemptAccept(Operation& operation);
  Outcome AttemptConnect(Operation& operation);
  void Finish(Operation* operation, const Outcome& outcome, Wakes& wakes);
  bool AbortQueued(Direction& direction, const OVERLAPPED* overlapped, NTSTATUS status,
                   Wakes& wakes);
  void Register();

  // socket_accept.cc: an AcceptEx at the accepting socket
  bool BeginAccept(HANDLE listener);  // false: in use
  void EndAccept(bool accepted);      // may be called under the listener's lock
  bool ReplaceDescriptor(int fd);
  void WaitForFirstData(Operation* operation);
  // ... and at the listener
  void AbortAcceptsOf(const Socket* acceptor);
  void AbortAcceptors(const std::vector<HANDLE>& acceptors, const OVERLAPPED* overlapped,
                      bool* any);
  bool IsClosed();

  Extra& GetExtra();

  // socket_plain.cc
  int CheckPlain(bool send);
  int BlockUntilReady(short events, const Deadline& deadline);
  int NotePlainError(int error_number);

  // The order is for the caches: together with Object's fields, what a message needs fills the
  // first two lines. In a server with many connections they are cold at every message.
  const int fd_;  // never changes: DisconnectEx and AcceptEx replace what it stands for (dup3)
  Lock lock_;
  // Everything below is guarded by lock_ unless it says otherwise.
  int plain_waits_ = 0;  // plain calls blocked in poll
  // Where it is registered: for its life, since the first operation that pended.
  Poller* poller_ = nullptr;
  State state_ = State::kFresh;
  const std::uint8_t family_;
  const bool overlapped_;
  bool bound_ = false;
  bool was_bound_ = false;     // before DisconnectEx made it reusable: ConnectEx needs no new bind
  bool non_blocking_ = false;  // FIONBIO: plain calls only (P20)
  bool closed_ = false;
  bool reset_ = false;    // a reset was seen: it latches (P26)
  bool hung_up_ = false;  // the poller has reported FIN or RST: a short read is not the end
  bool receive_shut_ = false;
  bool send_shut_ = false;
  bool fin_after_sends_ = false;  // shutdown(SD_SEND) came while sends were pending
  bool needs_context_ = false;    // SO_UPDATE_ACCEPT_CONTEXT / _CONNECT_CONTEXT not yet given (P34)
  bool skip_on_success_ = false;
  Direction in_;   // receives; accepts
  Direction out_;  // sends; connects
  Device device_;  // its port is read without the lock by completions
  std::unique_ptr<Extra> extra_;
};

}  // namespace iocp

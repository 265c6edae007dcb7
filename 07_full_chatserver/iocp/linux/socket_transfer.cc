// Receives, sends, and the end of sending.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "iocp/linux/errors.h"
#include "iocp/linux/file.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

int Socket::Receive(const Call& call, sockaddr* from, int* from_length) {
  const bool tcp = type_ == SOCK_STREAM;
  Operation* const operation =
      TakeOperation(tcp ? OperationKind::kReceive : OperationKind::kReceiveFrom);
  if (!tcp) {
    operation->output = reinterpret_cast<char*>(from);
    operation->from_length = from_length;
  }
  return Transfer(operation, call, receive_timeout_);
}

int Socket::Send(const Call& call, const sockaddr* to, int to_length) {
  const bool tcp = type_ == SOCK_STREAM;
  Operation* const operation = TakeOperation(tcp ? OperationKind::kSend : OperationKind::kSendTo);
  if (!tcp) {
    const auto length = static_cast<socklen_t>(to == nullptr ? 0 : std::max(to_length, 0));
    operation->address_length = std::min<socklen_t>(length, sizeof operation->address);
    if (to != nullptr) std::memcpy(&operation->address, to, operation->address_length);
  }
  return Transfer(operation, call, send_timeout_);
}

// A SOCKET is a file, too. Errors are Win32's then, as for every file (a reset is 64, not 10054).
DWORD Socket::ReadWrite(bool write, void* data, DWORD length, DWORD* bytes,
                        OVERLAPPED* overlapped) {
  if (overlapped == nullptr) return ERROR_INVALID_PARAMETER;
  const WSABUF buffer{length, static_cast<CHAR*>(data)};
  const Call call{.buffers = {&buffer, 1}, .overlapped = overlapped, .bytes = bytes};
  return Win32FromWsa(write ? Send(call) : Receive(call));
}

int Socket::Transfer(Operation* operation, const Call& call, const std::atomic<DWORD>& timeout) {
  operation->buffers.Capture(call.buffers);
  operation->flags = static_cast<std::uint16_t>(call.flags);
  if (call.overlapped == nullptr || !overlapped_) return Plain(operation, call, timeout);
  if (call.routine != nullptr) {
    operation->receipt.has_routine = true;
    operation->routine = call.routine;
  }
  return Issue(operation, call.overlapped, call.bytes);
}

// A blocking send returns when everything was taken; a non-blocking one may be short. `overlapped`
// may be given on a socket that was made without WSA_FLAG_OVERLAPPED: it is told, too.
int Socket::Plain(Operation* operation, const Call& call, const std::atomic<DWORD>& timeout) {
  Receipt receipt;
  int error = BeginAtOnce(call.overlapped, call.routine, &receipt);
  if (error != 0) {
    FreeOperation(operation);
    return error;
  }
  Outcome outcome;
  const bool nothing_wanted =
      operation->kind == OperationKind::kReceive && operation->buffers.total() == 0;
  if (!nothing_wanted) {
    error = RunPlain(operation, timeout.load(std::memory_order_relaxed), call.overlapped != nullptr,
                     &outcome);
  }
  if (error == WSAEWOULDBLOCK && operation->moved > 0) error = 0;
  const auto moved = static_cast<DWORD>(operation->moved);
  FreeOperation(operation);
  NTSTATUS status = STATUS_SUCCESS;
  if (error != 0) status = outcome.status != 0 ? outcome.status : StatusFromWsa(error);
  EndAtOnce(call.routine, status, moved, &receipt);
  if (error == 0 && call.bytes != nullptr) *call.bytes = moved;
  return error;
}

namespace {

// Errors that say that this operation could not be done; any other is the connection's end.
bool IsPassing(int error) {
  return error == ENOBUFS || error == ENOMEM || error == EFAULT || error == EINVAL ||
         error == EMSGSIZE || error == EOPNOTSUPP;
}

}  // namespace

Socket::Outcome Socket::TransferFailed(int error_number) {
  if (error_number == EAGAIN) return {.kind = Outcome::Kind::kAgain};
  Outcome outcome = Failed(error_number);
  outcome.broken = !IsPassing(error_number);
  return outcome;
}

// The kernel tells a reset once. When a send of another thread was told, a receive finds nothing,
// as after a FIN; but without a FIN of ours a connection that is closed altogether was reset.
bool Socket::WasReset(const Connection& connection) const {
  if (closed_ || connection.out.state.end != End::kOpen) return false;
  tcp_info info{};
  socklen_t size = sizeof info;
  return SysGetSockOpt(connection.fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         info.tcpi_state == TCP_CLOSE;
}

Socket::Outcome Socket::AttemptReceive(int fd, Operation& operation) {
  BufferList& buffers = operation.buffers;
  if (buffers.total() == 0) {
    // A zero-byte receive waits for data and leaves it in place (P22).
    char byte = 0;
    const iovec peek{&byte, 1};
    const ssize_t got = SysRecv(fd, &peek, 1, MSG_PEEK);
    if (got >= 0) return {.ended = got == 0};
  } else {
    for (;;) {
      const std::size_t wanted = buffers.total();
      const bool all_at_once = buffers.in_one_call();
      const ssize_t got =
          SysRecv(fd, buffers.parts(), buffers.part_count(), operation.flags & ~MSG_WAITALL);
      if (got < 0 && errno == EAGAIN && operation.moved > 0 &&
          (operation.flags & MSG_WAITALL) == 0) {
        return {.drained = true};
      }
      if (got < 0) break;
      operation.moved += static_cast<std::size_t>(got);
      const bool full = static_cast<std::size_t>(got) == wanted;
      const bool more_wanted = (operation.flags & MSG_PEEK) == 0 &&
                               (!all_at_once || (operation.flags & MSG_WAITALL) != 0);
      if (got > 0 && !full && more_wanted) {
        buffers.Advance(static_cast<std::size_t>(got));
        continue;
      }
      // Less than asked for: the kernel's buffer is empty, and whatever comes next is a new edge.
      // That saves one recv per message, the one that would only say EAGAIN. Not so when FIN, RST
      // or urgent data is there already (short_is_no_end), which is no new edge.
      return {.drained = got > 0 && !full && operation.flags == 0,
              .ended = got == 0 && operation.moved == 0};
    }
  }
  return TransferFailed(errno);
}

Socket::Outcome Socket::AttemptSend(int fd, Operation& operation) {
  BufferList& buffers = operation.buffers;
  do {
    const ssize_t sent = SysSend(fd, buffers.parts(), buffers.part_count(), operation.flags);
    if (sent < 0) return TransferFailed(errno);
    operation.moved += static_cast<std::size_t>(sent);
    buffers.Advance(static_cast<std::size_t>(sent));
  } while (buffers.total() > 0);  // whole, never short (P24)
  return {};
}

// --- a file ------------------------------------------------------------------------------------------

int Socket::Transmit(const WSABUF& head, FileToSend what, OVERLAPPED* overlapped) {
  Operation* const operation = TakeOperation(OperationKind::kTransmit);
  operation->file_to_send = new FileToSend(std::move(what));
  return Transfer(operation, {.buffers = {&head, 1}, .overlapped = overlapped}, send_timeout_);
}

namespace {

// Of what sendfile says, is it the connection? All else is the file's trouble, of which the
// connection knows nothing.
bool IsOfConnection(int error) {
  switch (error) {
    case EAGAIN:
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ETIMEDOUT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case EPROTO:
      return true;
    default:
      return false;
  }
}

// What was given with MSG_MORE goes out, though nothing more came after all.
void Push(int fd) {
  SysSetSockOpt(fd, IPPROTO_TCP, TCP_CORK, 0);
}

}  // namespace

// Head, file, tail: each goes on where the attempt before had to stop.
Socket::Outcome Socket::AttemptTransmit(int fd, Operation& operation) {
  FileToSend& what = *operation.file_to_send;
  if (operation.buffers.total() > 0) {
    operation.flags = what.left > 0 || what.tail_length > 0 ? MSG_MORE : 0;
    const Outcome outcome = AttemptSend(fd, operation);
    if (outcome.kind != Outcome::Kind::kDone) return outcome;
  }
  // A client that reads as fast as the disk would keep this thread until the file's end, and nobody
  // could cancel. After so much the thread looks at the others first.
  constexpr std::uint64_t kAtOnce = 1u << 20;
  for (std::uint64_t before_others = kAtOnce; what.left > 0;) {
    if (before_others == 0) return {.kind = Outcome::Kind::kAgain, .paused = true};
    const ssize_t sent =
        SysSendFile(fd, what.file->descriptor(), what.at_pointer ? nullptr : &what.offset,
                    static_cast<std::size_t>(std::min(what.left, before_others)));
    if (sent < 0 && IsOfConnection(errno)) return TransferFailed(errno);
    const int error = sent < 0 ? errno : 0;
    if (sent <= 0 && (error != 0 || what.tail_length == 0)) Push(fd);
    if (error != 0) return Failed(error);
    if (sent == 0) break;  // the file's end
    operation.moved += static_cast<std::size_t>(sent);
    what.left -= static_cast<std::uint64_t>(sent);
    before_others -= static_cast<std::uint64_t>(sent);
  }
  what.left = 0;
  if (what.tail_length == 0) return {};
  operation.buffers.Capture(what.tail, std::exchange(what.tail_length, 0));
  operation.flags = 0;
  return AttemptSend(fd, operation);
}

int Socket::Shutdown(int how) {
  if (how != SD_RECEIVE && how != SD_SEND && how != SD_BOTH) return WSAEINVAL;
  Wakes wakes;
  Guard guard(lock_);
  if (closed_) return WSAENOTSOCK;
  Connection& connection = *connection_;
  const bool connected = connection.state == State::kConnected && !connection.needs_context;
  if (type_ == SOCK_STREAM && !connected) return WSAENOTCONN;
  if (how != SD_SEND) {
    // A pending receive lives on and may still complete (P28).
    Run(connection, connection.in, DirectionEvent::kRefuse, guard, wakes);
  }
  if (how != SD_RECEIVE) {
    // What was sent before goes out before the FIN.
    Run(connection, connection.out, DirectionEvent::kFinish, guard, wakes);
  }
  return 0;
}

}  // namespace iocp

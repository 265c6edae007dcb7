// The record of one overlapped socket operation, from issue to completion. (The kernel's is the
// IRP.) Records are pooled; an idle socket owns none.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "iocp/linux/connection.h"
#include "iocp/linux/handle_table.h"
#include "iocp/linux/receipt.h"
#include "iocp/linux/win32_sockets.h"

namespace iocp {

class File;
class Socket;

// The program's WSABUFs, captured at issue (P21), and how far they have been used up.
class BufferList {
 public:
  void Capture(std::span<const WSABUF> buffers);
  void Capture(void* data, std::size_t length);
  void Clear() {
    total_ = 0;
    first_ = count_ = 0;
  }

  std::size_t total() const { return total_; }  // bytes left
  const iovec* parts() const { return data() + first_; }
  // As many as one system call takes; a transfer of more goes on with the rest.
  std::size_t part_count() const { return std::min<std::size_t>(count_ - first_, kMostParts); }
  bool in_one_call() const { return count_ - first_ <= kMostParts; }
  void Advance(std::size_t bytes);
  // Between the buffers and one piece, for what must be one system call: a datagram.
  void Gather(char* to, std::size_t bytes) const;
  void Scatter(const char* from, std::size_t bytes) const;

 private:
  static constexpr std::size_t kMostParts = 1024;  // Linux: IOV_MAX

  const iovec* data() const { return more_.empty() ? inline_.data() : more_.data(); }

  std::size_t total_ = 0;
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  std::vector<iovec> more_;  // used instead when there are more; keeps its memory in the pool
  std::array<iovec, 4> inline_;
};

struct Thread;

// What the issuing call is to report, when the operation ends before that call has returned.
struct Immediate {
  Thread* plain = nullptr;  // a plain call: this thread performs the operation itself,
  bool granted = false;     // as soon as it has its turn
  bool finished = false;
  int error = 0;  // winsock, 0: success
  DWORD bytes = 0;
};

enum class OperationKind : std::uint8_t {
  kReceive,
  kSend,
  kReceiveFrom,  // datagrams
  kSendTo,
  kTransmit,       // a file; ConnectEx' first data
  kAccept,         // queued at the listener
  kAcceptReceive,  // accepted, waits for the first data at the accepting socket (P32)
  kConnect,        // becomes a kTransmit when there is first data (P36)
  kDisconnect,
};
const char* ToString(OperationKind kind);

// What a kTransmit sends between its head (the buffers, at first) and its tail. For a connect: its
// first data, as it was at the call (P146).
struct FileToSend {
  Ref<File> file;  // empty: none
  off_t offset = 0;
  bool at_pointer = false;  // instead of `offset`
  std::uint64_t left = 0;
  void* tail = nullptr;
  DWORD tail_length = 0;
  std::vector<char> first_data;
};

// All guarded by the lock of the socket that it is queued at; the thread that performs the
// operation uses kind, flags, buffers, moved and the accept and connect fields without it. A
// receive or send touches the first two cache lines only.
struct alignas(64) Operation {
  Operation* next = nullptr;      // in its direction's queue or in the pool
  Operation* previous = nullptr;  // in its direction's queue
  Receipt receipt;
  Immediate* immediate = nullptr;  // set while the issuing thread itself performs it, or waits
  std::size_t moved = 0;           // bytes so far
  OperationKind kind = OperationKind::kReceive;
  bool cancelled = false;   // whoever performs it completes it with cancel_status
  std::uint16_t flags = 0;  // MSG_*
  NTSTATUS cancel_status = 0;
  BufferList buffers;

  Ref<Socket> listener;  // kAccept, kAcceptReceive: whose port gets the packet (P32)
  Ref<Socket> acceptor;
  // kAcceptReceive: among the listener's (Socket::accepted_), guarded by the listener's lock
  union {
    Operation* accepted_before = nullptr;
    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;  // the transfers: with receipt.has_routine
  };
  union {
    Operation* accepted_after = nullptr;
    int* from_length;  // kReceiveFrom: the program's; `output` is its address
  };
  union {
    char* output = nullptr;  // AcceptEx: data, local address, remote address; kReceiveFrom: address
    FileToSend* file_to_send;  // kTransmit, kConnect (or null): the operation's own
  };
  DWORD receive_length = 0;
  DWORD local_length = 0;
  DWORD remote_length = 0;

  sockaddr_in6 address;  // kConnect, kSendTo; or the smaller sockaddr_in in its place
  socklen_t address_length = 0;
  int dropped = -1;  // a descriptor to be closed when no lock is held
};
static_assert(sizeof(Operation) == 256);  // every session that waits for data has one

Operation* TakeOperation(OperationKind kind);  // from the pool
void FreeOperation(Operation* operation);      // back to it

}  // namespace iocp

// What belongs to one connection, or to one attempt at having one: descriptor, state, operations.
//
// A socket has one at a time and gets another, fresh in every field, whenever its descriptor
// changes: AcceptEx hands over the accepted one, DisconnectEx makes the socket reusable, a connect
// or an accept has failed. An operation stays with the connection on which it was issued. The
// descriptor is counted: whoever makes a system call on it without the lock holds the connection,
// and the last holder closes it. So a send that was prepared for an old connection goes there, or
// nowhere, and never to the next one.
#pragma once

#include "iocp/linux/direction.h"

namespace iocp {

// Guarded by the socket's lock; holders may use fd without it.
struct alignas(64) Connection {
  enum class State : std::uint8_t {
    kFresh,
    kAccepting,  // the accepting socket of an AcceptEx that waits for a connection
    kAccepted,   // the same, waiting for its first data
    kListening,
    kConnecting,
    kConnected,
    kDisconnected,  // exchanged by DisconnectEx
  };
  // Where it is registered. kAdding: a thread is about to; only that one acts on edges until then.
  enum class Watch : std::uint8_t { kNobody, kAdding, kBackground, kPort };

  explicit Connection(int descriptor);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();                      // closes
  void Take(int descriptor);          // which had none
  int Surrender();                    // the descriptor is somebody else's from now on
  void ShareAddress(bool share);      // Linux' SO_REUSEADDR
  void SetShared(int type, bool on);  // Windows' SO_REUSEADDR
  // No more calls: the count must not wrap.
  bool IsCrowded() const { return holders >= 0xF000; }
  bool ConnectsPlainly() const;  // kConnecting: by connect, not by ConnectEx

  int fd = -1;                // -1: none yet, a fresh one gets it when it is needed
  std::uint16_t holders = 1;  // the socket, and every thread in a call
  std::uint16_t waits = 0;    // plain calls blocked in poll
  State state = State::kFresh;
  std::uint8_t error = 0;  // errno with which it ended: it latches (P26). kFresh: SO_ERROR
  Watch watch = Watch::kNobody;
  bool bound : 1 = false;
  bool reused : 1 = false;           // after DisconnectEx, ConnectEx needs no new bind (P37)
  bool needs_context : 1 = false;    // SO_UPDATE_ACCEPT_CONTEXT or _CONNECT_CONTEXT is due (P34)
  bool short_is_no_end : 1 = false;  // FIN, RST, urgent data: a short receive may leave more
  bool early_edge : 1 = false;       // kAdding: there was one
  bool shared : 1 = false;           // the program set SO_REUSEADDR
  bool exclusive : 1 = false;        // ... or SO_EXCLUSIVEADDRUSE
  std::uint32_t since = 0;  // second of the clock (SysNow) in which it was made: SO_CONNECT_TIME
  Direction in;             // receives; accepts
  Direction out;            // sends; connects
};
static_assert(sizeof(Connection) == 64);  // one cache line of the two that a message needs

std::uint32_t ThisSecond();

// A non-blocking descriptor with Windows' defaults; -1: errno.
int OpenDescriptor(int family, int type);

}  // namespace iocp

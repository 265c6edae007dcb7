// Every two of the things that can happen to a socket, in both orders, on one socket.
//
// A scene has one socket under test, its peer, a listener and a port. A deed is done to the socket;
// the scene keeps a small model of what Windows promises for it (P-items at the checks): which call
// is refused, which operation ends and how, which packet comes. At the end the scene uses the
// socket once more in every way that the model says is left, closes it, and counts: one packet for
// each operation that was not refused (none where skipped or sent to an event), the bytes of each
// stream in order and of no other connection, nothing left in the port's books.
//
// One thread; the port's own threads do the rest. The model never asks the port what it thinks.
#pragma once

#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {

enum class Deed {
  kReceive,        // an overlapped receive, which pends when nothing is there
  kSend,           // an overlapped send of 1 MiB, which pends: the peer does not read
  kFinIn,          // the peer sends FIN
  kFinOut,         // shutdown(SD_SEND)
  kShutdownIn,     // shutdown(SD_RECEIVE)
  kShutdownBoth,   // shutdown(SD_BOTH)
  kReset,          // the peer resets the connection
  kCancelOne,      // CancelIoEx of the operation issued last
  kCancelAll,      // CancelIoEx of all
  kClose,          // closesocket
  kReuse,          // DisconnectEx(TF_REUSE_SOCKET), then AcceptEx with the same socket
  kHandOver,       // AcceptEx without first data, of a client that is there already
  kAwaitClient,    // AcceptEx, and nobody comes yet
  kAwaitFirst,     // AcceptEx with first data: a client has connected and says nothing
  kConnectFailed,  // ConnectEx that is refused
  kSkip,           // FILE_SKIP_COMPLETION_PORT_ON_SUCCESS
  kEvent,          // a receive with hEvent, low bit set
  kAssociate,      // only now
#ifndef _WIN32
  kTooManyFiles,  // EMFILE: the next three accepts
  kNoBuffersOut,  // ENOBUFS: the next send
  kNoBuffersIn,   // ENOBUFS: the next receive
#endif
};
const std::vector<Deed>& AllDeeds();
const char* ToString(Deed deed);

class Scene {
 public:
  // Begins with a connected socket or a new one; associated, unless one of the two deeds does that.
  Scene(bool connected, Deed first, Deed second);
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  void Do(Deed deed);
  void UseWhatIsLeft();
  void CloseAndCount();

 private:
  enum class Life { kFresh, kAwaiting, kConnected, kClosed };

  enum class Kind { kReceive, kSend, kAccept, kConnect, kDisconnect };
  // An operation, and what the model and the port say about it.
  struct Deal : Operation {
    Kind kind = Kind::kReceive;
    SOCKET on = INVALID_SOCKET;  // the handle it was issued on
    Handle event;                // low bit: instead of a packet
    std::string_view data;       // of a send
    Issued issued{0, 0, kUntouched};
    bool pending = false;  // not refused, not yet settled
    bool wants_packet = false;
    bool failed = false;
    int packets = 0;
    Dequeued got{};
  };
  using Codes = std::initializer_list<DWORD>;

  // --- issue (unit_pairwise_scene.cc) ---
  Deal& NewDeal(Kind kind, SOCKET on);
  // Writes down what the call said: refused must be one of `refusals` (none: it must not be).
  bool Issue(Deal& deal, const Issued& issued, Codes refusals);
  bool PostReceive(bool event);
  bool PostSend(std::string_view data);
  bool PostAccept(DWORD length, bool client_comes = true);
  void ConnectRefused();
  void Reuse();
  void Shut(int how);
  void Cancel(bool all);
  void PeerFin();
  void PeerReset();
  void CloseSubject();
  Socket NewClient();
  void Connected(Socket client);

  // --- what must come (unit_pairwise_end.cc) ---
  // Waits until the operation has ended, with one of `codes` (0: success) and, if given, so many
  // bytes.
  void Settle(Deal& deal, Codes codes, std::optional<DWORD> bytes = std::nullopt);
  void SettleAll(Kind kind, Codes codes, std::optional<DWORD> bytes = std::nullopt);
  std::vector<Deal*> Pending(Kind kind);
  Deal* LastPending();
  bool Pump(DWORD milliseconds);  // takes one packet, counts it
  void UseInward();
  void UseOutward();
  void PeerSends(std::string_view text);
  int PeerReceives(std::string* bytes);  // as recv; appends
  void ReadPeerToTheEnd();
  // The peer has read `bytes`: whole sends in order, cancelled ones cut short (P23, P24).
  void CheckStream(std::string_view bytes, bool cut);
  bool Tolerated(DWORD error) const;  // a fault is in force, and this is its face

  const bool association_is_a_deed_;
  sockaddr_in address_{};
  Socket listener_;
  Handle port_;
  Socket subject_;
  SOCKET handle_ = INVALID_SOCKET;  // the subject's, also when it is closed
  Socket peer_;
  Socket refusing_;  // bound, not listening
  std::deque<Deal> deals_;
  std::vector<Deal*> sent_;  // on this connection, in order
  LPFN_ACCEPTEX accept_ex_ = nullptr;
  LPFN_CONNECTEX connect_ex_ = nullptr;
  LPFN_DISCONNECTEX disconnect_ex_ = nullptr;
#ifndef _WIN32
  std::optional<FaultPlan> faults_;
#endif

  // The model.
  Life life_ = Life::kFresh;
  bool outward_first_ = false;
  bool associated_ = false;
  bool skip_ = false;
  bool bound_ = false;   // by us: then it cannot be an accepting socket (P33)
  bool fin_in_ = false;  // of this connection, from here on
  bool shut_in_ = false;
  bool shut_out_ = false;
  bool reset_ = false;
  bool both_fins_ = false;  // before the reset: then it may never have arrived
};

}  // namespace course_test

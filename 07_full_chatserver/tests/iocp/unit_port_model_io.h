// Reference model, operations: one thread issues random calls on a few connections and takes
// packets; a model of the port says after each call what may be seen, and what must be.
//
// The model is exact about what the calls decide (results, keys, which operation, how often, the
// order of posted packets and of immediate completions, the device list) and allows a choice where
// the network decides: an operation whose data has been sent *must* complete soon but may do so now
// or a moment later, and a receive may get one byte or all there are. The bytes themselves are
// checked at the end: what the receives of a connection got, in call order, is a prefix of what the
// peer sent, and the rest can still be read.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "iocp/inspect.h"
#include "tests/iocp/unit_port_model.h"

namespace course_test {

enum Kind : int {
  kOpen,
  kAssociate,
  kSkipOnSuccess,
  kRecv,
  kSend,
  kCancelAll,
  kCancelOne,
  kClose,
  kShutReceive,
  kPeerSend,
  kPeerFin,
  kPeerReset,
  kPost,
  kGet,
  kKinds
};
constexpr int kSlots = 3;
constexpr ULONG_PTR kPostKey = 1000;

// Faults that can be put into the model, to prove that a wrong model (or port) is found.
enum class Mistake {
  kNone,
  kPostsAreLifo,
  kCancelLeavesNoPacket,
  kPostsCarryNoBytes,
  kImmediateHasNoPacket
};

struct ModelOperation : OVERLAPPED {
  ModelOperation() : OVERLAPPED{} {}
  enum class Kind { kReceive, kSend } kind = Kind::kReceive;
  std::size_t capacity = 0;
  int slot = 0;
  bool expects_packet = false;   // pending or done with a packet to come
  bool packet_optional = false;  // it may have completed before the socket was associated
  bool cancelled = false;
  bool settled = false;  // result known: by its packet, at issue (skip), or from Internal (no port)
  bool succeeded = false;
  std::size_t bytes = 0;
  std::array<char, 64> data{};
};

inline char StreamByte(int slot, std::size_t offset) {
  return static_cast<char>('!' + (static_cast<std::size_t>(slot) * 31 + offset * 7) % 90);
}

struct ModelSlot {
  Connection connection;
  bool open = false;
  bool associated = false;
  bool skip = false;
  bool shut_receive = false;
  bool fin = false;
  bool reset = false;
  bool latched = false;      // a reset was reported: it must be reported for ever
  std::size_t sent = 0;      // bytes the peer sent
  std::size_t consumed = 0;  // bytes of settled receives
  bool lossy = false;        // closed or reset with data in flight: only the prefix can be checked
  std::vector<ModelOperation*> operations;  // all of this connection, in call order
};

// One run of one program.
class IoSession {
 public:
  IoSession(const Program& program, Mistake mistake)
      : program_(program), mistake_(mistake), port_(MakePort(1)), base_(iocp::ReadCounters()) {}

  Verdict Run();

 private:
  void Do(const Step& step);

  // --- steps -------------------------------------------------------------------------------------

  void Open(ModelSlot& slot, int number);
  void Associate(ModelSlot& slot, int number);
  void IssueReceive(ModelSlot& slot, int number, std::size_t capacity);
  void IssueSend(ModelSlot& slot, int number, std::size_t length);

  // Success at issue: a packet is in the queue already (P15), unless there is no port or skip is
  // on.
  void Immediate(ModelSlot& slot, ModelOperation* operation, std::size_t bytes);
  void CancelAll(ModelSlot& slot);
  void CancelOne(ModelSlot& slot, std::size_t index);
  void MarkCancelled(ModelOperation* operation);
  void Close(ModelSlot& slot);
  void PeerSend(ModelSlot& slot, int number, std::size_t length);
  void Post(ULONG_PTR key);
  void Get();

  // A packet of an operation that was pending: is it one the model allows?
  void Completed(const Dequeued& got);

  // --- what the model says -------------------------------------------------------------------------

  // Bytes that receives before `operation` may still take.
  static std::size_t Ahead(const ModelSlot& slot, const ModelOperation& operation);
  static bool MustComplete(const ModelSlot& slot, const ModelOperation& operation);
  static bool MayComplete(const ModelSlot& slot, const ModelOperation& operation);
  bool SomethingIsDue() const;
  ModelSlot* SlotOf(const ModelOperation* operation);
  // nullptr when the connection of the operation was closed and its slot is used by another.
  const ModelSlot* SlotOf(const ModelOperation* operation) const;
  bool Queued(const OVERLAPPED* overlapped) const;
  // Wine ends an operation of a closed socket with 676, and with 6 if its bytes had arrived: the
  // receive itself is done by the issuing thread, which then no longer finds the socket (Wine 8.0
  // server/async.c, free_async_queue; dlls/ntdll/unix/socket.c, async_recv_proc).
  static bool IsClosedOrWines(DWORD error) {
    return IsClosedError(error) || (RunningUnderWine() && (error == 676 || error == 6));
  }
  static ULONG_PTR Key(int slot) { return 10 + static_cast<ULONG_PTR>(slot); }

  ModelOperation* NewOperation(ModelSlot& slot, int number, ModelOperation::Kind kind,
                               std::size_t capacity);
  // The call failed at issue: no packet may ever come for it (P16).
  static void Drop(ModelSlot& slot, ModelOperation* operation) {
    Settle(slot, operation, false, 0);
  }
  static void Settle(ModelSlot& slot, ModelOperation* operation, bool ok, std::size_t bytes);
  static void SettleIn(ModelSlot* slot, ModelOperation* operation, bool ok, std::size_t bytes);
  // Operations without a port report through their OVERLAPPED only.
  static void Refresh(ModelSlot& slot);

  // --- comparisons ---------------------------------------------------------------------------------

  void CompareSnapshot();

  // Ends every connection (one way or the other), takes every packet, checks all bytes.
  void Finish();
  void VerifyStream(ModelSlot& slot, int number);

  // Nothing may be left behind, and no operation may still be written to when its memory goes.
  void CloseEverything();
  void CompareCounters();
  void Fail(const std::string& what);

  struct Entry {
    ULONG_PTR key;
    OVERLAPPED* overlapped;
    std::size_t bytes;
  };
  static constexpr DWORD kDueMs = 5000;

  const Program& program_;
  const Mistake mistake_;
  Handle port_;
  const std::optional<iocp::Counters> base_;
  std::array<ModelSlot, kSlots> slots_;
  std::vector<iocp::DeviceEntry> devices_;  // the model's DeviceList
  std::deque<Entry> queue_;                 // the model's CompletionQueue: what is surely in it
  std::vector<std::unique_ptr<ModelOperation>> operations_;
  bool dequeued_once_ = false;
  Verdict failure_;
};

}  // namespace course_test

// Reference model, operations: one thread issues random calls on a few connections and takes
// packets; a model of the port says after each call what may be seen, and what must be.
//
// The model is exact about what the calls decide (results, keys, which operation, how often, the
// order of posted packets and of immediate completions, the device list) and allows a choice where
// the network decides: an operation whose data has been sent *must* complete soon but may do so now
// or a moment later, and a receive may get one byte or all there are. The bytes themselves are
// checked at the end: what the receives of a connection got, in call order, is a prefix of what the
// peer sent, and the rest can still be read.
#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <sstream>

#include "iocp/inspect.h"
#include "tests/unit_port_model.h"

namespace course_test {
namespace {

enum Kind {
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
const std::vector<std::string> kNames = {
    "open",  "associate", "skip_on_success", "recv",     "send",       "cancel_all", "cancel_one",
    "close", "shut_recv", "peer_send",       "peer_fin", "peer_reset", "post",       "get"};
constexpr int kSlots = 3;
constexpr ULONG_PTR kPostKey = 1000;

// Faults that can be put into the model, to prove that a wrong model (or port) is found.
enum class Mistake {
  kNone,
  kPostsAreLifo,
  kCancelLeavesNoPacket,
  kFinIsAnError,
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

char StreamByte(int slot, std::size_t offset) {
  return static_cast<char>('!' + (static_cast<std::size_t>(slot) * 31 + offset * 7) % 90);
}

struct Slot {
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

class Session {
 public:
  Session(const Program& program, Mistake mistake)
      : program_(program), mistake_(mistake), port_(MakePort(1)), base_(iocp::ReadCounters()) {}

  Verdict Run() {
    for (std::size_t i = 0; i < program_.size() && !failure_; ++i) {
      Do(program_[i]);
      if (!failure_) CompareSnapshot();
      if (failure_) *failure_ = "step " + std::to_string(i) + ": " + *failure_;
    }
    if (!failure_) Finish();
    CloseEverything();
    if (!failure_) CompareCounters();
    return failure_;
  }

 private:
  void Do(const Step& step) {
    const int slot_number = step.slot % kSlots;
    Slot& slot = slots_[static_cast<std::size_t>(slot_number)];
    if (step.kind == kPost) return Post(static_cast<ULONG_PTR>(step.argument));
    if (step.kind == kGet) return Get();
    if (step.kind == kOpen) return Open(slot, slot_number);
    if (!slot.open) return;
    Refresh(slot);
    switch (step.kind) {
      case kAssociate:
        return Associate(slot, slot_number);
      case kSkipOnSuccess:
        if (!SetFileCompletionNotificationModes(slot.connection.ours.handle(),
                                                FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
          return Fail("SetFileCompletionNotificationModes failed");
        }
        slot.skip = true;
        return;
      case kRecv:
        return IssueReceive(slot, slot_number, static_cast<std::size_t>(1 + step.argument % 64));
      case kSend:
        return IssueSend(slot, slot_number, static_cast<std::size_t>(1 + step.argument % 64));
      case kCancelAll:
        return CancelAll(slot);
      case kCancelOne:
        return CancelOne(slot, static_cast<std::size_t>(step.argument));
      case kClose:
        return Close(slot);
      case kShutReceive:
        if (slot.reset || slot.shut_receive) return;
        if (shutdown(slot.connection.ours, SD_RECEIVE) != 0) return Fail("shutdown failed");
        slot.shut_receive = true;
        slot.lossy = true;
        return;
      case kPeerSend:
        return PeerSend(slot, slot_number, static_cast<std::size_t>(1 + step.argument % 100));
      case kPeerFin:
        if (slot.fin || slot.reset) return;
        shutdown(slot.connection.peer, SD_SEND);
        slot.fin = true;
        return;
      case kPeerReset:
        if (slot.reset || RunningUnderWine()) return;
        slot.connection.peer.Reset();
        slot.reset = true;
        slot.lossy = true;
        return;
      default:
        return;
    }
  }

  // --- steps -------------------------------------------------------------------------------------

  void Open(Slot& slot, int number) {
    if (slot.open || number >= kSlots) return;
    VerifyStream(slot, number);
    if (failure_) return;
    slot = Slot{};
    slot.connection = Connect();
    slot.open = true;
  }

  void Associate(Slot& slot, int number) {
    // What is bound to complete without a packet does so first, or nobody could tell later whether
    // its packet is missing.
    for (ModelOperation* operation : slot.operations) {
      if (!operation->settled && MustComplete(slot, *operation) &&
          !Eventually([&] { return HasOverlappedIoCompleted(operation); })) {
        return Fail("an operation on a socket without a port never completed");
      }
    }
    Refresh(slot);
    const HANDLE result =
        CreateIoCompletionPort(slot.connection.ours.handle(), port_, Key(number), 0);
    if (slot.associated) {
      if (result != nullptr) Fail("a second association succeeded");
      return;
    }
    if (result != port_.get()) return Fail("association failed");
    slot.associated = true;
    devices_.push_back({slot.connection.ours.get(), Key(number)});
    for (ModelOperation* operation : slot.operations) {
      if (operation->settled) continue;
      operation->expects_packet = true;
      operation->packet_optional = slot.sent > slot.consumed;
    }
  }

  void IssueReceive(Slot& slot, int number, std::size_t capacity) {
    ModelOperation* operation =
        NewOperation(slot, number, ModelOperation::Kind::kReceive, capacity);
    WSABUF buffer{static_cast<ULONG>(capacity), operation->data.data()};
    DWORD bytes = kUntouched;
    DWORD flags = 0;
    const int result =
        WSARecv(slot.connection.ours, &buffer, 1, &bytes, &flags, operation, nullptr);
    const int error = result == 0 ? 0 : WSAGetLastError();
    if (slot.shut_receive) {
      if (result == 0 || (error != WSAESHUTDOWN && error != WSAECONNRESET)) {
        return Fail("recv after SD_RECEIVE: result " + std::to_string(error));
      }
      return Drop(slot, operation);
    }
    if (slot.latched && (result == 0 || error != WSAECONNRESET)) {
      return Fail("recv after a reported reset: result " + std::to_string(error));
    }
    if (result == 0) {
      if (slot.sent == slot.consumed && !slot.fin) return Fail("recv completed, nothing was sent");
      if (bytes > capacity || (bytes == 0 && !slot.fin)) return Fail("recv got a wrong count");
      return Immediate(slot, operation, bytes);
    }
    if (error == WSA_IO_PENDING) {
      if (bytes != kUntouched) return Fail("recv pended and wrote the byte count");
      operation->expects_packet = slot.associated;
      return;
    }
    if (error == WSAECONNRESET && slot.reset) {
      slot.latched = true;
      return Drop(slot, operation);
    }
    Fail("recv failed with " + std::to_string(error));
  }

  void IssueSend(Slot& slot, int number, std::size_t length) {
    ModelOperation* operation = NewOperation(slot, number, ModelOperation::Kind::kSend, length);
    WSABUF buffer{static_cast<ULONG>(length), operation->data.data()};
    DWORD bytes = kUntouched;
    const int result = WSASend(slot.connection.ours, &buffer, 1, &bytes, 0, operation, nullptr);
    const int error = result == 0 ? 0 : WSAGetLastError();
    if (slot.latched && (result == 0 || error == WSA_IO_PENDING)) {
      return Fail("send after a reported reset did not fail");
    }
    if (result == 0) {
      if (bytes != length) return Fail("a short send");
      return Immediate(slot, operation, bytes);
    }
    if (error == WSA_IO_PENDING) {
      operation->expects_packet = slot.associated;
      return;
    }
    if (slot.reset && (error == WSAECONNRESET || error == WSAECONNABORTED)) {
      slot.latched = true;
      return Drop(slot, operation);
    }
    Fail("send failed with " + std::to_string(error));
  }

  // Success at issue: a packet is in the queue already (P15), unless there is no port or skip is
  // on.
  void Immediate(Slot& slot, ModelOperation* operation, std::size_t bytes) {
    if (slot.associated && !slot.skip && mistake_ != Mistake::kImmediateHasNoPacket) {
      operation->expects_packet = true;
      queue_.push_back({Key(operation->slot), operation, bytes});
    } else {
      Settle(slot, operation, true, bytes);
    }
  }

  void CancelAll(Slot& slot) {
    const bool any_pending = std::any_of(slot.operations.begin(), slot.operations.end(),
                                         [&](auto* o) { return !o->settled && !Queued(o); });
    const BOOL found = CancelIoEx(slot.connection.ours.handle(), nullptr);
    if (found && !any_pending && !RunningUnderWine()) return Fail("cancelled what does not exist");
    if (!found && GetLastError() != static_cast<DWORD>(ERROR_NOT_FOUND)) return Fail("CancelIoEx");
    if (!found) {
      for (ModelOperation* operation : slot.operations) {
        if (!operation->settled && !Queued(operation) && !MayComplete(slot, *operation)) {
          return Fail("CancelIoEx did not find a pending operation");
        }
      }
      return;
    }
    for (ModelOperation* operation : slot.operations) MarkCancelled(operation);
  }

  void CancelOne(Slot& slot, std::size_t index) {
    if (slot.operations.empty()) return;
    ModelOperation* operation = slot.operations[index % slot.operations.size()];
    const bool pending = !operation->settled && !Queued(operation);
    const BOOL found = CancelIoEx(slot.connection.ours.handle(), operation);
    if (found && !pending) return Fail("cancelled a completed operation");
    if (!found && pending && !MayComplete(slot, *operation)) {
      return Fail("CancelIoEx did not find the operation");
    }
    if (found) MarkCancelled(operation);
  }

  void MarkCancelled(ModelOperation* operation) {
    if (operation->settled || Queued(operation)) return;
    operation->cancelled = true;
    if (mistake_ == Mistake::kCancelLeavesNoPacket) operation->expects_packet = false;
  }

  void Close(Slot& slot) {
    std::erase_if(devices_, [&](const iocp::DeviceEntry& device) {
      return device.handle == slot.connection.ours.get();
    });
    slot.connection.ours.Close();
    slot.open = false;
    slot.lossy = true;
  }

  void PeerSend(Slot& slot, int number, std::size_t length) {
    if (slot.fin || slot.reset) return;
    std::string bytes(length, '\0');
    for (std::size_t i = 0; i < length; ++i) bytes[i] = StreamByte(number, slot.sent + i);
    if (send(slot.connection.peer, bytes.data(), static_cast<int>(length), 0) !=
        static_cast<int>(length)) {
      // Our end may have answered with a reset (data after SD_RECEIVE). That ends the peer's part.
      slot.reset = slot.lossy = true;
      return;
    }
    slot.sent += length;
  }

  void Post(ULONG_PTR key) {
    if (!PostQueuedCompletionStatus(port_, static_cast<DWORD>(key), kPostKey + key, nullptr)) {
      return Fail("post failed");
    }
    const Entry entry{kPostKey + key, nullptr, static_cast<std::size_t>(key)};
    if (mistake_ == Mistake::kPostsAreLifo) {
      queue_.push_front(entry);
    } else {
      queue_.push_back(entry);
    }
  }

  void Get() {
    const bool must_come = !queue_.empty() || SomethingIsDue();
    // What is queued must be there without waiting; what is only due may take a moment.
    const Dequeued got = Dequeue(port_, queue_.empty() && must_come ? kDueMs : 0);
    dequeued_once_ = true;
    if (got.timed_out()) {
      if (must_come)
        Fail(queue_.empty() ? "a due packet never came" : "a queued packet is missing");
      return;
    }
    if (!got.ok && got.overlapped == nullptr)
      return Fail("get: error " + std::to_string(got.error));
    if (!queue_.empty() && queue_.front().overlapped == got.overlapped &&
        queue_.front().key == got.key) {
      const Entry entry = queue_.front();
      queue_.pop_front();
      if (!got.ok || got.bytes != entry.bytes) return Fail("the queued packet came changed");
      if (entry.overlapped != nullptr) {
        auto* operation = static_cast<ModelOperation*>(entry.overlapped);
        Settle(slots_[static_cast<std::size_t>(operation->slot)], operation, true, entry.bytes);
      }
      return;
    }
    if (got.overlapped == nullptr) return Fail("posted packets out of order");
    Completed(got);
  }

  // A packet of an operation that was pending: is it one the model allows?
  void Completed(const Dequeued& got) {
    ModelOperation* operation = nullptr;
    for (auto& candidate : operations_) {
      if (candidate.get() == got.overlapped) operation = candidate.get();
    }
    if (operation == nullptr) return Fail("a packet of an operation that was never issued");
    if (operation->settled) return Fail("a second packet for one operation");
    if (!operation->expects_packet) return Fail("a packet that must not come");
    if (Queued(operation)) return Fail("immediate completions out of order");
    // A slot may have been closed since, and opened anew: then the operation's connection is gone.
    Slot* slot = SlotOf(operation);
    if (got.key != Key(operation->slot)) return Fail("wrong key");
    if (!got.ok) {
      const bool gone = slot == nullptr || !slot->open;
      if (operation->cancelled && got.error == static_cast<DWORD>(ERROR_OPERATION_ABORTED)) {
      } else if (gone && IsClosedOrWines(got.error)) {
      } else if (slot != nullptr && slot->reset && IsClosedError(got.error)) {
        slot->latched = true;
      } else {
        return Fail("failed with " + std::to_string(got.error));
      }
      return SettleIn(slot, operation, false, 0);
    }
    if (slot != nullptr && operation->kind == ModelOperation::Kind::kReceive) {
      if (got.bytes > operation->capacity) return Fail("more bytes than asked for");
      if (got.bytes == 0 && (!slot->fin || mistake_ == Mistake::kFinIsAnError)) {
        if (!slot->reset && !slot->shut_receive)
          return Fail("0 bytes, but the peer did not finish");
      }
      if (slot->consumed + got.bytes > slot->sent) return Fail("more bytes than were sent");
    }
    if (operation->kind == ModelOperation::Kind::kSend && got.bytes != operation->capacity) {
      return Fail("a short send");
    }
    SettleIn(slot, operation, true, got.bytes);
  }

  // --- what the model says -------------------------------------------------------------------------

  // Bytes that receives before `operation` may still take.
  static std::size_t Ahead(const Slot& slot, const ModelOperation& operation) {
    std::size_t bytes = 0;
    for (const ModelOperation* other : slot.operations) {
      if (other == &operation) break;
      if (!other->settled && other->kind == ModelOperation::Kind::kReceive)
        bytes += other->capacity;
    }
    return bytes;
  }
  static bool MustComplete(const Slot& slot, const ModelOperation& operation) {
    if (!slot.open || slot.fin || slot.reset || operation.cancelled) return true;
    if (operation.kind == ModelOperation::Kind::kSend) return true;
    return slot.sent - slot.consumed > Ahead(slot, operation);
  }
  static bool MayComplete(const Slot& slot, const ModelOperation& operation) {
    return MustComplete(slot, operation) || slot.sent > slot.consumed || slot.shut_receive;
  }
  bool SomethingIsDue() const {
    for (const auto& operation : operations_) {
      if (operation->settled || !operation->expects_packet || operation->packet_optional) continue;
      const Slot* slot = SlotOf(operation.get());
      if (slot == nullptr || MustComplete(*slot, *operation)) return true;
    }
    return false;
  }

  Slot* SlotOf(const ModelOperation* operation) {
    return const_cast<Slot*>(std::as_const(*this).SlotOf(operation));
  }
  // nullptr when the connection of the operation was closed and its slot is used by another.
  const Slot* SlotOf(const ModelOperation* operation) const {
    const Slot& slot = slots_[static_cast<std::size_t>(operation->slot)];
    const bool mine = std::find(slot.operations.begin(), slot.operations.end(), operation) !=
                      slot.operations.end();
    return mine ? &slot : nullptr;
  }
  bool Queued(const OVERLAPPED* overlapped) const {
    return std::any_of(queue_.begin(), queue_.end(),
                       [&](const Entry& entry) { return entry.overlapped == overlapped; });
  }
  static bool IsClosedOrWines(DWORD error) { return IsClosedError(error) || error == 676; }
  static ULONG_PTR Key(int slot) { return 10 + static_cast<ULONG_PTR>(slot); }

  ModelOperation* NewOperation(Slot& slot, int number, ModelOperation::Kind kind,
                               std::size_t capacity) {
    operations_.push_back(std::make_unique<ModelOperation>());
    ModelOperation* operation = operations_.back().get();
    operation->kind = kind;
    operation->slot = number;
    operation->capacity = capacity;
    slot.operations.push_back(operation);
    return operation;
  }
  // The call failed at issue: no packet may ever come for it (P16).
  static void Drop(Slot& slot, ModelOperation* operation) { Settle(slot, operation, false, 0); }
  static void Settle(Slot& slot, ModelOperation* operation, bool ok, std::size_t bytes) {
    operation->settled = true;
    operation->succeeded = ok;
    operation->bytes = bytes;
    if (ok && operation->kind == ModelOperation::Kind::kReceive) slot.consumed += bytes;
  }
  static void SettleIn(Slot* slot, ModelOperation* operation, bool ok, std::size_t bytes) {
    Slot gone;
    Settle(slot != nullptr ? *slot : gone, operation, ok, bytes);
  }
  // Operations without a port report through their OVERLAPPED only.
  static void Refresh(Slot& slot) {
    for (ModelOperation* operation : slot.operations) {
      if (operation->settled || (operation->expects_packet && !operation->packet_optional))
        continue;
      if (!HasOverlappedIoCompleted(operation) || slot.associated) continue;
      const bool ok = operation->Internal == 0;
      if (!ok && !operation->cancelled && slot.reset) slot.latched = true;
      Settle(slot, operation, ok, static_cast<std::size_t>(operation->InternalHigh));
    }
  }

  // --- comparisons ---------------------------------------------------------------------------------

  void CompareSnapshot() {
    const auto snapshot = iocp::TakeSnapshot(port_);
    if (!snapshot) return;  // Windows shows nothing
    const auto same_device = [](const iocp::DeviceEntry& a, const iocp::DeviceEntry& b) {
      return a.handle == b.handle && a.key == b.key;
    };
    if (!std::equal(devices_.begin(), devices_.end(), snapshot->device_list.begin(),
                    snapshot->device_list.end(), same_device)) {
      return Fail("the device list differs: " + std::to_string(snapshot->device_list.size()) +
                  " devices, expected " + std::to_string(devices_.size()));
    }
    auto expected = queue_.begin();
    for (const iocp::PacketEntry& packet : snapshot->completion_queue) {
      if (expected != queue_.end() && expected->key == packet.key &&
          expected->overlapped == packet.overlapped && expected->bytes == packet.bytes) {
        ++expected;
      } else if (packet.overlapped == nullptr) {
        return Fail("the completion queue holds posted packets in another order");
      }
    }
    if (expected != queue_.end()) return Fail("the completion queue lacks a packet");
    if (!snapshot->waiting_threads.empty()) return Fail("a thread waits that does not exist");
    if (snapshot->released_threads.size() != (dequeued_once_ ? 1u : 0u)) {
      return Fail("released threads: " + std::to_string(snapshot->released_threads.size()));
    }
    if (!snapshot->paused_threads.empty()) return Fail("a paused thread that does not exist");
  }

  // Ends every connection (one way or the other), takes every packet, checks all bytes.
  void Finish() {
    for (int number = 0; number < kSlots && !failure_; ++number) {
      Slot& slot = slots_[static_cast<std::size_t>(number)];
      if (!slot.open) continue;
      Refresh(slot);
      CancelAll(slot);
      for (const ModelOperation* operation : slot.operations) {
        if (!slot.associated && !operation->settled &&
            !Eventually([&] { return HasOverlappedIoCompleted(operation); })) {
          return Fail("a cancelled operation without a port never completed");
        }
      }
    }
    const auto pending_packet = [](const std::unique_ptr<ModelOperation>& o) {
      return !o->settled && o->expects_packet && !o->packet_optional;
    };
    while (!failure_ && (!queue_.empty() || SomethingIsDue())) Get();
    if (!failure_ && std::any_of(operations_.begin(), operations_.end(), pending_packet)) {
      return Fail("an operation never completed");
    }
    while (!failure_) {
      const Dequeued more = Dequeue(port_, 0);
      if (more.timed_out()) break;
      Completed(more);
    }
    // These may have completed before their socket was associated: then there was no packet.
    for (const auto& operation : operations_) {
      if (operation->settled || !operation->packet_optional) continue;
      if (!HasOverlappedIoCompleted(operation.get())) return Fail("an operation never completed");
      SettleIn(SlotOf(operation.get()), operation.get(), operation->Internal == 0,
               static_cast<std::size_t>(operation->InternalHigh));
    }
    for (int number = 0; number < kSlots && !failure_; ++number) {
      VerifyStream(slots_[static_cast<std::size_t>(number)], number);
    }
  }

  void VerifyStream(Slot& slot, int number) {
    Refresh(slot);
    std::string received;
    for (const ModelOperation* operation : slot.operations) {
      if (operation->kind != ModelOperation::Kind::kReceive || !operation->settled) continue;
      received.append(operation->data.data(), operation->bytes);
    }
    // After a close some receives may be unsettled still: their bytes would leave a gap.
    const bool complete = std::all_of(slot.operations.begin(), slot.operations.end(),
                                      [](const ModelOperation* o) { return o->settled; });
    if (!complete && !slot.open) return;
    if (slot.open && !slot.lossy && complete) {
      received += ReceiveExactly(slot.connection.ours, slot.sent - received.size());
      if (received.size() != slot.sent) return Fail("bytes were lost");
    }
    for (std::size_t i = 0; i < received.size(); ++i) {
      if (received[i] != StreamByte(number, i)) {
        return Fail("byte " + std::to_string(i) + " of connection " + std::to_string(number) +
                    " is wrong: lost, doubled or out of order");
      }
    }
  }

  // Nothing may be left behind, and no operation may still be written to when its memory goes.
  void CloseEverything() {
    for (Slot& slot : slots_) slot = Slot{};
    for (const auto& operation : operations_) {
      if (operation->settled || operation->Internal != static_cast<ULONG_PTR>(STATUS_PENDING))
        continue;
      if (!Eventually([&] { return HasOverlappedIoCompleted(operation.get()); }) && !failure_) {
        Fail("an operation is still pending after its socket was closed");
      }
    }
    port_.Close();
  }

  void CompareCounters() {
    const auto now = iocp::ReadCounters();
    if (!now) return;
    if (now->live_operations != base_->live_operations) return Fail("operation records leaked");
    if (now->live_handles != base_->live_handles - 1) return Fail("handles leaked");
  }

  void Fail(const std::string& what) {
    if (!failure_) failure_ = what;
  }

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
  std::array<Slot, kSlots> slots_;
  std::vector<iocp::DeviceEntry> devices_;  // the model's DeviceList
  std::deque<Entry> queue_;                 // the model's CompletionQueue: what is surely in it
  std::vector<std::unique_ptr<ModelOperation>> operations_;
  bool dequeued_once_ = false;
  Verdict failure_;
};

Verdict RunProgram(const Program& program, Mistake mistake = Mistake::kNone) {
  return Session(program, mistake).Run();
}

Program Generate(Random& random) {
  // Weights: mostly traffic; ends of connections are rarer, or there would be no traffic.
  static constexpr std::array<int, kKinds> kWeights = {8, 8, 1, 20, 8, 2, 4, 2, 1, 20, 2, 2, 8, 26};
  static constexpr int kTotal = 112;
  Program program;
  for (int slot = 0; slot < kSlots; ++slot) {
    program.push_back({kOpen, slot, 0});
    if (!random.OneIn(4)) program.push_back({kAssociate, slot, 0});
  }
  const std::size_t length = 5 + random.Below(40);
  while (program.size() < length) {
    int roll = static_cast<int>(random.Below(kTotal));
    int kind = 0;
    while (roll >= kWeights[static_cast<std::size_t>(kind)]) {
      roll -= kWeights[static_cast<std::size_t>(kind)];
      ++kind;
    }
    program.push_back(
        {kind, static_cast<int>(random.Below(kSlots)), static_cast<int>(random.Below(100))});
  }
  return program;
}

TEST(PortModel, RandomProgramsAgreeWithTheModel) {
  const int count = (RunningUnderWine() ? 300 : 2000) * StressFactor();
  CheckPrograms(count, kNames, Generate,
                [](const Program& program) { return RunProgram(program); });
}

// A harness that cannot fail proves nothing: each mistake put into the model must be found, and the
// program that shows it must come out short.
void ExpectMistakeIsFound(Mistake mistake, std::size_t at_most) {
  Random random(TestSeed());
  const auto run = [mistake](const Program& program) { return RunProgram(program, mistake); };
  for (int i = 0; i < 500; ++i) {
    const Program program = Generate(random);
    if (!run(program)) continue;
    const Program small = Shrink(program, run);
    EXPECT_LE(small.size(), at_most) << Print(small, kNames);
    EXPECT_TRUE(run(small).has_value());
    EXPECT_FALSE(RunProgram(small).has_value()) << "the right model must accept the same program";
    const auto parsed = Parse(Print(small, kNames), kNames);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_TRUE(run(*parsed).has_value()) << "the printed program must replay";
    return;
  }
  FAIL() << "500 random programs did not show the mistake";
}

TEST(PortModelHarness, FindsPostsLastInFirstOut) {
  ExpectMistakeIsFound(Mistake::kPostsAreLifo, 6);
}
TEST(PortModelHarness, FindsCancelWithoutAPacket) {
  ExpectMistakeIsFound(Mistake::kCancelLeavesNoPacket, 6);
}
TEST(PortModelHarness, FindsFinAsAnError) {
  ExpectMistakeIsFound(Mistake::kFinIsAnError, 6);
}
TEST(PortModelHarness, FindsMissingPacketOfAnImmediateCompletion) {
  ExpectMistakeIsFound(Mistake::kImmediateHasNoPacket, 6);
}

}  // namespace
}  // namespace course_test

// The I/O model: the steps of a program, done to the port and to the model.
#include "tests/iocp/unit_port_model_io.h"

#include <algorithm>

#include "iocp/inspect.h"

namespace course_test {

Verdict IoSession::Run() {
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

void IoSession::Do(const Step& step) {
  const int slot_number = step.slot % kSlots;
  ModelSlot& slot = slots_[static_cast<std::size_t>(slot_number)];
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

void IoSession::Open(ModelSlot& slot, int number) {
  if (slot.open || number >= kSlots) return;
  VerifyStream(slot, number);
  if (failure_) return;
  slot = ModelSlot{};
  slot.connection = Connect();
  slot.open = true;
}

void IoSession::Associate(ModelSlot& slot, int number) {
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

void IoSession::IssueReceive(ModelSlot& slot, int number, std::size_t capacity) {
  ModelOperation* operation = NewOperation(slot, number, ModelOperation::Kind::kReceive, capacity);
  WSABUF buffer{static_cast<ULONG>(capacity), operation->data.data()};
  DWORD bytes = kUntouched;
  DWORD flags = 0;
  const int result = WSARecv(slot.connection.ours, &buffer, 1, &bytes, &flags, operation, nullptr);
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

void IoSession::IssueSend(ModelSlot& slot, int number, std::size_t length) {
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

void IoSession::Immediate(ModelSlot& slot, ModelOperation* operation, std::size_t bytes) {
  if (slot.associated && !slot.skip && mistake_ != Mistake::kImmediateHasNoPacket) {
    operation->expects_packet = true;
    queue_.push_back({Key(operation->slot), operation, bytes});
  } else {
    Settle(slot, operation, true, bytes);
  }
}

void IoSession::CancelAll(ModelSlot& slot) {
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

void IoSession::CancelOne(ModelSlot& slot, std::size_t index) {
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

void IoSession::MarkCancelled(ModelOperation* operation) {
  if (operation->settled || Queued(operation)) return;
  operation->cancelled = true;
  if (mistake_ == Mistake::kCancelLeavesNoPacket) operation->expects_packet = false;
}

void IoSession::Close(ModelSlot& slot) {
  std::erase_if(devices_, [&](const iocp::DeviceEntry& device) {
    return device.handle == slot.connection.ours.get();
  });
  slot.connection.ours.Close();
  slot.open = false;
  slot.lossy = true;
}

void IoSession::PeerSend(ModelSlot& slot, int number, std::size_t length) {
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

void IoSession::Post(ULONG_PTR key) {
  if (!PostQueuedCompletionStatus(port_, static_cast<DWORD>(key), kPostKey + key, nullptr)) {
    return Fail("post failed");
  }
  const bool no_bytes = mistake_ == Mistake::kPostsCarryNoBytes;
  const Entry entry{kPostKey + key, nullptr, no_bytes ? 0 : static_cast<std::size_t>(key)};
  if (mistake_ == Mistake::kPostsAreLifo) {
    queue_.push_front(entry);
  } else {
    queue_.push_back(entry);
  }
}

void IoSession::Get() {
  const bool must_come = !queue_.empty() || SomethingIsDue();
  // What is queued must be there without waiting; what is only due may take a moment.
  const Dequeued got = Dequeue(port_, queue_.empty() && must_come ? kDueMs : 0);
  dequeued_once_ = true;
  if (got.timed_out()) {
    if (must_come) Fail(queue_.empty() ? "a due packet never came" : "a queued packet is missing");
    return;
  }
  if (!got.ok && got.overlapped == nullptr) return Fail("get: error " + std::to_string(got.error));
  if (!queue_.empty() && queue_.front().overlapped == got.overlapped &&
      queue_.front().key == got.key) {
    const Entry entry = queue_.front();
    queue_.pop_front();
    if (!got.ok || got.bytes != entry.bytes) return Fail("the queued packet came changed");
    if (entry.overlapped != nullptr) {
      auto* operation = static_cast<ModelOperation*>(entry.overlapped);
      SettleIn(SlotOf(operation), operation, true, entry.bytes);  // the slot may have a new tenant
    }
    return;
  }
  if (got.overlapped == nullptr) return Fail("posted packets out of order");
  Completed(got);
}

void IoSession::Completed(const Dequeued& got) {
  ModelOperation* operation = nullptr;
  for (auto& candidate : operations_) {
    if (candidate.get() == got.overlapped) operation = candidate.get();
  }
  if (operation == nullptr) return Fail("a packet of an operation that was never issued");
  if (operation->settled) return Fail("a second packet for one operation");
  if (!operation->expects_packet) return Fail("a packet that must not come");
  if (Queued(operation)) return Fail("immediate completions out of order");
  // A slot may have been closed since, and opened anew: then the operation's connection is gone.
  ModelSlot* slot = SlotOf(operation);
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
    if (got.bytes == 0 && !slot->fin && !slot->reset && !slot->shut_receive) {
      return Fail("0 bytes, but the peer did not finish");
    }
    if (slot->consumed + got.bytes > slot->sent) return Fail("more bytes than were sent");
  }
  if (operation->kind == ModelOperation::Kind::kSend && got.bytes != operation->capacity) {
    return Fail("a short send");
  }
  SettleIn(slot, operation, true, got.bytes);
}

}  // namespace course_test

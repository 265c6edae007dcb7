// The I/O model: what it says must and may happen, and the comparison of port and model.
#include "tests/iocp/unit_port_model_io.h"

#include <algorithm>

#include "iocp/inspect.h"

namespace course_test {

std::size_t IoSession::Ahead(const ModelSlot& slot, const ModelOperation& operation) {
  std::size_t bytes = 0;
  for (const ModelOperation* other : slot.operations) {
    if (other == &operation) break;
    if (!other->settled && other->kind == ModelOperation::Kind::kReceive) bytes += other->capacity;
  }
  return bytes;
}

bool IoSession::MustComplete(const ModelSlot& slot, const ModelOperation& operation) {
  if (!slot.open || slot.fin || slot.reset || operation.cancelled) return true;
  if (operation.kind == ModelOperation::Kind::kSend) return true;
  return slot.sent - slot.consumed > Ahead(slot, operation);
}

bool IoSession::MayComplete(const ModelSlot& slot, const ModelOperation& operation) {
  return MustComplete(slot, operation) || slot.sent > slot.consumed || slot.shut_receive;
}

bool IoSession::SomethingIsDue() const {
  for (const auto& operation : operations_) {
    if (operation->settled || !operation->expects_packet || operation->packet_optional) continue;
    const ModelSlot* slot = SlotOf(operation.get());
    if (slot == nullptr || MustComplete(*slot, *operation)) return true;
  }
  return false;
}

ModelSlot* IoSession::SlotOf(const ModelOperation* operation) {
  return const_cast<ModelSlot*>(std::as_const(*this).SlotOf(operation));
}

const ModelSlot* IoSession::SlotOf(const ModelOperation* operation) const {
  const ModelSlot& slot = slots_[static_cast<std::size_t>(operation->slot)];
  const bool mine =
      std::find(slot.operations.begin(), slot.operations.end(), operation) != slot.operations.end();
  return mine ? &slot : nullptr;
}

bool IoSession::Queued(const OVERLAPPED* overlapped) const {
  return std::any_of(queue_.begin(), queue_.end(),
                     [&](const Entry& entry) { return entry.overlapped == overlapped; });
}

ModelOperation* IoSession::NewOperation(ModelSlot& slot, int number, ModelOperation::Kind kind,
                                        std::size_t capacity) {
  operations_.push_back(std::make_unique<ModelOperation>());
  ModelOperation* operation = operations_.back().get();
  operation->kind = kind;
  operation->slot = number;
  operation->capacity = capacity;
  slot.operations.push_back(operation);
  return operation;
}

void IoSession::Settle(ModelSlot& slot, ModelOperation* operation, bool ok, std::size_t bytes) {
  operation->settled = true;
  operation->succeeded = ok;
  operation->bytes = bytes;
  if (ok && operation->kind == ModelOperation::Kind::kReceive) slot.consumed += bytes;
}

void IoSession::SettleIn(ModelSlot* slot, ModelOperation* operation, bool ok, std::size_t bytes) {
  ModelSlot gone;
  Settle(slot != nullptr ? *slot : gone, operation, ok, bytes);
}

void IoSession::Refresh(ModelSlot& slot) {
  for (ModelOperation* operation : slot.operations) {
    if (operation->settled || (operation->expects_packet && !operation->packet_optional)) continue;
    if (!HasOverlappedIoCompleted(operation) || slot.associated) continue;
    const bool ok = operation->Internal == 0;
    if (!ok && !operation->cancelled && slot.reset) slot.latched = true;
    Settle(slot, operation, ok, static_cast<std::size_t>(operation->InternalHigh));
  }
}

void IoSession::CompareSnapshot() {
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
  if (iocp::ReadSizes(port_).value_or(iocp::PortSizes{}).devices != devices_.size()) {
    return Fail("ReadSizes counts other devices");
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

void IoSession::Finish() {
  for (int number = 0; number < kSlots && !failure_; ++number) {
    ModelSlot& slot = slots_[static_cast<std::size_t>(number)];
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

void IoSession::VerifyStream(ModelSlot& slot, int number) {
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

void IoSession::CloseEverything() {
  for (ModelSlot& slot : slots_) slot = ModelSlot{};
  for (const auto& operation : operations_) {
    if (operation->settled || HasOverlappedIoCompleted(operation.get())) continue;
    if (!Eventually([&] { return HasOverlappedIoCompleted(operation.get()); }) && !failure_) {
      Fail("an operation is still pending after its socket was closed");
    }
  }
  port_.Close();
}

void IoSession::CompareCounters() {
  const auto now = iocp::ReadCounters();
  if (!now) return;
  // A record goes a moment after its operation has completed, on the thread that completed it.
  if (!Eventually(
          [&] { return iocp::ReadCounters()->live_operations == base_->live_operations; })) {
    return Fail("operation records leaked");
  }
  if (!Eventually([&] { return iocp::ReadCounters()->live_handles == base_->live_handles - 1; })) {
    return Fail("handles leaked");
  }
}

void IoSession::Fail(const std::string& what) {
  if (!failure_) failure_ = what;
}

}  // namespace course_test

#include "iocp/linux/wakes.h"

#include <utility>

#include "iocp/linux/background.h"
#include "iocp/linux/completion_port.h"
#include "iocp/linux/operation.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

void Wakes::AddParked(std::atomic<std::uint32_t>* parker) {
  if (count_ < parked_.size()) {
    parked_[count_++] = parker;
  } else {
    more_.push_back(parker);
  }
}

void Wakes::AddSignal(CompletionPort* port) {
  for (CompletionPort*& signal : signals_) {
    if (signal == nullptr) signal = port;
    if (signal == port) return;
  }
}

void Wakes::AddFinished(Operation* operation) {
  operation->next = finished_;
  finished_ = operation;
}

void Wakes::Fire() {
  for (CompletionPort*& signal : signals_) {
    if (signal != nullptr) std::exchange(signal, nullptr)->poller_.Signal();
  }
  if (watch_ != nullptr && !Background::Watch(watch_->handle(), watch_now_)) watch_->WatchFailed();
  for (std::size_t i = 0; i < count_; ++i) SysFutexWake(parked_[i]);
  for (std::atomic<std::uint32_t>* const parker : more_) SysFutexWake(parker);
  watch_ = nullptr;
  count_ = 0;
  more_.clear();
  // Last: the records hold the references that keep the ports above alive.
  while (Operation* const operation = finished_) {
    finished_ = operation->next;
    Socket::FreeRecord(operation);
  }
}

}  // namespace iocp

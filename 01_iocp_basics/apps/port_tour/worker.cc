#include "apps/port_tour/worker.h"

#include <utility>

#include "iocp/inspect.h"

namespace port_tour {
namespace {

// Stands for a long computation: the port must see the thread as running. Windows notices every way
// of blocking, so there the thread really has to run. Our port on Linux notices only its own calls,
// so a wait of the C++ library counts as running and burns no processor time.
template <typename Order>
void ComputeWhile(const std::atomic<Order>& order, Order value) {
#ifdef _WIN32
  while (order == value) {
    YieldProcessor();
  }
#else
  order.wait(value);
#endif
}

}  // namespace

Worker::Worker(HANDLE port, std::string name)
    : port_(port), name_(std::move(name)), thread_([this] { Run(); }) {}

Worker::~Worker() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Worker::Give(Order order) {
  order_ = order;
  order_.notify_all();
}

void Worker::AskPort() {
  Give(Order::kAskPort);
}

void Worker::Block(HANDLE event) {
  event_ = event;
  Give(Order::kBlock);
}

void Worker::End() {
  Give(Order::kEnd);
  thread_.join();
}

Worker::Got Worker::Last() const {
  const std::lock_guard guard(lock_);
  return last_;
}

void Worker::Run() {
  iocp::NameThread(name_);
  while (true) {
    ComputeWhile(order_, Order::kCompute);
    switch (order_.load()) {
      case Order::kAskPort: {
        Got got;
        OVERLAPPED* overlapped = nullptr;
        got.ok = GetQueuedCompletionStatus(port_, &got.bytes, &got.key, &overlapped, INFINITE);
        got.error = got.ok ? 0 : GetLastError();
        got.null_overlapped = overlapped == nullptr;
        const std::lock_guard guard(lock_);
        last_ = got;
        break;
      }
      case Order::kBlock:
        WaitForSingleObject(event_, INFINITE);
        break;
      case Order::kEnd:
        order_ = Order::kCompute;
        return;
      case Order::kCompute:
        break;
    }
    order_ = Order::kCompute;
  }
}

}  // namespace port_tour

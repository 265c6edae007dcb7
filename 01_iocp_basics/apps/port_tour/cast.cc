#include "apps/port_tour/cast.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace port_tour {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kLookAgain{1};
constexpr std::chrono::milliseconds kBlindPause{100};  // where the port cannot be looked into

Names NamesOf(const std::vector<Worker*>& workers, bool sorted) {
  Names names;
  for (const Worker* worker : workers) {
    names.push_back(worker->Name());
  }
  if (sorted) {
    std::sort(names.begin(), names.end());
  }
  return names;
}

}  // namespace

Cast::Device& Cast::Find(ULONG_PTR key) {
  return *std::find_if(devices_.begin(), devices_.end(),
                       [key](const Device& device) { return device.key == key; });
}

void Cast::WaitUntil(const std::function<bool()>& condition, const char* what) {
  const Clock::time_point deadline = Clock::now() + kPatience;
  while (!condition()) {
    if (Clock::now() > deadline) {
      throw apps::StartError(std::string("this did not happen: ") + what);
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

void Cast::WaitForPicture() {
  if (!Look(Port())) {
    std::this_thread::sleep_for(kBlindPause);
    CatchUp();
    return;
  }
  const Clock::time_point deadline = Clock::now() + kPatience;
  while (Look(Port()) != Expected()) {
    if (Clock::now() > deadline) {
      surprise_ = "the port's structures are not what the rules say";
      return;
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

// A system may release more threads than the rules say (Wine 8 knows no limit): the tour notes it
// and goes on from what is.
void Cast::CatchUp() {
  for (auto it = waiting_.begin(); it != waiting_.end() && !queue_.empty();) {
    Worker* worker = *it;
    if (!worker->Idle()) {
      ++it;
      continue;
    }
    surprise_ = "this system let " + worker->Name() + " run above the limit";
    it = waiting_.erase(it);
    released_.push_back(worker);
    queue_.erase(queue_.begin());
  }
}

// [tour-create]
void Cast::CreatePort() {
  port_.Reset(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, kConcurrency));
  event_.Reset(CreateEventW(nullptr, FALSE, FALSE, nullptr));
}
// [/tour-create]

void Cast::AddDevice(ULONG_PTR key) {
  const apps::UniqueSocket listener = apps::ListenOnLoopback(0);
  Device& device = devices_.emplace_back();
  device.key = key;
  device.peer = apps::ConnectToLoopback(apps::PortOf(listener.Get()));
  device.socket.Reset(accept(listener.Get(), nullptr, nullptr));
  CreateIoCompletionPort(reinterpret_cast<HANDLE>(device.socket.Get()), Port(), key, 0);
  WaitForPicture();
}

void Cast::CloseDevice(ULONG_PTR key) {
  devices_.remove_if([key](const Device& device) { return device.key == key; });
  WaitForPicture();
}

void Cast::PostReceive(ULONG_PTR key) {
  Device& device = Find(key);
  device.overlapped = OVERLAPPED{};
  WSABUF buffer{sizeof device.data, device.data};
  DWORD flags = 0;
  WSARecv(device.socket.Get(), &buffer, 1, nullptr, &flags, &device.overlapped, nullptr);
}

void Cast::CancelReceive(ULONG_PTR key) {
  Device& device = Find(key);
  CancelIoEx(reinterpret_cast<HANDLE>(device.socket.Get()), &device.overlapped);
  queue_.push_back(key);
}

void Cast::PeerSends(ULONG_PTR key) {
  send(Find(key).peer.Get(), "hello", 5, 0);
  queue_.push_back(key);
}

void Cast::PostPacket(ULONG_PTR key) {
  PostQueuedCompletionStatus(Port(), 0, key, nullptr);
  queue_.push_back(key);
}

void Cast::PostPacketAboveLimit(ULONG_PTR key) {
  PostPacket(key);
  WaitForPicture();
}

Worker& Cast::AddWorker(const std::string& name) {
  return *workers_.emplace_back(std::make_unique<Worker>(Port(), name));
}

void Cast::AskAndWait(Worker& worker) {
  if (std::find(waiting_.begin(), waiting_.end(), &worker) != waiting_.end()) {
    return;
  }
  std::erase(released_, &worker);
  waiting_.insert(waiting_.begin(), &worker);
  worker.AskPort();
  WaitForPicture();
}

void Cast::AskAndTake(Worker& worker) {
  if (queue_.empty()) {
    AskAndWait(worker);  // a system without a limit has given the packet away before
    return;
  }
  worker.AskPort();
  WaitUntil([&] { return worker.Idle(); }, "the asking worker gets a packet");
  if (worker.Last().key != queue_.front()) {
    surprise_ = "another packet than the oldest was taken";
  }
  queue_.erase(queue_.begin());
  WaitForPicture();
}

Worker& Cast::Handover() {
  if (queue_.empty()) {
    return *released_.back();  // CatchUp() has seen the packet being taken
  }
  const auto has_come_back = [](const Worker* worker) { return worker->Idle(); };
  const auto find = [&] { return std::find_if(waiting_.begin(), waiting_.end(), has_come_back); };
  WaitUntil([&] { return find() != waiting_.end(); }, "a sleeping worker is woken");
  const auto woken = find();
  Worker& worker = **woken;
  if (woken != waiting_.begin()) {
    surprise_ =
        "this system woke " + worker.Name() + ", not the newest waiter " + waiting_.front()->Name();
  }
  waiting_.erase(woken);
  released_.push_back(&worker);
  queue_.erase(queue_.begin());
  WaitForPicture();
  return worker;
}

void Cast::Block(Worker& worker) {
  worker.Block(event_.Get());
  std::erase(released_, &worker);
  paused_.push_back(&worker);
}

void Cast::Unblock(Worker& worker) {
  SetEvent(event_.Get());
  WaitUntil([&] { return worker.Idle(); }, "the blocked worker goes on");
  std::erase(paused_, &worker);
  released_.push_back(&worker);
  WaitForPicture();
}

// First everybody asks once more. Then one packet and one worker at a time: more packets than the
// limit would leave some in the queue until a worker has ended.
void Cast::EndWorkers() {
  while (!released_.empty()) {
    AskAndWait(*released_.front());
  }
  while (!waiting_.empty()) {
    PostPacket(0);
    Worker& worker = Handover();
    worker.End();
    std::erase(released_, &worker);
    WaitForPicture();
  }
}

void Cast::ClosePort() {
  devices_.clear();
  event_.Reset();
  port_.Reset();
}

Picture Cast::Expected() const {
  Picture picture;
  for (const Device& device : devices_) {
    picture.devices.push_back(DeviceName(device.key));
  }
  for (const ULONG_PTR key : queue_) {
    picture.queue.push_back(PacketName(key));
  }
  picture.waiting = NamesOf(waiting_, false);
  picture.released = NamesOf(released_, true);
  picture.paused = NamesOf(paused_, true);
  return picture;
}

std::string Cast::TakeSurprise() {
  return std::exchange(surprise_, {});
}

}  // namespace port_tour

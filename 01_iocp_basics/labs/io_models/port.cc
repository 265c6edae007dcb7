// (4) A completion port. The packet says which client and which operation, so nothing is searched;
// the thread that was last at work is the first to be woken; and the number of threads is the
// number of processors, however many clients there are.

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "labs/io_models/model.h"
#include "labs/io_models/overlapped_client.h"

namespace io_models {
namespace {

// [port-worker]
// False when the client has gone.
bool Advance(OverlappedClient& client, BOOL ok, DWORD bytes) {
  if (!ok || bytes == 0) {
    return false;
  }
  return client.sending ? PostRecv(client, nullptr) : PostSend(client, nullptr, bytes);
}

void Work(HANDLE port, std::atomic<std::size_t>& open, std::size_t workers) {
  while (true) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    const BOOL ok = GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
    if (overlapped == nullptr) {
      return;
    }
    auto& client = *static_cast<OverlappedClient*>(overlapped);
    if (Advance(client, ok, bytes)) {
      continue;
    }
    client.socket.Reset();
    if (open.fetch_sub(1) == 1) {  // the last client: an end packet for each worker
      for (std::size_t i = 0; i < workers; ++i) {
        PostQueuedCompletionStatus(port, 0, 0, nullptr);
      }
    }
  }
}
// [/port-worker]

}  // namespace

std::size_t ServeByCompletionPort(Clients clients) {
  const apps::UniqueHandle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0));
  const std::size_t workers = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<std::size_t> open{
      clients.size()};  // any worker; the one that makes it 0 ends the job
  std::vector<std::unique_ptr<OverlappedClient>> list;
  for (apps::UniqueSocket& socket : clients) {
    auto client = std::make_unique<OverlappedClient>();
    client->socket = std::move(socket);
    CreateIoCompletionPort(reinterpret_cast<HANDLE>(client->socket.Get()), port.Get(), 0, 0);
    list.push_back(std::move(client));
  }
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < workers; ++i) {
    threads.emplace_back([&] { Work(port.Get(), open, workers); });
  }
  for (const auto& client : list) {
    if (!PostRecv(*client, nullptr)) {
      PostQueuedCompletionStatus(port.Get(), 0, 0, client.get());  // as if it had ended: 0 bytes
    }
  }
  threads.clear();  // joins
  return workers;
}

}  // namespace io_models

// (3) Overlapped calls with an event. The system does the I/O meanwhile, and the thread sleeps
// until something has completed. But the event only says "something": the thread must look at every
// operation to find out which. (One event per operation does not help: a wait takes at most 64.)

#include <algorithm>
#include <memory>

#include "labs/io_models/model.h"
#include "labs/io_models/overlapped_client.h"

namespace io_models {
namespace {

using List = std::vector<std::unique_ptr<OverlappedClient>>;

// The operation has completed: start the client's next one. False when the client has gone.
bool Advance(OverlappedClient& client, HANDLE event) {
  DWORD bytes = 0;
  DWORD flags = 0;
  if (!WSAGetOverlappedResult(client.socket.Get(), &client, &bytes, FALSE, &flags) || bytes == 0) {
    return false;
  }
  return client.sending ? PostRecv(client, event) : PostSend(client, event, bytes);
}

// [event-round]
// One look at every operation; true if any had completed.
bool Round(List& clients, HANDLE event) {
  bool found = false;
  std::erase_if(clients, [&](const std::unique_ptr<OverlappedClient>& client) {
    if (!HasOverlappedIoCompleted(client.get())) {
      return false;
    }
    found = true;
    return !Advance(*client, event);
  });
  return found;
}

// Starting an operation resets the event (P19), so the news of a completion during a round can be
// wiped out. That is why rounds go on until one finds nothing: such a round has started nothing,
// and whatever completes during it leaves the event set.
void ServeAll(List& clients, HANDLE event) {
  while (!clients.empty()) {
    WaitForSingleObject(event, INFINITE);
    ResetEvent(event);
    while (Round(clients, event)) {
    }
  }
}
// [/event-round]

}  // namespace

std::size_t ServeByEvents(Clients clients) {
  const apps::UniqueHandle event(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  List list;
  for (apps::UniqueSocket& socket : clients) {
    auto client = std::make_unique<OverlappedClient>();
    client->socket = std::move(socket);
    if (PostRecv(*client, event.Get())) {
      list.push_back(std::move(client));
    }
  }
  SetEvent(event.Get());  // an operation started later may have reset the event: look once at least
  ServeAll(list, event.Get());
  return 1;
}

}  // namespace io_models

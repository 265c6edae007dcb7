// (1) Blocking calls. The code of one client is the simplest there is: recv, send, again. Its price
// is a thread per client, asleep nearly all the time: memory for its stack, and a wake-up and a
// change of threads for each message.

#include <thread>
#include <utility>

#include "labs/io_models/model.h"

namespace io_models {
namespace {

// [blocking]
void ServeOne(SOCKET socket) {
  char data[4096];
  while (true) {
    const int size = recv(socket, data, sizeof data, 0);  // sleeps until this client speaks
    if (size <= 0) {
      return;
    }
    int sent = 0;
    while (sent < size) {
      const int count = send(socket, data + sent, size - sent, 0);
      if (count <= 0) {
        return;
      }
      sent += count;
    }
  }
}
// [/blocking]

}  // namespace

std::size_t ServeByThreads(Clients clients) {
  const Clients owned = std::move(clients);  // made before the threads, so closed after their end
  std::vector<std::jthread> threads;
  for (const apps::UniqueSocket& client : owned) {
    threads.emplace_back([socket = client.Get()] {
      ServeOne(socket);
      shutdown(socket, SD_SEND);  // tell this client at once; the handle is closed at the end
    });
  }
  return threads.size();  // the destructor joins
}

}  // namespace io_models

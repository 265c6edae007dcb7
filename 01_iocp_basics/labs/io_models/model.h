// Four ways to do one job: send back what each of N connected clients sends, until all have closed.
#pragma once

#include <cstddef>
#include <vector>

#include "support/network.h"

namespace io_models {

using Clients = std::vector<apps::UniqueSocket>;

// Each serves the clients to their end and returns the number of threads it used for that.
std::size_t ServeByThreads(Clients clients);         // (1) one blocking thread per client
std::size_t ServeByPolling(Clients clients);         // (2) one thread asks every socket in turn
std::size_t ServeByEvents(Clients clients);          // (3) overlapped calls, one event to wait for
std::size_t ServeByCompletionPort(Clients clients);  // (4) overlapped calls, a completion port

}  // namespace io_models

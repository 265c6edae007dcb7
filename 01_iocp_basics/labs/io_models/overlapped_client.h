// A client of the two overlapped models: one operation under way at a time, receive then send.
#pragma once

#include "support/network.h"

namespace io_models {

struct OverlappedClient : OVERLAPPED {
  apps::UniqueSocket socket;
  bool sending = false;
  char data[4096];
};

// Each zeroes the OVERLAPPED, keeps `event` in it (nullptr: none), and starts the operation.
// False: it failed at once and nothing is under way.
bool PostRecv(OverlappedClient& client, HANDLE event);
bool PostSend(OverlappedClient& client, HANDLE event, DWORD size);

}  // namespace io_models

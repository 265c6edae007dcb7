// Many clients' way through the auth service: name and password in, a ticket for the chat server
// out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "enum.pb.h"
#include "net/peer_address.h"
#include "net/status.h"

namespace client {

struct Ticket {
  Protocol::Refusal refusal = Protocol::REFUSAL_TRY_LATER;  // REFUSAL_NONE: the rest is valid
  std::uint64_t account = 0;
  std::string session_key;
};

// Asks for all names, a few at once, each on a connection of its own. Blocks until all are
// answered, the patience is over or `give_up` says so; who has no answer then has
// REFUSAL_TRY_LATER. An error: the service cannot be reached. One thread; no callback waits for it.
net::Status FetchTickets(const net::PeerAddress& auth, const std::vector<std::string>& names,
                         const std::string& password, std::chrono::milliseconds patience,
                         const std::function<bool()>& give_up, std::vector<Ticket>& tickets);

}  // namespace client

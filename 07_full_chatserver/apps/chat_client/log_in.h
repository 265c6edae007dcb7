// A person's way in: the password, typed where nobody sees it, and the question to the auth
// service.
//
// Threading: the main thread, which owns the console.
#pragma once

#include <optional>
#include <string>

#include "support/client/tickets.h"
#include "support/terminal/console.h"

namespace chat_client {

// Typed without an echo. Nothing: the person does not want to.
// Throws std::runtime_error when there is no terminal to ask.
std::optional<std::string> AskPassword(terminal::Console& console);

struct LogIn {
  client::Ticket ticket;     // when `problem` is empty
  std::string problem;       // one line
  bool unreachable = false;  // nobody answered: the options may be wrong
};

// Blocks until the auth service has answered, the patience is over or the person has pressed
// Ctrl-C (what else is typed meanwhile is not kept).
LogIn Authenticate(terminal::Console& console, const net::PeerAddress& auth,
                   const std::string& user, const std::string& password,
                   std::chrono::milliseconds patience);

}  // namespace chat_client

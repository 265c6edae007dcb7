#include "apps/chat_client/log_in.h"

#include <stdexcept>
#include <vector>

#include "support/terminal/key_reader.h"
#include "support/terminal/line_editor.h"

namespace chat_client {

namespace {

using terminal::ConsoleEvent;
using terminal::LineEditor;

constexpr int kEscapeMs = 50;  // KeyReader::GiveUp: it was the Esc key
constexpr char kCtrlC = '\x03';

}  // namespace

std::optional<std::string> AskPassword(terminal::Console& console) {
  if (!console.keys()) {
    throw std::runtime_error("no terminal to ask for the password: CHAT_PASSWORD or --password");
  }
  terminal::KeyReader keys;
  LineEditor editor;  // never drawn
  console.Write("password: ");
  for (;;) {
    const ConsoleEvent event = console.Wait(true, keys.InEscape() ? kEscapeMs : -1);
    if (event.kind == ConsoleEvent::Kind::kTimeout) keys.GiveUp();
    keys.Feed(event.bytes);
    bool stop =
        event.kind == ConsoleEvent::Kind::kStop || event.kind == ConsoleEvent::Kind::kEndOfInput;
    while (const auto key = keys.Next()) {
      const LineEditor::Event done = editor.Apply(*key);
      if (done == LineEditor::Event::kSubmitted) {
        console.Write("\r\n");
        return editor.TakeLine();
      }
      stop = stop || done == LineEditor::Event::kInterrupted || done == LineEditor::Event::kEnded;
    }
    if (stop) {
      console.Write("\r\n");
      return std::nullopt;
    }
  }
}

LogIn Authenticate(terminal::Console& console, const net::PeerAddress& auth,
                   const std::string& user, const std::string& password,
                   std::chrono::milliseconds patience) {
  const auto give_up = [&console] {
    const ConsoleEvent event = console.Wait(console.keys(), 0);  // a pipe's lines are for the chat
    return event.kind == ConsoleEvent::Kind::kStop || event.bytes.find(kCtrlC) != std::string::npos;
  };
  std::vector<client::Ticket> tickets;
  const net::Status status =
      client::FetchTickets(auth, {user}, password, patience, give_up, tickets);
  if (!status.ok()) return {{}, status.error(), true};
  switch (tickets[0].refusal) {
    case Protocol::REFUSAL_NONE:
      return {std::move(tickets[0]), {}};
    case Protocol::REFUSAL_BAD_PASSWORD:
    case Protocol::REFUSAL_BAD_NAME:
      return {{}, "no account of that name, or not its password"};
    case Protocol::REFUSAL_TOO_MANY_REQUESTS:
      return {{}, "too many wrong passwords: try again in some minutes"};
    default:
      return {{}, "the log-in is not possible now, try again later"};
  }
}

}  // namespace chat_client

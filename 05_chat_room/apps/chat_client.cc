// chat_client: the chat for a person, in a terminal or in a pipe.
#include <spdlog/spdlog.h>

#include <chrono>
#include <deque>
#include <optional>

#include "apps/chat_client/chat.h"
#include "apps/chat_client/connection.h"
#include "support/options.h"
#include "support/terminal/console.h"
#include "support/terminal/key_reader.h"
#include "support/terminal/line_editor.h"
#include "support/terminal/line_splitter.h"
#include "support/terminal/screen.h"

namespace {

using chat_client::Chat;
using chat_client::Connection;
using SteadyClock = std::chrono::steady_clock;
using terminal::ConsoleEvent;
using terminal::LineEditor;

constexpr std::chrono::milliseconds kPatience{10'000};  // for an answer of the server
constexpr std::chrono::milliseconds kEscape{50};        // KeyReader::GiveUp: it was the Esc key
constexpr int kPacketsATurn = 1000;  // then keys are looked at again, whatever still waits

// The person's end: lines come in, lines are shown.
class Person {
 public:
  explicit Person(terminal::Console& console) : console_(console), screen_(console.keys()) {}

  void Show(std::string_view line) { screen_.Print(line); }

  // What was typed or read. True: go on; false: Ctrl-C, or Ctrl-D on an empty line.
  bool Take(const ConsoleEvent& event) {
    if (!console_.keys()) {
      if (event.kind == ConsoleEvent::Kind::kEndOfInput) splitter_.End();
      splitter_.Feed(event.bytes);
      return true;
    }
    keys_.Feed(event.bytes);
    while (const auto key = keys_.Next()) {
      switch (editor_.Apply(*key)) {
        case LineEditor::Event::kSubmitted:
          typed_.push_back(editor_.TakeLine());
          break;
        case LineEditor::Event::kInterrupted:
        case LineEditor::Event::kEnded:
          return false;
        case LineEditor::Event::kNone:
        case LineEditor::Event::kEdited:
          if (key->kind == terminal::Key::Kind::kRedraw) screen_.Invalidate();
          break;
      }
    }
    return true;
  }

  [[nodiscard]] bool InEscape() const { return keys_.InEscape(); }
  void GiveUpEscape() {
    keys_.GiveUp();
    Take({});
  }
  void Redraw() { screen_.Invalidate(); }

  // The next whole line.
  std::optional<terminal::LineSplitter::Line> NextLine() {
    if (!console_.keys()) return splitter_.Next();
    if (typed_.empty()) return std::nullopt;
    terminal::LineSplitter::Line line{std::move(typed_.front()), false};
    typed_.pop_front();
    return line;
  }

  void Refresh(std::string prompt) {
    screen_.SetPrompt(std::move(prompt));
    Write(screen_.Update(editor_, console_.columns()));
  }
  void Finish() { Write(screen_.Finish(console_.columns())); }

 private:
  void Write(const std::string& bytes) {
    if (!bytes.empty()) console_.Write(bytes);
  }

  terminal::Console& console_;
  terminal::Screen screen_;
  terminal::KeyReader keys_;         // keys mode
  LineEditor editor_;                // keys mode
  std::deque<std::string> typed_;    // keys mode: lines that wait for the chat to be ready
  terminal::LineSplitter splitter_;  // lines mode
};

// How long Wait may take: to the end of an Esc key, or of our patience with the server.
class Deadline {
 public:
  // Milliseconds left, -1: no limit.
  int Left(const Chat& chat, const Person& person) {
    if (person.InEscape()) return static_cast<int>(kEscape.count());
    if (!chat.waiting()) {
      end_ = kNone;
      return -1;
    }
    if (end_ == kNone) end_ = SteadyClock::now() + kPatience;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - SteadyClock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }
  [[nodiscard]] bool over() const { return SteadyClock::now() >= end_; }

 private:
  static constexpr auto kNone = SteadyClock::time_point::max();
  SteadyClock::time_point end_ = kNone;  // while the server owes an answer
};

void TakePackets(terminal::Console& console, Connection& connection, Chat& chat) {
  for (int i = 0; i < kPacketsATurn; ++i) {
    const auto packet = connection.Take();
    if (!packet) return;
    chat.OnPacket(*packet);
  }
  console.Wake();  // there may be more
}

// [loop]
// One thread for everything that the person sees: it sleeps in Wait until a key, a packet or a
// signal comes.
int Run(terminal::Console& console, Person& person, Connection& connection, Chat& chat) {
  bool ended = false;  // the input is over: leave when its last line is said
  Deadline deadline;
  chat.Begin();
  for (;;) {
    while (chat.ready()) {
      const auto line = person.NextLine();
      if (!line) break;
      line->too_long ? chat.OnLongLine() : chat.OnLine(line->text);
    }
    if (ended && chat.ready()) chat.Leave();
    person.Refresh(chat.prompt());
    const int timeout_ms = deadline.Left(chat, person);
    if (deadline.over()) chat.GiveUp();
    if (chat.over()) return chat.exit_code();

    bool go = false;  // the person wants to
    const ConsoleEvent event = console.Wait(console.keys() || chat.ready(), timeout_ms);
    switch (event.kind) {
      case ConsoleEvent::Kind::kInput:
        go = !person.Take(event);
        break;
      case ConsoleEvent::Kind::kEndOfInput:
        person.Take(event);
        ended = true;
        break;
      case ConsoleEvent::Kind::kWoken:
        TakePackets(console, connection, chat);
        break;
      case ConsoleEvent::Kind::kResized:
        person.Redraw();
        break;
      case ConsoleEvent::Kind::kStop:
        go = true;
        break;
      case ConsoleEvent::Kind::kTimeout:
        person.GiveUpEscape();
        break;
    }
    if (go) chat.leaving() ? chat.GiveUp() : chat.Leave();
  }
}
// [/loop]

struct ClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9005;
  chat_client::ChatOptions chat;
};

void AddOptions(apps::CommandLine& app, ClientOptions& options) {
  app.Add("--host", options.host, "IPv4 address of the server").ShowDefault();
  app.Add("--port", options.port, "TCP port of the server").Range(1, 65535).ShowDefault();
  app.Add("--name", options.chat.character,
          "character to enter with: its name, the beginning of it (knight, mage), or its "
          "number; without it a terminal asks, a pipe takes the first");
  app.Add("--room", options.chat.room, "room to enter").ShowDefault();
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app(
      "The chat for a person: in a terminal with a line to type in, in a pipe line by line",
      "chat_client");
  app.Footer(
      "Exit code: 0 after /quit, 1 when the server refused or has gone, 2 for a bad option.");
  ClientOptions options;
  AddOptions(app, options);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  const auto ip = net::ParseIpv4(options.host);
  if (!ip) return apps::Refuse(app, "\"" + options.host + "\" is not an IPv4 address");
  spdlog::set_level(spdlog::level::off);  // the screen belongs to the chat

  try {
    net::Status status = net::Status::Ok();
    int exit_code = 0;
    {
      terminal::Console console;  // before any thread is started
      Person person(console);
      Connection connection([&console] { console.Wake(); });
      status = connection.Connect({*ip, options.port});
      if (status.ok()) {
        options.chat.person = console.keys();
        Chat chat(
            options.chat, chat_client::Lines({console.colours(), console.keys()}),
            [&connection](const chat_client::Request& request) {
              return std::visit([&](const auto& pkt) { return connection.Send(pkt); }, request);
            },
            [&person](std::string_view line) { person.Show(line); });
        exit_code = Run(console, person, connection, chat);
        person.Finish();
      }
    }  // the terminal is as it was
    return status.ok() ? exit_code : apps::Refuse(app, status.error());
  } catch (const std::exception& exception) {
    return apps::Refuse(app, exception.what());
  }
}

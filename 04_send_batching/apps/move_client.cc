// move_client: a board on which one sees the others move; with --script or --walk, lines of text.
#include <atomic>
#include <chrono>
#include <iostream>
#include <random>
#include <thread>

#include "apps/board.h"
#include "apps/move_link.h"
#include "support/options.h"
#include "support/terminal.h"

namespace {

using game::Board;
using game::Direction;
using game::Key;
using game::MoveLink;
using SteadyClock = std::chrono::steady_clock;

struct ClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9002;
  bool script = false;
  int walk = 0;
  int interval_ms = 200;
  std::uint32_t seed = 1;
};

std::optional<Direction> DirectionOf(std::string_view word) {
  if (word == "up") return Direction::kUp;
  if (word == "down") return Direction::kDown;
  if (word == "left") return Direction::kLeft;
  if (word == "right") return Direction::kRight;
  return std::nullopt;
}

std::mutex output_lock;  // standard output: lines of two threads

void Print(const std::string& line) {
  const std::lock_guard lock(output_lock);
  std::cout << line << std::endl;
}

// Reads the connection to its end, on the calling thread.
void ReadAll(MoveLink& link, Board& board, bool print) {
  while (const net::PacketRef packet = link.Read()) {
    const std::optional<std::string> line = board.Apply(*packet);
    const bool sign_of_life = packet->payload_size() == net::kMinPayload && line == "echo ";
    if (print && !sign_of_life) Print(line.value_or("unknown packet"));
  }
}

// The person's commands, until the input ends: up, down, left, right, echo TEXT, board, quit.
// False: the connection ended first.
bool RunScript(MoveLink& link, Board& board) {
  std::string line;
  while (game::ReadInputLine(line) && line != "quit") {
    if (const auto direction = DirectionOf(line)) {
      if (!link.Send(game::EncodeMove(*direction))) return false;
    } else if (line.starts_with("echo ")) {
      if (!link.Send(game::EncodeEcho(line.substr(5)))) return false;
    } else if (line == "board") {
      Print(board.Text());
    } else {
      Print("commands: up, down, left, right, echo TEXT, board, quit");
    }
  }
  return true;
}

// A walk at random, for demonstrations. False: the connection ended first.
bool Walk(MoveLink& link, const ClientOptions& options) {
  std::mt19937 random(options.seed);
  for (int i = 0; i < options.walk; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(options.interval_ms));
    if (!link.Send(game::EncodeMove(static_cast<Direction>(random() % 4)))) return false;
  }
  return true;
}

int RunLines(MoveLink& link, Board& board, const ClientOptions& options) {
  std::atomic<bool> finished{false};  // set before we say goodbye; tells whose end it was
  std::thread commands([&] {
    if (options.script ? !RunScript(link, board) : !Walk(link, options)) return;
    finished = true;
    link.Finish();
  });
  ReadAll(link, board, true);
  const bool by_server = !finished;
  Print(by_server ? "closed by the server" : board.Text());
  if (options.script && by_server) {
    // The thread may wait for a line of input that never comes; nothing is left to be put in order.
    std::_Exit(1);
  }
  commands.join();
  return by_server ? 1 : 0;
}

int RunBoard(MoveLink& link, Board& board) {
  std::atomic<bool> ended{false};  // set by the reader: the connection is over
  std::thread reader([&] {
    ReadAll(link, board, false);
    ended = true;
  });
  bool quit = false;
  {
    game::Terminal terminal;
    game::Terminal::Size shown{0, 0};
    SteadyClock::time_point last_echo = SteadyClock::now();
    while (!quit && !ended) {
      if (SteadyClock::now() - last_echo > std::chrono::seconds(10)) {
        link.Send(game::EncodeEcho({}));  // the person may be reading: still here
        last_echo = SteadyClock::now();
      }
      const game::Terminal::Size size = terminal.size();
      if (board.TakeChanged() || !(size == shown)) {
        terminal.Show(board.Draw(size.columns, size.rows));
        shown = size;
      }
      switch (terminal.ReadKey(40)) {  // a picture every 40 ms at most
        case Key::kUp:
          link.Send(game::EncodeMove(Direction::kUp));
          break;
        case Key::kDown:
          link.Send(game::EncodeMove(Direction::kDown));
          break;
        case Key::kLeft:
          link.Send(game::EncodeMove(Direction::kLeft));
          break;
        case Key::kRight:
          link.Send(game::EncodeMove(Direction::kRight));
          break;
        case Key::kQuit:
          quit = true;
          break;
        case Key::kNone:
          break;
      }
    }
  }
  link.Finish();
  reader.join();
  if (!quit) std::cout << "closed by the server\n";
  return quit ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("A player of the move game", "move_client");
  ClientOptions options;
  app.Add("--host", options.host, "IPv4 address of the server").ShowDefault();
  app.Add("--port", options.port, "TCP port of the server").Range(1, 65535).ShowDefault();
  const apps::Option script =
      app.Flag("--script", options.script,
               "no board: commands from standard input (up, down, left, right, echo "
               "TEXT, board, quit), a line for each packet that arrives");
  app.Add("--walk", options.walk, "no board: so many steps at random, then leave")
      .Range(1, 1000000)
      .Excludes(script);
  app.Add("--interval-ms", options.interval_ms, "pause before each step of --walk")
      .Range(0, 60000)
      .ShowDefault();
  app.Add("--seed", options.seed, "of the random walk").ShowDefault();
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;

  MoveLink link;
  Board board;
  if (const net::Status status = link.Connect(options.host, options.port); !status.ok()) {
    return apps::Refuse(app, status.error());
  }
  link.Send(game::EncodeEcho({}));  // a sign of life: the server closes those that say nothing
  try {
    return options.script || options.walk > 0 ? RunLines(link, board, options)
                                              : RunBoard(link, board);
  } catch (const std::exception& exception) {
    return apps::Refuse(app, exception.what());
  }
}

// port_tour: a walk through the three calls of a completion port. Before and after each step it
// draws the five structures of the live port, and checks them against the rules.

#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "apps/port_tour/steps.h"
#include "support/options.h"

#ifdef _WIN32
#include <io.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

namespace port_tour {
namespace {

constexpr std::size_t kColumns = 80;

struct Options {
  bool automatic = false;
  bool json = false;
};

// Colours only on a terminal that shows them; NO_COLOR turns them off.
bool PrepareTerminal() {
#ifdef _WIN32
  SetConsoleOutputCP(CP_UTF8);
  const HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
  DWORD mode = 0;
  const bool terminal =
      GetConsoleMode(out, &mode) && SetConsoleMode(out, mode | 0x4 /* escape sequences */);
#else
  const bool terminal = isatty(STDOUT_FILENO) == 1;
#endif
  return terminal && std::getenv("NO_COLOR") == nullptr;
}

std::string Wrapped(const std::string& text, const std::string& indent) {
  std::istringstream words(text);
  std::string result;
  std::string line = indent;
  for (std::string word; words >> word;) {
    if (line.size() > indent.size() && line.size() + 1 + word.size() > kColumns) {
      result += line + "\n";
      line = indent;
    }
    line += (line.size() == indent.size() ? "" : " ") + word;
  }
  return result + line + "\n";
}

// What one step did.
struct Seen {
  Picture before;
  Picture expected;
  std::optional<Picture> after;  // nothing where the port cannot be looked into
  std::string surprise;
  bool AsExpected() const { return surprise.empty() && (!after || *after == expected); }
};

Seen Walk(const Step& step, Cast& cast) {
  Seen seen;
  seen.before = cast.Expected();
  step.act(cast);
  seen.expected = cast.Expected();
  seen.surprise = cast.TakeSurprise();
  seen.after = Look(cast.Port());
  return seen;
}

void PrintText(std::size_t number, std::size_t count, const Step& step, const Seen& seen,
               bool colours) {
  const char* bold = colours ? "\x1b[1m" : "";
  const char* plain = colours ? "\x1b[0m" : "";
  std::cout << '\n'
            << bold << number << '/' << count << "  " << step.title << plain << "\n"
            << Wrapped(step.call, "     ")
            << Draw(seen.before, seen.after.value_or(seen.expected), Cast::kConcurrency, colours)
            << Wrapped(step.text, "");
  if (!seen.surprise.empty()) {
    std::cout << "(!) " << seen.surprise << '\n';
  }
  if (!seen.after) {
    std::cout << "(drawn by the rules: this system's port is in the kernel and cannot be shown)\n";
  }
}

void PrintJson(std::size_t number, const Step& step, const Seen& seen) {
  std::cout << (number == 1 ? "" : ",\n") << R"({"step": )" << number << R"(, "title": )"
            << QuoteJson(step.title) << R"(, "call": )" << QuoteJson(step.call) << R"(, "before": )"
            << ToJson(seen.before) << R"(, "expected": )" << ToJson(seen.expected)
            << R"(, "seen": )" << (seen.after ? ToJson(*seen.after) : "null") << R"(, "surprise": )"
            << QuoteJson(seen.surprise) << R"(, "as_expected": )"
            << (seen.AsExpected() ? "true" : "false") << "}";
}

void WaitForEnter() {
  std::cout << "[Enter] " << std::flush;
  std::string ignored;
  std::getline(std::cin, ignored);
}

// Exit code 1 when the visible structures of the port broke the rules at some step.
int Run(const Options& options) {
  const bool colours = PrepareTerminal() && !options.json;
  const std::vector<Step> steps = AllSteps();
  Cast cast;
  bool as_expected = true;
  try {
    std::cout << (options.json ? "[\n" : "");
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Seen seen = Walk(steps[i], cast);
      as_expected = as_expected && (!seen.after || seen.AsExpected());
      if (options.json) {
        PrintJson(i + 1, steps[i], seen);
      } else {
        PrintText(i + 1, steps.size(), steps[i], seen, colours);
        if (!options.automatic && i + 1 < steps.size()) {
          WaitForEnter();
        }
      }
    }
    cast.ClosePort();
    std::cout << (options.json ? "\n]\n" : "\nThe port is closed. End of the tour.\n");
  } catch (const std::exception& error) {
    std::cout << std::flush;
    std::cerr << "port_tour: " << error.what() << std::endl;
    std::_Exit(1);  // a worker may sleep in the port for ever, so joining it could hang
  }
  return as_expected ? 0 : 1;
}

}  // namespace
}  // namespace port_tour

int main(int argc, char** argv) {
  apps::CommandLine app("A walk through the three calls of a completion port", "port_tour");
  port_tour::Options options;
  app.Flag("--auto", options.automatic, "do not wait for Enter between the steps");
  app.Flag("--json", options.json, "print the steps as JSON");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  return port_tour::Run(options);
}

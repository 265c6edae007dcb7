// Command lines of the stage's programs: --help, and one clear line with exit code 2 for a bad one.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

namespace apps {

inline constexpr int kBadUsage = 2;  // exit code: bad option, port in use, impossible limit

// One line on standard error, whatever `text` contains.
inline int Refuse(const CLI::App& app, std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::cerr << app.get_name() << ": " << text << '\n';
  return kBadUsage;
}

// A check for numbers that may have a fraction. Not CLI::Range: it asks whether a value is outside,
// and a NaN, which compares false with everything, is not.
inline CLI::Validator Between(double low, double high) {
  std::ostringstream range;
  range << low << " - " << high;
  return CLI::Validator(
      [low, high, range = range.str()](std::string& text) -> std::string {
        double value = 0;
        const bool inside = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
        return inside ? std::string() : "Value " + text + " not in range " + range;
      },
      "FLOAT in [" + range.str() + "]");
}

// Nothing: go on. Otherwise the exit code to end with: 0 after --help, 2 after a bad option.
inline std::optional<int> ParseOptions(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    return Refuse(app, std::string(error.what()) + " (see --help)");
  }
}

}  // namespace apps

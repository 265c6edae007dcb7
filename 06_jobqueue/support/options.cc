#include "support/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <sstream>
#include <utility>

namespace apps {

Option Option::Required() {
  option_->required();
  return *this;
}

Option Option::ShowDefault() {
  option_->capture_default_str();
  return *this;
}

Option Option::Range(long long low, long long high) {
  option_->check(CLI::Range(low, high));
  return *this;
}

Option Option::Between(double low, double high) {
  std::ostringstream range;
  range << low << " - " << high;
  // Not CLI::Range: it asks whether a value is outside, and a NaN, which compares false with
  // everything, is not.
  const auto check = [low, high, range = range.str()](const std::string& text) {
    double value = 0;
    const bool inside = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
    return inside ? std::string() : "Value " + text + " not in range " + range;
  };
  option_->check(check, "FLOAT in [" + range.str() + "]");
  return *this;
}

Option Option::OneOf(const std::vector<std::string>& words) {
  option_->check(CLI::IsMember(words));
  return *this;
}

Option Option::ExistingFile() {
  option_->check(CLI::ExistingFile);
  return *this;
}

Option Option::Excludes(Option other) {
  option_->excludes(other.option_);
  return *this;
}

Option Option::FromEnvironment(const std::string& variable) {
  option_->envname(variable);
  return *this;
}

CommandLine::CommandLine(std::string about, std::string name)
    : name_(std::move(name)), cli_(std::make_unique<CLI::App>(std::move(about), name_)) {}

CommandLine::~CommandLine() = default;

template <typename T>
Option CommandLine::Add(const std::string& name, T& value, const std::string& help) {
  return Option(cli_->add_option(name, value, help));
}

// The kinds of values that there are.
template Option CommandLine::Add(const std::string&, int&, const std::string&);
template Option CommandLine::Add(const std::string&, unsigned short&, const std::string&);
template Option CommandLine::Add(const std::string&, unsigned&, const std::string&);
template Option CommandLine::Add(const std::string&, unsigned long&, const std::string&);
template Option CommandLine::Add(const std::string&, unsigned long long&, const std::string&);
template Option CommandLine::Add(const std::string&, double&, const std::string&);
template Option CommandLine::Add(const std::string&, std::string&, const std::string&);
template Option CommandLine::Add(const std::string&, std::vector<int>&, const std::string&);
template Option CommandLine::Add(const std::string&, std::vector<unsigned>&, const std::string&);
template Option CommandLine::Add(const std::string&, std::vector<unsigned long>&,
                                 const std::string&);
template Option CommandLine::Add(const std::string&, std::vector<unsigned long long>&,
                                 const std::string&);
template Option CommandLine::Add(const std::string&, std::vector<double>&, const std::string&);
template Option CommandLine::Add(const std::string&, std::vector<std::string>&, const std::string&);

Option CommandLine::Flag(const std::string& name, bool& value, const std::string& help) {
  return Option(cli_->add_flag(name, value, help));
}

Option CommandLine::Flag(const std::string& name, std::function<void()> given,
                         const std::string& help) {
  return Option(cli_->add_flag_callback(name, std::move(given), help));
}

void CommandLine::Footer(const std::string& text) {
  cli_->footer(text);
}

int Refuse(const CommandLine& app, std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::cerr << app.name() << ": " << text << '\n';
  return kBadUsage;
}

std::optional<int> ParseOptions(CommandLine& app, int argc, char** argv) {
  try {
    app.cli().parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    std::cout << app.cli().help();
    return 0;
  } catch (const CLI::ParseError& error) {
    return Refuse(app, std::string(error.what()) + " (see --help)");
  }
}

}  // namespace apps

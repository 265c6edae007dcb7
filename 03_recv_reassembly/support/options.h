// Command lines of the stage's programs: --help, and one clear line with exit code 2 for a bad one.
// CLI11 reads them. It is all header and takes longer to compile than most programs here: only
// options.cc includes it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace apps {

inline constexpr int kBadUsage = 2;  // exit code: bad option, port in use, impossible limit

// One option of a command line. Belongs to its CommandLine; copies mean the same option.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option Required();
  Option ShowDefault();  // in --help: the variable's value as it is now
  Option Range(long long low, long long high);
  Option Between(double low, double high);  // fractions allowed, NaN is outside
  Option OneOf(const std::vector<std::string>& words);
  Option ExistingFile();
  Option Excludes(Option other);
  Option FromEnvironment(const std::string& variable);  // used when the option is not given

 private:
  CLI::Option* option_;
};

// A program's command line. One thread.
class CommandLine {
 public:
  CommandLine(std::string about, std::string name);
  ~CommandLine();

  // --flag VALUE, or a positional VALUE when `name` has no dashes, goes into `value` (numbers,
  // text, and vectors of them: a kind that nobody has used yet is a link error, see options.cc).
  template <typename T>
  Option Add(const std::string& name, T& value, const std::string& help);
  Option Flag(const std::string& name, bool& value, const std::string& help);
  Option Flag(const std::string& name, std::function<void()> given, const std::string& help);
  void Footer(const std::string& text);

  const std::string& name() const { return name_; }
  CLI::App& cli() { return *cli_; }  // for what is not here

 private:
  std::string name_;
  std::unique_ptr<CLI::App> cli_;
};

// One line on standard error, whatever `text` contains. Returns kBadUsage.
int Refuse(const CommandLine& app, std::string text);

// Nothing: go on. Otherwise the exit code to end with: 0 after --help, 2 after a bad option.
std::optional<int> ParseOptions(CommandLine& app, int argc, char** argv);

}  // namespace apps

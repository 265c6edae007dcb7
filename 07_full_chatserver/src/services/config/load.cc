#include "services/config/load.h"

// The parser's own assertions do not hold for every damaged file (a key that begins with a
// character that no key may have). They are no part of its answer: without them it reports a parse
// error, in debug builds as in release builds.
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "services/config/check.h"
#include "services/config/options.h"
#include "services/config/overloaded.h"
#include "services/config/suggest.h"

namespace config {

namespace {

std::string Shown(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& value) { out << value; });
  std::string text = out.str();
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

// Nothing = assigned; otherwise what is wrong.
using Wrong = std::optional<std::string>;

Wrong OutOfRange(const toml::node& node, const Option& option) {
  return Shown(node) + " is not allowed; allowed: " + AllowedText(option);
}

Wrong WrongType(const toml::node& node, const Option& option, std::string_view expected) {
  std::ostringstream type;
  type << node.type();
  return std::string(expected) + " expected, not " + type.str() + " " + Shown(node) +
         "; allowed: " + AllowedText(option);
}

Wrong AssignNumber(const toml::node& node, const Option& option, const NumberField& to) {
  const std::optional<std::int64_t> value = node.value_exact<std::int64_t>();
  if (!value) return WrongType(node, option, "an integer");
  if (*value < 0 || static_cast<std::uint64_t>(*value) < option.min ||
      static_cast<std::uint64_t>(*value) > option.max) {
    return OutOfRange(node, option);
  }
  to.set(to.member, static_cast<std::uint64_t>(*value));
  return std::nullopt;
}

Wrong AssignString(const toml::node& node, const Option& option, std::string& to) {
  const std::optional<std::string> value = node.value_exact<std::string>();
  if (!value) return WrongType(node, option, "a string");
  const bool of_names = option.names.empty() || std::ranges::count(option.names, *value) > 0;
  if (!of_names || !TextIsAllowed(*value, option.text)) return OutOfRange(node, option);
  to = *value;
  return std::nullopt;
}

Wrong AssignList(const toml::node& node, const Option& option, std::vector<std::string>& to) {
  const toml::array* const array = node.as_array();
  if (array == nullptr) return WrongType(node, option, "a list");
  std::vector<std::string> elements;
  for (const toml::node& element : *array) {
    std::string text;
    if (Wrong wrong = AssignString(element, option, text)) return wrong;
    elements.push_back(std::move(text));
  }
  to = std::move(elements);
  return std::nullopt;
}

Wrong AssignChoice(const toml::node& node, const Option& option, unsigned char& to) {
  const std::optional<std::string> value = node.value_exact<std::string>();
  if (!value) return WrongType(node, option, "a string");
  for (std::size_t i = 0; i < option.names.size(); ++i) {
    if (option.names[i] == *value) {
      to = static_cast<unsigned char>(i);
      return std::nullopt;
    }
  }
  return OutOfRange(node, option);
}

Wrong Assign(const toml::node& node, const Option& option, Config& config) {
  return std::visit(Overloaded{
                        [&](bool* to) -> Wrong {
                          const std::optional<bool> value = node.value_exact<bool>();
                          if (!value) return WrongType(node, option, "a boolean");
                          *to = *value;
                          return std::nullopt;
                        },
                        [&](const NumberField& to) { return AssignNumber(node, option, to); },
                        [&](std::string* to) { return AssignString(node, option, *to); },
                        [&](std::vector<std::string>* to) { return AssignList(node, option, *to); },
                        [&](ChoiceField to) { return AssignChoice(node, option, *to.value); },
                    },
                    option.field(config));
}

// Keys and values come from outside: whatever is in them, a problem is one line.
std::string OneLine(std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// For a value that could not be read; other errors (a key that is there twice) say what is wrong.
std::string HintFor(std::string_view error) {
  for (const char* of_value : {"integer", "floating-point", "boolean", "value", "string"}) {
    if (error.starts_with("Error while parsing") && error.find(of_value) < error.find(':') &&
        error.find("cannot redefine") == std::string_view::npos) {
      return "; allowed: KEY = VALUE, a value is 5, true, false, \"text\" or [\"a\", \"b\"]";
    }
  }
  return "";
}

class Loader {
 public:
  explicit Loader(std::string_view file_name) : file_(file_name) {}

  void ReadFile(std::string_view text);
  void Set(const std::string& set);
  Loaded Finish(const Checks& more);

 private:
  void AddProblem(std::string line) { loaded_.problems.push_back(std::move(line)); }
  std::string At(const toml::source_region& source) const {
    return file_ + ":" + std::to_string(source.begin.line) + ": ";
  }
  void ReadSection(std::string_view section, const toml::node& node);
  std::optional<toml::table> ParseValue(const Option& option, const std::string& value);

  std::string file_;
  Loaded loaded_;
  Places places_;  // where each key that was given got its value, for the checks between keys
};

void Loader::ReadFile(std::string_view text) {
  toml::table root;
  try {
    root = toml::parse(text, file_);
  } catch (const toml::parse_error& error) {
    // The parser cannot know how the text goes on after a syntax error: this one is all there is.
    AddProblem(At(error.source()) + "not TOML: " + std::string(error.description()) +
               HintFor(error.description()));
    return;
  }
  for (const auto& [key, node] : root) {
    if (IsSection(key.str())) {
      ReadSection(key.str(), node);
    } else {
      AddProblem(At(key.source()) + std::string(key.str()) + ": unknown " +
                 (node.is_table() ? "section" : "key") + SuggestSection(key.str()));
    }
  }
  // The parser's tables are in the order of the keys; who mends a file goes from line to line.
  std::ranges::stable_sort(loaded_.problems, {}, [this](const std::string& problem) {
    return std::stoul(problem.substr(file_.size() + 1));  // At()
  });
}

void Loader::ReadSection(std::string_view section, const toml::node& node) {
  const toml::table* const table = node.as_table();
  if (table == nullptr) {
    AddProblem(At(node.source()) + std::string(section) + ": this is a section: write [" +
               std::string(section) + "] on a line of its own");
    return;
  }
  for (const auto& [name, value] : *table) {
    const std::string key = std::string(section) + "." + std::string(name.str());
    const std::string where = At(name.source());
    const Option* const option = FindOption(key);
    if (option == nullptr) {
      AddProblem(where + key + ": unknown key" + SuggestKey(key));
    } else if (const Wrong wrong = Assign(value, *option, loaded_.config)) {
      AddProblem(where + key + ": " + *wrong);
    } else {
      places_[key] = where;
    }
  }
}

// The value as TOML; text that is none is taken as it stands where a string is expected.
std::optional<toml::table> Loader::ParseValue(const Option& option, const std::string& value) {
  const Field field = option.field(loaded_.config);
  const bool is_list = std::holds_alternative<std::vector<std::string>*>(field);
  const bool is_text =
      std::holds_alternative<std::string*>(field) || std::holds_alternative<ChoiceField>(field);
  toml::table table;
  if (is_text && !value.starts_with('"') && !value.starts_with('\'')) {
    table.insert("value", value);
    return table;
  }
  if (is_list && !value.starts_with('[')) {  // KR,JP
    toml::array array;
    for (std::size_t at = 0; at <= value.size() && !value.empty();) {
      const std::size_t comma = std::min(value.find(',', at), value.size());
      array.push_back(value.substr(at, comma - at));
      at = comma + 1;
    }
    table.insert("value", std::move(array));
    return table;
  }
  try {
    table = toml::parse("value = " + value);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
  // A line break in the value must not bring in other keys.
  if (table.size() != 1) return std::nullopt;
  return table;
}

void Loader::Set(const std::string& set) {
  const std::string where = "--set " + set + ": ";
  const std::size_t equals = set.find('=');
  if (equals == std::string::npos || equals == 0) {
    AddProblem(where + "no " + (equals == 0 ? "key" : "value") +
               "; allowed: SECTION.KEY=VALUE, such as server.port=7000");
    return;
  }
  const std::string key = set.substr(0, equals);
  const std::string value = set.substr(equals + 1);
  const Option* const option = FindOption(key);
  if (IsSection(key)) {
    AddProblem(where + key + ": this is a section; allowed: " + key + ".KEY=VALUE");
    return;
  }
  if (option == nullptr) {
    AddProblem(where + key + ": unknown key" + SuggestKey(key));
    return;
  }
  const std::optional<toml::table> table = ParseValue(*option, value);
  if (!table) {
    AddProblem(where + key + ": " + (value.empty() ? "an empty value" : value) +
               " is not allowed; allowed: " + AllowedText(*option));
  } else if (const Wrong wrong = Assign(*table->get("value"), *option, loaded_.config)) {
    AddProblem(where + key + ": " + *wrong);
  } else {
    places_[key] = where;
  }
}

Loaded Loader::Finish(const Checks& more) {
  // A key that was refused still has its default, so what the checks say about it would mislead.
  if (loaded_.ok()) CheckTogether(loaded_.config, file_, places_, more, loaded_.problems);
  for (std::string& problem : loaded_.problems) problem = OneLine(std::move(problem));
  return std::move(loaded_);
}

}  // namespace

Loaded LoadText(std::string_view text, std::string_view name, const std::vector<std::string>& sets,
                const Checks& more) {
  Loader loader(name);
  loader.ReadFile(text);
  for (const std::string& set : sets) loader.Set(set);
  return loader.Finish(more);
}

Loaded Load(const Sources& sources, const Checks& more) {
  if (sources.file.empty()) return LoadText("", "defaults", sources.sets, more);
  std::ifstream in(sources.file, std::ios::binary);
  std::string text;
  char part[4096];
  // read() and not an iterator, which throws where the system opens what it cannot read: a folder.
  while (in.read(part, sizeof part) || in.gcount() != 0) {
    text.append(part, static_cast<std::size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    Loaded failed;
    failed.problems.push_back(sources.file + ": cannot be read");
    return failed;
  }
  return LoadText(text, sources.file, sources.sets, more);
}

}  // namespace config

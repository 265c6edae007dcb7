#include "apps/chat_client/command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "support/terminal/text.h"

namespace chat_client {

namespace {

using Kind = Command::Kind;

struct Name {
  std::string_view word;
  Kind kind;
};
constexpr std::array kNames = {Name{"/help", Kind::kHelp}, Name{"/who", Kind::kWho},
                               Name{"/room", Kind::kRoom}, Name{"/quit", Kind::kQuit}};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// How many letters must be changed, added or left out to make `a` of `b` (Levenshtein).
std::size_t Difference(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

Command Mistake(std::string text) {
  return {Kind::kMistake, std::move(text), 0};
}

Command Unknown(std::string_view word) {
  std::string text = "there is no command " + terminal::Printable(word.substr(0, 40));
  for (const Name& name : kNames) {
    const bool begun = word.size() > 1 && name.word.starts_with(word);
    if (begun || (word.size() < 12 && Difference(word, name.word) <= 2)) {
      return Mistake(text + "; did you mean " + std::string(name.word) + "?");
    }
  }
  return Mistake(text + "; /help lists them, and //... says a line that begins with /");
}

Command ParseRoom(std::string_view number) {
  std::uint32_t room = 0;
  const char* const end = number.data() + number.size();
  const auto [at, error] = std::from_chars(number.data(), end, room);
  if (number.empty() || error != std::errc() || at != end) {
    return Mistake("/room wants the number of a room, as in /room 3");
  }
  return {Kind::kRoom, {}, room};
}

}  // namespace

Command ParseCommand(std::string_view line) {
  const std::string_view text = Trim(line);
  if (text.empty()) return {};
  if (text.front() != '/') return {Kind::kSay, std::string(line), 0};
  if (text.starts_with("//")) return {Kind::kSay, std::string(text.substr(1)), 0};

  const std::size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  const std::string_view rest = space == text.npos ? std::string_view() : Trim(text.substr(space));
  for (const Name& name : kNames) {
    if (word != name.word) continue;
    if (name.kind == Kind::kRoom) return ParseRoom(rest);
    if (!rest.empty()) return Mistake(std::string(word) + " stands alone");
    return {name.kind, {}, 0};
  }
  return Unknown(word);
}

}  // namespace chat_client

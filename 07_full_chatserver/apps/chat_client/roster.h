// Who is in the room, as far as the server has told. Threading: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace chat_client {

class Roster {
 public:
  static constexpr std::size_t kMostShown = 40;  // names in Text()

  void Clear() { names_.clear(); }
  void Add(std::uint64_t id, const std::string& name) { names_[id] = name; }
  // The name of who has gone; empty: it was not here.
  std::string Remove(std::uint64_t id) {
    const auto found = names_.find(id);
    if (found == names_.end()) return {};
    std::string name = std::move(found->second);
    names_.erase(found);
    return name;
  }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

  // "Knight1 (you), Mage4, Knight7 and 12 more"
  [[nodiscard]] std::string Text(std::uint64_t me) const {
    std::string text;
    std::size_t shown = 0;
    for (const auto& [id, name] : names_) {
      if (shown++ == kMostShown) break;
      if (!text.empty()) text += ", ";
      text += name;
      if (id == me) text += " (you)";
    }
    if (size() > kMostShown) text += " and " + std::to_string(size() - kMostShown) + " more";
    return text;
  }

 private:
  std::map<std::uint64_t, std::string> names_;  // by in-game id
};

}  // namespace chat_client

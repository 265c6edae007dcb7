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

  // `unnamed`: how many more there are than Add will say.
  void Clear(std::size_t unnamed = 0) {
    names_.clear();
    unnamed_ = unnamed;
  }
  void Add(std::uint64_t id, const std::string& name) { names_[id] = name; }
  // The name of who has gone; empty: it was not here, or had none.
  std::string Remove(std::uint64_t id) {
    const auto found = names_.find(id);
    if (found == names_.end()) {
      if (unnamed_ > 0) --unnamed_;
      return {};
    }
    std::string name = std::move(found->second);
    names_.erase(found);
    return name;
  }
  [[nodiscard]] std::size_t size() const { return names_.size() + unnamed_; }

  // "Knight1 (you), Mage4, Knight7 and 12 more"
  [[nodiscard]] std::string Text(std::uint64_t me) const {
    std::string text;
    std::size_t shown = 0;
    for (const auto& [id, name] : names_) {
      if (shown == kMostShown) break;
      ++shown;
      if (!text.empty()) text += ", ";
      text += name;
      if (id == me) text += " (you)";
    }
    if (size() > shown) text += " and " + std::to_string(size() - shown) + " more";
    return text;
  }

 private:
  std::map<std::uint64_t, std::string> names_;  // by in-game id
  std::size_t unnamed_ = 0;
};

}  // namespace chat_client

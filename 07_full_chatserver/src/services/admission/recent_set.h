// Who has been here lately: a set that forgets. An entry lives for `life` after it was added the
// last time; when there are too many the oldest goes. So its memory is bounded whoever fills it.
//
// Threading: none; its owner has the lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <list>
#include <unordered_map>
#include <utility>

namespace services {

template <typename Key>
class RecentSet {
 public:
  using Clock = std::chrono::steady_clock;

  RecentSet(std::size_t entries_max, Clock::duration life)
      : entries_max_(entries_max), life_(life) {}

  void Add(const Key& key, Clock::time_point now) {
    const auto known = by_key_.find(key);
    if (known != by_key_.end()) {
      known->second->second = now;
      entries_.splice(entries_.end(), entries_, known->second);
      return;
    }
    entries_.emplace_back(key, now);
    by_key_.emplace(key, std::prev(entries_.end()));
    if (entries_.size() <= entries_max_) return;
    by_key_.erase(entries_.front().first);
    entries_.pop_front();
  }

  [[nodiscard]] bool Contains(const Key& key, Clock::time_point now) const {
    const auto known = by_key_.find(key);
    return known != by_key_.end() && now - known->second->second < life_;
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Clock::time_point>>;

  std::size_t entries_max_;
  Clock::duration life_;
  Entries entries_;  // longest not added first
  std::unordered_map<Key, typename Entries::iterator> by_key_;
};

}  // namespace services

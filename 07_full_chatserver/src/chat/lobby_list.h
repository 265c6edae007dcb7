// A doubly linked list of slot indices, in arrays: the longest waiting first. Everything is O(1),
// and nothing allocates once the arrays have grown to the highest index.
//
// Time-outs are checked with it: all entries of a list have the same time-out, and whoever is
// heard moves to the back, so those who are over it are at the front.
//
// Threading: none. An index is in the list at most once.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace chat {

class IndexList {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  [[nodiscard]] bool Contains(std::uint32_t index) const {
    return index < links_.size() && links_[index].inside;
  }
  [[nodiscard]] std::uint32_t front() const { return front_; }  // kNone: empty
  [[nodiscard]] std::size_t size() const { return size_; }

  void PushBack(std::uint32_t index) {
    if (index >= links_.size()) links_.resize(index + std::size_t{1});
    assert(!links_[index].inside);
    links_[index] = Link{back_, kNone, true};
    (back_ == kNone ? front_ : links_[back_].next) = index;
    back_ = index;
    ++size_;
  }
  // Not inside: nothing happens.
  void Remove(std::uint32_t index) {
    if (!Contains(index)) return;
    const Link link = links_[index];
    (link.before == kNone ? front_ : links_[link.before].next) = link.next;
    (link.next == kNone ? back_ : links_[link.next].before) = link.before;
    links_[index] = Link{};
    --size_;
  }

 private:
  struct Link {
    std::uint32_t before = kNone;
    std::uint32_t next = kNone;
    bool inside = false;
  };
  std::vector<Link> links_;
  std::uint32_t front_ = kNone;
  std::uint32_t back_ = kNone;
  std::size_t size_ = 0;
};

}  // namespace chat

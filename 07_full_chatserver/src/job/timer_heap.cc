#include "job/timer_heap.h"

#include <tuple>
#include <utility>

namespace job {

TimerId TimerHeap::Add(TimePoint due, ReservedJob reserved) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  Entry& entry = entries_[slot];
  entry.due = due;
  entry.order = next_order_++;
  entry.position = heap_.size();
  entry.reserved = std::move(reserved);
  heap_.push_back(slot);
  SiftUp(entry.position);
  return TimerId{slot, entry.generation};
}

std::optional<ReservedJob> TimerHeap::Cancel(TimerId id) {
  if (!id || id.slot >= entries_.size()) return std::nullopt;
  const Entry& entry = entries_[id.slot];
  if (entry.generation != id.generation || entry.position == kNotInHeap) return std::nullopt;
  return Remove(entry.position);
}

std::optional<ReservedJob> TimerHeap::PopDue(TimePoint now) {
  if (heap_.empty() || entries_[heap_.front()].due > now) return std::nullopt;
  return Remove(0);
}

std::optional<TimePoint> TimerHeap::NextDue() const {
  if (heap_.empty()) return std::nullopt;
  return entries_[heap_.front()].due;
}

bool TimerHeap::Earlier(std::size_t a, std::size_t b) const {
  const Entry& left = entries_[heap_[a]];
  const Entry& right = entries_[heap_[b]];
  return std::tie(left.due, left.order) < std::tie(right.due, right.order);
}

void TimerHeap::Swap(std::size_t a, std::size_t b) {
  std::swap(heap_[a], heap_[b]);
  entries_[heap_[a]].position = a;
  entries_[heap_[b]].position = b;
}

void TimerHeap::SiftUp(std::size_t position) {
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (!Earlier(position, parent)) return;
    Swap(position, parent);
    position = parent;
  }
}

void TimerHeap::SiftDown(std::size_t position) {
  for (;;) {
    const std::size_t left = 2 * position + 1;
    if (left >= heap_.size()) return;
    const std::size_t right = left + 1;
    const std::size_t child = right < heap_.size() && Earlier(right, left) ? right : left;
    if (!Earlier(child, position)) return;
    Swap(position, child);
    position = child;
  }
}

ReservedJob TimerHeap::Remove(std::size_t position) {
  const std::uint32_t slot = heap_[position];
  const std::size_t last = heap_.size() - 1;
  if (position != last) Swap(position, last);
  heap_.pop_back();
  if (position != last) {
    // The entry that took the place may belong above or below; at most one of the two moves it.
    SiftUp(position);
    SiftDown(position);
  }
  Entry& entry = entries_[slot];
  entry.position = kNotInHeap;
  if (++entry.generation == 0)
    entry.generation = 1;  // every id given out for this slot is stale now
  free_slots_.push_back(slot);
  return std::exchange(entry.reserved, ReservedJob{});
}

}  // namespace job

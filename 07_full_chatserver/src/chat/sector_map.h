// Who stands where, and who hears whom: a grid of sectors (source 000: _sector[y][x]).
//
// The world is columns x rows sectors of sector_size x sector_size units. What somebody says is
// heard in his sector and the eight around it, at the edge of the world in fewer. So a message
// costs as much as people are near, not as many as are in the world.
//
// No hash and no tree: a member lives in the entry of his session's slot index, a sector lists the
// indices of those inside, and an entry knows its place in that list; leaving a sector moves the
// last one of the list into the gap. Everything is O(1) but Hearers, which is O(those who hear).
// After the lists have grown to the crowd nothing allocates.
//
// Threading: none; the grid's jobs call it (sector_grid.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "job/clock.h"
#include "net/session_id.h"

namespace chat {

struct SectorOptions {
  std::uint32_t columns = 50;  // sectors; 1..1000
  std::uint32_t rows = 50;     // sectors; 1..1000
  // Units of length, 1..1'000'000. With 1 a position IS a sector, as in the source.
  std::uint32_t sector_size = 1;

  // What is wrong, as one line for the user; nothing when they are fine.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

struct Position {
  std::uint32_t x = 0;  // 0 .. columns * sector_size - 1
  std::uint32_t y = 0;  // 0 .. rows * sector_size - 1
  friend bool operator==(const Position&, const Position&) = default;
};

class SectorMap {
 public:
  // When a member has spoken, and has been told that the sector is busy.
  struct Speech {
    job::TimePoint spoke{};
    job::TimePoint told_busy{};
  };
  struct Member {
    net::SessionId id;  // 0: nobody
    Speech speech;
    std::uint64_t player_id = 0;
    std::uint64_t account = 0;
    std::string name;
    Position at;
    std::uint32_t sector = 0;  // number: row * columns + column
    std::uint32_t place = 0;   // in the sector's list
  };

  // Throws std::invalid_argument with Validate()'s line.
  explicit SectorMap(const SectorOptions& options);

  [[nodiscard]] bool Contains(Position at) const { return at.x < width_ && at.y < height_; }
  // `at` must be inside.
  [[nodiscard]] std::uint32_t SectorAt(Position at) const;
  [[nodiscard]] std::uint32_t sectors() const { return static_cast<std::uint32_t>(lists_.size()); }
  [[nodiscard]] std::size_t size() const { return size_; }

  // nullptr: not here (a session that has gone, or the slot's next tenant: the id decides). Valid
  // until the next Add.
  [[nodiscard]] const Member* Find(net::SessionId id) const;

  // Of somebody who is here.
  [[nodiscard]] Speech& SpeechOf(net::SessionId id) { return members_[id.index()].speech; }

  // A tenant of the slot that never left is gone by now and makes room. False: here already, or
  // `at` is outside.
  bool Add(net::SessionId id, std::uint64_t player_id, std::string name, Position at,
           std::uint64_t account = 0);
  // False: not here.
  bool Move(net::SessionId id, Position to);
  bool Remove(net::SessionId id);

  // Calls f(number) for the sectors that hear `sector`, itself included: 4, 6 or 9 of them in a
  // world of two sectors or more each way.
  template <class F>
  void ForEachNeighbour(std::uint32_t sector, F&& f) const;

  // Appends those who hear `sector`, in no particular order.
  void Hearers(std::uint32_t sector, std::vector<net::SessionId>& to) const;

 private:
  void PutInto(Member& member, std::uint32_t sector);
  void TakeOut(const Member& member);

  const std::uint32_t columns_;
  const std::uint32_t rows_;
  const std::uint32_t sector_size_;
  const std::uint64_t width_;                      // units
  const std::uint64_t height_;                     // units
  std::vector<Member> members_;                    // by session slot index
  std::vector<std::vector<std::uint32_t>> lists_;  // by sector: slot indices of its members
  std::size_t size_ = 0;
};

template <class F>
void SectorMap::ForEachNeighbour(std::uint32_t sector, F&& f) const {
  // [neighbours]
  // <student 07c.2>
  const std::uint32_t row = sector / columns_;
  const std::uint32_t column = sector % columns_;
  const std::uint32_t top = row == 0 ? 0 : row - 1;
  const std::uint32_t left = column == 0 ? 0 : column - 1;
  for (std::uint32_t r = top; r <= row + 1 && r < rows_; ++r) {
    for (std::uint32_t c = left; c <= column + 1 && c < columns_; ++c) f(r * columns_ + c);
  }
  // </student>
  // [/neighbours]
}

}  // namespace chat

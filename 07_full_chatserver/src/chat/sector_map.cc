#include "chat/sector_map.h"

#include <stdexcept>
#include <utility>

namespace chat {

namespace {

const SectorOptions& Checked(const SectorOptions& options) {
  if (const auto reason = options.Validate()) throw std::invalid_argument(*reason);
  return options;
}

}  // namespace

std::optional<std::string> SectorOptions::Validate() const {
  if (columns < 1 || columns > 1000) return "sector columns must be 1..1000";
  if (rows < 1 || rows > 1000) return "sector rows must be 1..1000";
  if (sector_size < 1 || sector_size > 1'000'000) return "the sector size must be 1..1000000";
  return std::nullopt;
}

SectorMap::SectorMap(const SectorOptions& options)
    : columns_(Checked(options).columns),
      rows_(options.rows),
      sector_size_(options.sector_size),
      width_(std::uint64_t{columns_} * sector_size_),
      height_(std::uint64_t{rows_} * sector_size_),
      lists_(std::size_t{columns_} * rows_) {}

std::uint32_t SectorMap::SectorAt(Position at) const {
  return at.y / sector_size_ * columns_ + at.x / sector_size_;
}

const SectorMap::Member* SectorMap::Find(net::SessionId id) const {
  if (!id || id.index() >= members_.size()) return nullptr;
  const Member& member = members_[id.index()];
  return member.id == id ? &member : nullptr;
}

bool SectorMap::Add(net::SessionId id, std::uint64_t player_id, std::string name, Position at,
                    std::uint64_t account) {
  // <student 07c.3>
  if (!id || !Contains(at)) return false;
  if (id.index() >= members_.size()) members_.resize(id.index() + std::size_t{1});
  Member& member = members_[id.index()];
  if (member.id == id) return false;
  Remove(member.id);
  member.id = id;
  member.speech = {};
  member.player_id = player_id;
  member.account = account;
  member.name = std::move(name);
  member.at = at;
  PutInto(member, SectorAt(at));
  ++size_;
  return true;
  // </student>
}

bool SectorMap::Move(net::SessionId id, Position to) {
  // <student 07c.3>
  if (Find(id) == nullptr || !Contains(to)) return false;
  Member& member = members_[id.index()];
  member.at = to;
  const std::uint32_t sector = SectorAt(to);
  if (sector == member.sector) return true;
  TakeOut(member);
  PutInto(member, sector);
  return true;
  // </student>
}

bool SectorMap::Remove(net::SessionId id) {
  // <student 07c.3>
  if (Find(id) == nullptr) return false;
  Member& member = members_[id.index()];
  TakeOut(member);
  member.id = net::SessionId{};
  --size_;
  return true;
  // </student>
}

void SectorMap::Hearers(std::uint32_t sector, std::vector<net::SessionId>& to) const {
  ForEachNeighbour(sector, [&](std::uint32_t other) {
    for (const std::uint32_t index : lists_[other]) to.push_back(members_[index].id);
  });
}

void SectorMap::PutInto(Member& member, std::uint32_t sector) {
  // <student 07c.4>
  std::vector<std::uint32_t>& list = lists_[sector];
  member.sector = sector;
  member.place = static_cast<std::uint32_t>(list.size());
  list.push_back(member.id.index());
  // </student>
}

void SectorMap::TakeOut(const Member& member) {
  // <student 07c.4>
  std::vector<std::uint32_t>& list = lists_[member.sector];
  const std::uint32_t last = list.back();
  list[member.place] = last;
  members_[last].place = member.place;  // nothing changes when `last` is the member itself
  list.pop_back();
  // </student>
}

}  // namespace chat

#include "chat/sector_grid.h"

#include <cassert>
#include <utility>

namespace chat {

SectorGrid::SectorGrid(job::ReadyQueue& ready, const SectorOptions& options, SectorOutlet& outlet,
                       const Rate& fan_out, const job::Clock& clock)
    : JobQueue(ready),
      outlet_(outlet),
      map_(options),
      fan_out_(fan_out),
      clock_(clock),
      buckets_(fan_out.per_second > 0 ? map_.sectors() : 0),
      next_sector_numbers_(map_.sectors(), 1) {}

// --- any thread -----------------------------------------------------------------------------------

job::PostResult SectorGrid::Join(net::SessionId id, std::uint64_t player_id, std::string name,
                                 Position at, std::uint64_t account) {
  return Post([this, id, player_id, at, account, name = std::move(name)]() mutable {
    DoJoin(id, player_id, std::move(name), at, account);
  });
}

job::PostResult SectorGrid::Move(net::SessionId id, Position to, JobBudget::Permit permit) {
  return Post([this, id, to, permit = std::move(permit)] { DoMove(id, to); });
}

// The text travels in a packet: its memory is pooled, and a job has room for a reference.
job::PostResult SectorGrid::Talk(net::SessionId id, std::string_view message,
                                 JobBudget::Permit permit) {
  net::PacketRef text = net::Packet::Make(0, message.size());
  text->Write({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
  auto talk = [this, id, text = std::move(text), permit = std::move(permit)] {
    const auto said = text->body();
    DoTalk(id, {reinterpret_cast<const char*>(said.data()), said.size()});
  };
  static_assert(job::Job::kFitsInline<decltype(talk)>, "one allocation per message");
  return Post(std::move(talk));
}

job::PostResult SectorGrid::Leave(net::SessionId id) {
  return Post([this, id] { map_.Remove(id); });
}

job::PostResult SectorGrid::Leave(net::SessionId id, std::function<void()> then) {
  return Post([this, id, then = std::move(then)]() mutable {
    map_.Remove(id);
    left_.push_back(std::move(then));
  });
}

// --- jobs -----------------------------------------------------------------------------------------

void SectorGrid::DoJoin(net::SessionId id, std::uint64_t player_id, std::string name, Position at,
                        std::uint64_t account) {
  Answer(id, map_.Add(id, player_id, std::move(name), at, account));
}

void SectorGrid::DoMove(net::SessionId id, Position to) {
  Answer(id, map_.Move(id, to));
}

void SectorGrid::Answer(net::SessionId id, bool success) {
  assert(InThisQueue());
  Event& event = events_.emplace_back();
  event.id = id;
  event.success = success;
  if (const SectorMap::Member* member = map_.Find(id)) {
    event.at = member->at;
    event.sector = member->sector;
  }
}

// Who hears it is decided now: later jobs of this slice may move people.
// [talk]
void SectorGrid::DoTalk(net::SessionId id, std::string_view message) {
  // <student 07c.5>
  assert(InThisQueue());
  Event& event = events_.emplace_back();
  event.id = id;
  event.talk = true;
  const SectorMap::Member* const speaker = map_.Find(id);
  if (speaker == nullptr) {
    event.refusal = SectorRefusal::kNotHere;
    return;
  }
  event.player_id = speaker->player_id;
  event.account = speaker->account;
  event.at = speaker->at;
  event.sector = speaker->sector;
  event.name_at = text_.size();
  text_ += speaker->name;
  event.message_at = text_.size();
  text_ += message;
  event.text_end = text_.size();
  event.hearers_at = hearers_.size();
  map_.Hearers(speaker->sector, hearers_);
  event.hearers_end = hearers_.size();
  event.success = IsAllowed(event, message.size());
  // </student>
}
// [/talk]

// As in a room: the last half of a sector's bucket is for those who have been silent for a second.
bool SectorGrid::IsAllowed(Event& event, std::size_t message_bytes) {
  if (buckets_.empty()) return true;
  const job::TimePoint now = clock_.Now();
  SectorMap::Speech& speech = map_.SpeechOf(event.id);
  const bool rarely = now - std::exchange(speech.spoke, now) >= std::chrono::seconds(1);
  const double bytes = static_cast<double>(message_bytes * (event.hearers_end - event.hearers_at));
  if (buckets_[event.sector].Take(fan_out_, now, bytes, rarely ? 0 : fan_out_.burst / 2)) {
    return true;
  }
  hearers_.resize(event.hearers_at);
  event.hearers_end = event.hearers_at;
  if (now - speech.told_busy >= std::chrono::seconds(1)) {
    speech.told_busy = now;
    event.refusal = SectorRefusal::kBusy;
  }
  return false;
}

// --- the end of a slice: record, then number, then send -------------------------------------------

// [slice-end]
void SectorGrid::OnSliceEnd() {
  // <student 07c.5>
  const struct AtEnd {
    SectorGrid& grid;
    ~AtEnd() { grid.ForgetSlice(); }  // also when the outlet throws: nothing is recorded twice
  } at_end{*this};
  const bool recorded = RecordTurn();
  for (const Event& event : events_) Deliver(event, recorded);
  outlet_.Send(deliveries_);
  for (const std::function<void()>& then : std::exchange(left_, {})) then();
  // </student>
}
// [/slice-end]

void SectorGrid::ForgetSlice() {
  events_.clear();
  text_.clear();
  hearers_.clear();
  turn_.clear();
  deliveries_.clear();
}

SectorTalk SectorGrid::TalkOf(const Event& event) const {
  const std::string_view text(text_);
  return SectorTalk{event.id,
                    event.player_id,
                    event.account,
                    text.substr(event.name_at, event.message_at - event.name_at),
                    text.substr(event.message_at, event.text_end - event.message_at),
                    event.sector};
}

bool SectorGrid::RecordTurn() {
  // <student 07c.5>
  for (const Event& event : events_) {
    if (event.talk && event.success) {
      turn_.push_back(TalkOf(event));
      turn_.back().number = next_number_ + static_cast<std::uint32_t>(turn_.size()) - 1;
    }
  }
  return turn_.empty() || outlet_.Record(turn_);
  // </student>
}

void SectorGrid::Deliver(const Event& event, bool recorded) {
  // <student 07c.5>
  if (event.talk && event.success && recorded) {
    const net::PacketRef packet =
        outlet_.MakeTalk(TalkOf(event), next_number_++, next_sector_numbers_[event.sector]++);
    for (std::size_t i = event.hearers_at; i < event.hearers_end; ++i) {
      deliveries_.push_back({hearers_[i], packet});
    }
  } else if (event.talk) {
    const SectorRefusal why = event.success ? SectorRefusal::kNotRecorded : event.refusal;
    if (why == SectorRefusal::kNone) return;  // told so already within the last second
    deliveries_.push_back({event.id, outlet_.MakeRefusal(event.id, why)});
  } else {
    marks_.clear();
    if (event.success) {
      map_.ForEachNeighbour(event.sector, [this](std::uint32_t sector) {
        marks_.push_back({sector, next_sector_numbers_[sector]});
      });
    }
    deliveries_.push_back(
        {event.id, outlet_.MakeAnswer({event.id, event.at, event.success, marks_})});
  }
  // </student>
}

}  // namespace chat

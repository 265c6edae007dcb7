#include "services/db/writer_queue.h"

#include <algorithm>

namespace db {

void WriterQueue::StartWith(std::uint64_t oldest, std::uint64_t last) {
  const std::lock_guard guard(lock_);
  taken_ = oldest - 1;
  stored_ = last;
}

void WriterQueue::Push(std::uint64_t first_id, std::uint64_t last_id, const std::string& bytes) {
  bool enough = false;
  {
    const std::lock_guard guard(lock_);
    stored_ = last_id;
    if (memory_ + bytes.size() <= memory_max_) {
      turns_.push_back({first_id, last_id, bytes});
      memory_ += bytes.size();
      in_turns_ += last_id - first_id + 1;
    }
    enough = Waiting() >= wanted_;
  }
  if (enough) wake_.notify_one();
}

bool WriterQueue::PushLoose(std::uint64_t records, const std::string& bytes) {
  bool enough = false;
  {
    const std::lock_guard guard(lock_);
    if (loose_memory_ + bytes.size() > memory_max_) return false;
    loose_.push_back({1, records, bytes});
    loose_memory_ += bytes.size();
    in_loose_ += records;
    enough = Waiting() >= wanted_;
  }
  if (enough) wake_.notify_one();
  return true;
}

Work WriterQueue::TakeNow() {
  Work work;
  const std::uint64_t next = taken_ + 1;
  if (!turns_.empty() && turns_.front().first_id == next) {
    work.kind = Work::Kind::kTurn;
    work.turn = std::move(turns_.front());
    turns_.pop_front();
    in_turns_ -= work.turn.last_id - work.turn.first_id + 1;
    in_hand_ += work.turn.last_id - taken_;
    taken_ = work.turn.last_id;
  } else if (next <= stored_) {
    work.kind = Work::Kind::kRead;
    work.from = next;
    work.to = turns_.empty() ? stored_ : turns_.front().first_id - 1;
  } else if (!loose_.empty()) {
    work.kind = Work::Kind::kLoose;
    work.turn = std::move(loose_.front());
    loose_.pop_front();
    in_loose_ -= work.turn.last_id;
    in_hand_ += work.turn.last_id;
    loose_memory_ -= work.turn.bytes.size();
  }
  return work;
}

Work WriterQueue::Take(std::chrono::milliseconds patience) {
  std::unique_lock guard(lock_);
  Await(guard, {patience, 1});
  // A transaction costs the database far more than a row, and nobody waits for it: what was said is
  // safe in the journal. So what comes within a moment goes along.
  if (patience.count() > 0 && Waiting() > 0) Await(guard, gather_);
  woken_ = false;
  return TakeNow();
}

void WriterQueue::Await(std::unique_lock<std::mutex>& guard, const Gather& what) {
  wanted_ = what.records;
  wake_.wait_for(guard, what.time, [&] { return woken_ || Waiting() >= what.records; });
  wanted_ = kNobodyWaits;
}

Work WriterQueue::TakeTurnIfNext() {
  const std::lock_guard guard(lock_);
  if (turns_.empty() || turns_.front().first_id != taken_ + 1) return {};
  return TakeNow();
}

void WriterQueue::TakenTo(std::uint64_t last_id) {
  const std::lock_guard guard(lock_);
  in_hand_ += last_id - taken_;
  taken_ = last_id;
}

void WriterQueue::GoTo(std::uint64_t next, std::uint64_t in_hand) {
  const std::lock_guard guard(lock_);
  while (!turns_.empty() && turns_.front().first_id < next) {
    memory_ -= turns_.front().bytes.size();
    in_turns_ -= turns_.front().last_id - turns_.front().first_id + 1;
    turns_.pop_front();
  }
  taken_ = std::min(next - 1, stored_);
  in_hand_ = in_hand;
}

void WriterQueue::SetInHand(std::uint64_t records) {
  const std::lock_guard guard(lock_);
  in_hand_ = records;
}

void WriterQueue::Release(std::size_t bytes) {
  const std::lock_guard guard(lock_);
  memory_ -= bytes;
}

void WriterQueue::Wake() {
  {
    const std::lock_guard guard(lock_);
    woken_ = true;
  }
  wake_.notify_one();
}

WriterQueue::Numbers WriterQueue::Count() const {
  const std::lock_guard guard(lock_);
  const std::uint64_t journaled = stored_ - taken_;
  return {journaled + in_loose_ + in_hand_, memory_ + loose_memory_, journaled - in_turns_,
          in_loose_, in_hand_};
}

}  // namespace db

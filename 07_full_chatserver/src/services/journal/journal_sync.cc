// Group commit: one thread syncs, again and again, everything that has been written by then.
// However many rooms talk, the disk is asked once at a time, and nobody who appends waits for it.
#include <algorithm>
#include <utility>

#include "services/journal/journal.h"

namespace journal {

namespace {

// Beyond these the disk does not keep up: nothing is appended, so that what waits for it (here, and
// where it is to be sent) has a bound.
constexpr std::chrono::seconds kSyncPatience{2};
constexpr std::size_t kUnsafeMost = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kRetry{100};

}  // namespace

bool Journal::IsStuck() const {
  if (!options_.sync || unsafe_.empty()) return false;
  return sync_failed_ || unsafe_bytes_ > kUnsafeMost ||
         std::chrono::steady_clock::now() - unsafe_.front().since > kSyncPatience;
}

void Journal::WhenSafe(std::function<void(std::uint64_t)> told) {
  const std::lock_guard guard(told_lock_);
  told_ = std::move(told);
  if (told_) told_(safe_id());
}

void Journal::Tell(std::uint64_t safe_id) {
  const std::lock_guard guard(told_lock_);
  if (told_) told_(safe_id);
}

// [sync-loop]
void Journal::SyncLoop() {
  // <student 07b.4>
  std::unique_lock lock(lock_);
  while (true) {
    wake_sync_.wait(lock, [this] { return stopping_ || !unsafe_.empty(); });
    if (unsafe_.empty()) return;
    const std::uint64_t all = unsafe_.back().last_id;  // while the disk works more may come
    const std::error_code error = SyncNow(lock);
    if (!error) {
      while (!unsafe_.empty() && unsafe_.front().last_id <= all) {
        unsafe_bytes_ -= unsafe_.front().bytes.size();
        unsafe_.pop_front();
      }
      safe_.store(all, std::memory_order_release);
    }
    sync_failed_ = static_cast<bool>(error);
    if (!error || !options_.hold_when_sync_fails) {
      lock.unlock();
      Tell(all);
      lock.lock();
    }
    if (!error) continue;
    if (stopping_) return;  // nobody has heard what is not safe
    (void)WriteAgain();
    wake_sync_.wait_for(lock, kRetry, [this] { return stopping_; });
  }
  // </student>
}
// [/sync-loop]

// Without the lock: the disk may take its time.
std::error_code Journal::SyncNow(std::unique_lock<std::mutex>& lock) {
  std::vector<std::shared_ptr<UniqueFile>> files = std::exchange(to_sync_, {});
  if (!file_) return make_error_code(std::errc::io_error);
  files.push_back(file_);
  const bool names = std::exchange(new_names_, false);
  ++syncs_;
  lock.unlock();
  std::error_code error;
  for (const auto& file : files) {
    if (!error) error = options_.ops->Sync(file->get());
  }
  if (!error && names) error = options_.ops->SyncFolder(options_.folder);
  files.clear();  // closes what is not written to any more
  lock.lock();
  return error;
}

// After a sync that failed the system may have dropped the pages, and says "fine" when it is asked
// again. So it is not: what is not safe goes into a new segment, under the same numbers. What the
// old one has of them does not count, because Recover goes by the new one's name.
std::error_code Journal::WriteAgain() {
  const std::uint64_t safe = safe_id();
  while (!segments_.empty() && segments_.back().first_id > safe + 1) {
    bytes_ -= segments_.back().size;
    options_.ops->Remove(segments_.back().path);
    segments_.pop_back();
  }
  if (!segments_.empty()) segments_.back().last_id = std::min(segments_.back().last_id, safe);
  const std::uint64_t next = std::exchange(next_id_, safe + 1);
  file_.reset();
  to_sync_.clear();
  ++rewrites_;
  std::error_code error = BeginSegment();
  next_id_ = next;
  if (error) return error;
  Segment& segment = segments_.back();
  for (const Unsafe& batch : unsafe_) {
    error = WriteAll(*options_.ops, file_->get(), segment.size, batch.bytes).error;
    if (error) {
      file_.reset();
      return error;
    }
    segment.last_id = batch.last_id;
    segment.size += batch.bytes.size();
    bytes_ += batch.bytes.size();
  }
  return {};
}

}  // namespace journal

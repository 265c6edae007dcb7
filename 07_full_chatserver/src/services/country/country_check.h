// May a peer at this address (IPv4, as the server's sockets) come in? By the country of its
// address, from a MaxMind database (GeoLite2-Country and the like). Without a database everybody
// may.
//
// Order: loopback, private ranges, then the country. An address says where a network is registered,
// not who sits there: a first hurdle, never the proof of anything.
//
// Databases are replaced every week: Refresh looks whether the file is another one and takes it.
// One that cannot be read (half written, cut short, gone) changes nothing: the old one goes on, and
// IsStale says so.
//
// Threading: Open by one thread, before the others; then Check and IsStale by any thread, Refresh
// by one at a time. Check is asked once per connection; its lock is held for the copy of a pointer.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/country/mmdb_file.h"

namespace services {

struct CountryOptions {
  std::string database;                    // path of the .mmdb file; empty: no check
  std::vector<std::string> allowed{"KR"};  // ISO 3166-1 codes, two capital letters
  bool allow_loopback = true;
  bool allow_private = false;
  bool allow_unknown = false;  // addresses that the database does not know

  // Nothing, or what is wrong. The file is not looked at.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

enum class Entry : unsigned char {
  kNoDatabase,  // allowed: there is no check
  kLoopback,
  kPrivate,
  kCountry,  // allowed: on the list
  kRefusedLoopback,
  kRefusedPrivate,
  kRefusedCountry,
  kRefusedUnknown,
};
const char* ToString(Entry entry);

struct CountryAnswer {
  Entry entry = Entry::kNoDatabase;
  std::string country;  // when the database knows it, "" otherwise

  bool allowed() const { return entry < Entry::kRefusedLoopback; }
};

// What tells one content of a file from the next.
struct FileMark {
  std::int64_t size = -1;  // there is none
  std::filesystem::file_time_type written{};
  friend bool operator==(const FileMark&, const FileMark&) = default;
};

class CountryCheck {
 public:
  // Once, at start-up. An empty string, or why not, as one line for the user.
  std::string Open(const CountryOptions& options);

  CountryAnswer Check(std::uint32_t ip) const;  // host byte order: 127.0.0.1 is 0x7F000001

  // Takes the file when it is not the one that was read last. An empty string, or why the old one
  // goes on (said once per file).
  std::string Refresh();
  // The file that is there now could not be taken.
  bool IsStale() const { return stale_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<const MmdbFile> Database() const {
    const std::lock_guard lock(lock_);
    return database_;
  }

  CountryOptions options_;
  FileMark mark_;                   // of the file that was read last, or tried; Open, then Refresh
  std::atomic<bool> stale_{false};  // atomic: Refresh writes
  mutable std::mutex lock_;
  std::shared_ptr<const MmdbFile> database_;  // guarded by lock_; nullptr: no check
};

}  // namespace services

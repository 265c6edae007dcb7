#include "services/country/country_check.h"

#include <algorithm>

namespace services {
namespace {

struct Range {
  std::uint32_t first;
  int bits;

  constexpr bool Contains(std::uint32_t ip) const { return (first ^ ip) >> (32 - bits) == 0; }
};
constexpr Range kLoopback{0x7F00'0000, 8};
// RFC 1918, 6598 (carrier NAT), 3927.
constexpr Range kPrivate[] = {{0x0A00'0000, 8},    // 10.0.0.0
                              {0xAC10'0000, 12},   // 172.16.0.0
                              {0xC0A8'0000, 16},   // 192.168.0.0
                              {0x6440'0000, 10},   // 100.64.0.0
                              {0xA9FE'0000, 16}};  // 169.254.0.0

bool IsCountryCode(const std::string& code) {
  return code.size() == 2 &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

FileMark MarkOf(const std::string& path) {
  std::error_code error;
  FileMark mark;
  mark.written = std::filesystem::last_write_time(path, error);
  if (error) return {};
  const auto size = std::filesystem::file_size(path, error);
  if (!error) mark.size = static_cast<std::int64_t>(size);
  return mark;
}

}  // namespace

const char* ToString(Entry entry) {
  switch (entry) {
    case Entry::kNoDatabase:
      return "no country check";
    case Entry::kLoopback:
      return "loopback";
    case Entry::kPrivate:
      return "private address";
    case Entry::kCountry:
      return "country allowed";
    case Entry::kRefusedLoopback:
      return "loopback refused";
    case Entry::kRefusedPrivate:
      return "private address refused";
    case Entry::kRefusedCountry:
      return "country refused";
    case Entry::kRefusedUnknown:
      return "country unknown";
  }
  return "?";
}

std::optional<std::string> CountryOptions::Validate() const {
  for (const std::string& code : allowed) {
    if (!IsCountryCode(code)) return "country: '" + code + "' is not a code of two capital letters";
  }
  return std::nullopt;
}

std::string CountryCheck::Open(const CountryOptions& options) {
  if (const auto wrong = options.Validate()) return *wrong;
  options_ = options;
  if (options.database.empty()) return "";
  mark_ = MarkOf(options.database);
  std::string error;
  database_ = MmdbFile::Open(options.database, error);
  return database_ ? "" : "country: " + options.database + ": " + error;
}

// The mark is taken before the file is read: what is written meanwhile is seen the next time.
std::string CountryCheck::Refresh() {
  if (options_.database.empty()) return "";
  const FileMark now = MarkOf(options_.database);
  if (now == mark_) return "";
  mark_ = now;
  std::string error;
  std::shared_ptr<const MmdbFile> fresh = MmdbFile::Open(options_.database, error);
  stale_.store(!fresh, std::memory_order_relaxed);
  if (!fresh) return "country: " + options_.database + ": " + error;
  const std::lock_guard lock(lock_);
  database_.swap(fresh);
  return "";
}

// [check]
CountryAnswer CountryCheck::Check(std::uint32_t ip) const {
  // <student 07e.1>
  const std::shared_ptr<const MmdbFile> database = Database();
  if (!database) return {Entry::kNoDatabase, ""};
  if (kLoopback.Contains(ip)) {
    return {options_.allow_loopback ? Entry::kLoopback : Entry::kRefusedLoopback, ""};
  }
  for (const Range& range : kPrivate) {
    if (!range.Contains(ip)) continue;
    return {options_.allow_private ? Entry::kPrivate : Entry::kRefusedPrivate, ""};
  }
  const std::string country = database->CountryOf(ip);
  if (country.empty()) {
    return {options_.allow_unknown ? Entry::kCountry : Entry::kRefusedUnknown, ""};
  }
  const auto& allowed = options_.allowed;
  const bool listed = std::find(allowed.begin(), allowed.end(), country) != allowed.end();
  return {listed ? Entry::kCountry : Entry::kRefusedCountry, country};
  // </student>
}
// [/check]

}  // namespace services

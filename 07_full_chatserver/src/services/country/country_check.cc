#include "services/country/country_check.h"

#include <algorithm>

namespace services {
namespace {

bool IsLoopback(const IpAddress& address) {
  if (address.IsV4()) return address.bytes[12] == 127;
  IpAddress one;
  one.bytes[15] = 1;  // ::1
  return address == one;
}

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

std::string CountryCheck::Open(const CountryOptions& options) {
  options_ = options;
  for (const std::string& code : options.allowed) {
    if (!IsCountryCode(code)) return "country: '" + code + "' is not a code of two capital letters";
  }
  for (const std::string& text : options.private_ranges) {
    const auto range = ParseIpRange(text);
    if (!range) return "country: '" + text + "' is not an address range like 10.0.0.0/8";
    private_ranges_.push_back(*range);
  }
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
CountryAnswer CountryCheck::Check(const IpAddress& address) const {
  const std::shared_ptr<const MmdbFile> database = Database();
  if (!database) return {Entry::kNoDatabase, ""};
  if (IsLoopback(address)) {
    return {options_.allow_loopback ? Entry::kLoopback : Entry::kRefusedLoopback, ""};
  }
  for (const IpRange& range : private_ranges_) {
    if (!range.Contains(address)) continue;
    return {options_.allow_private ? Entry::kPrivate : Entry::kRefusedPrivate, ""};
  }
  const std::string country = database->CountryOf(address);
  if (country.empty()) {
    return {options_.allow_unknown ? Entry::kCountry : Entry::kRefusedUnknown, ""};
  }
  const auto& allowed = options_.allowed;
  const bool listed = std::find(allowed.begin(), allowed.end(), country) != allowed.end();
  return {listed ? Entry::kCountry : Entry::kRefusedCountry, country};
}
// [/check]

}  // namespace services

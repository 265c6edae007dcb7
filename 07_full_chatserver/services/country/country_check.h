// May a peer at this address come in? By the country of its address, from a MaxMind database
// (GeoLite2-Country and the like). Without a database everybody may.
//
// Order: loopback, private ranges, then the country. An address says where a network is registered,
// not who sits there: a first hurdle, never the proof of anything.
//
// Threading: Open by one thread, before the others; then Check by any thread (the database is
// mapped read-only). Check takes no lock and allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "services/country/ip_address.h"
#include "services/country/mmdb_file.h"

namespace services {

struct CountryOptions {
  std::string database;                    // path of the .mmdb file; empty: no check
  std::vector<std::string> allowed{"KR"};  // ISO 3166-1 codes, two capital letters
  bool allow_loopback = true;
  bool allow_private = false;
  bool allow_unknown = false;  // addresses that the database does not know
  // RFC 1918, 6598 (carrier NAT), 3927, 4193, 4291.
  std::vector<std::string> private_ranges{"10.0.0.0/8",    "172.16.0.0/12",  "192.168.0.0/16",
                                          "100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
                                          "fe80::/10"};
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

class CountryCheck {
 public:
  // Once, at start-up. An empty string, or why not, as one line for the user.
  std::string Open(const CountryOptions& options);

  CountryAnswer Check(const IpAddress& address) const;

 private:
  CountryOptions options_;
  std::vector<IpRange> private_ranges_;
  std::unique_ptr<MmdbFile> database_;  // nullptr: no check
};

}  // namespace services

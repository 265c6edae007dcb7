// A MaxMind database file (.mmdb), as far as the country check needs it. A door to libmaxminddb: a
// program that is built without the library gets an error from Open.
//
// The library maps its file, and a page of a mapping whose file was cut short meanwhile is a SIGBUS
// for whoever looks. So what it maps is a copy in memory that nobody else can touch.
//
// Threading: CountryOf by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace services {

class MmdbFile {
 public:
  // nullptr, and why not, when the file is not a database of countries.
  static std::unique_ptr<MmdbFile> Open(const std::string& path, std::string& error);
  ~MmdbFile();
  MmdbFile(const MmdbFile&) = delete;
  MmdbFile& operator=(const MmdbFile&) = delete;

  // ISO code ("KR") of an address in host byte order; empty when the file does not know the address
  // or is damaged there.
  std::string CountryOf(std::uint32_t ip) const;

 private:
  struct Handle;
  explicit MmdbFile(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
};

}  // namespace services

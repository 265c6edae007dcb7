// Built without libmaxminddb: no database can be opened.
#include "services/country/mmdb_file.h"

namespace services {

struct MmdbFile::Handle {};

MmdbFile::MmdbFile(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
MmdbFile::~MmdbFile() = default;

std::unique_ptr<MmdbFile> MmdbFile::Open(const std::string&, std::string& error) {
  error = "this program was built without libmaxminddb";
  return nullptr;
}

std::string MmdbFile::CountryOf(std::uint32_t) const {
  return "";
}

}  // namespace services

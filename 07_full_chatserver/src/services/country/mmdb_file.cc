#include "services/country/mmdb_file.h"

#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

namespace services {

struct MmdbFile::Handle {
  MMDB_s db{};
  bool open = false;

  ~Handle() {
    if (open) MMDB_close(&db);
  }
};

namespace {

// A file that is in memory only, with what `path` has now. -1: errno says why not.
int CopyInMemory(const std::string& path) {
  std::ifstream from(path, std::ios::binary);
  if (!from) return -1;
  const int copy = memfd_create("country", MFD_CLOEXEC);
  std::vector<char> part(1 << 16);
  while (copy >= 0 && (from.read(part.data(), static_cast<std::streamsize>(part.size())) ||
                       from.gcount() != 0)) {
    const char* rest = part.data();
    for (std::streamsize left = from.gcount(); left > 0;) {
      const ssize_t written = write(copy, rest, static_cast<std::size_t>(left));
      if (written < 0) {
        const int error = errno;
        close(copy);
        errno = error;
        return -1;
      }
      rest += written;
      left -= written;
    }
  }
  return copy;
}

}  // namespace

MmdbFile::MmdbFile(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
MmdbFile::~MmdbFile() = default;

std::unique_ptr<MmdbFile> MmdbFile::Open(const std::string& path, std::string& error) {
  auto handle = std::make_unique<Handle>();
  const int copy = CopyInMemory(path);
  if (copy < 0) {
    error = std::strerror(errno);
    return nullptr;
  }
  const std::string name = "/proc/self/fd/" + std::to_string(copy);
  const int result = MMDB_open(name.c_str(), MMDB_MODE_MMAP, &handle->db);
  close(copy);  // the mapping keeps it
  if (result != MMDB_SUCCESS) {
    error = MMDB_strerror(result);
    if (result == MMDB_IO_ERROR || result == MMDB_FILE_OPEN_ERROR) {
      error += std::string(" (") + std::strerror(errno) + ")";
    }
    return nullptr;
  }
  handle->open = true;
  const std::string type = handle->db.metadata.database_type;
  if (type.find("Country") == std::string::npos && type.find("City") == std::string::npos &&
      type.find("Enterprise") == std::string::npos) {
    error = "a database of type '" + type + "', which has no countries";
    return nullptr;
  }
  return std::unique_ptr<MmdbFile>(new MmdbFile(std::move(handle)));
}

std::string MmdbFile::CountryOf(std::uint32_t ip) const {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(ip);
  int error = MMDB_SUCCESS;
  MMDB_lookup_result_s found =
      MMDB_lookup_sockaddr(&handle_->db, reinterpret_cast<const sockaddr*>(&address), &error);
  if (error != MMDB_SUCCESS || !found.found_entry) return "";
  MMDB_entry_data_s code{};
  if (MMDB_get_value(&found.entry, &code, "country", "iso_code", nullptr) != MMDB_SUCCESS ||
      !code.has_data || code.type != MMDB_DATA_TYPE_UTF8_STRING) {
    return "";
  }
  return std::string(code.utf8_string, code.data_size);
}

}  // namespace services

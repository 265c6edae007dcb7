#include "services/journal/file_ops.h"

#include <cerrno>

namespace journal {

IoResult WriteAll(FileOps& ops, FileHandle file, std::uint64_t offset, std::string_view data) {
  IoResult total;
  while (total.bytes < data.size()) {
    const IoResult some = ops.WriteSome(file, offset + total.bytes, data.substr(total.bytes));
    total.bytes += some.bytes;
    if (some.error == std::errc::interrupted) continue;
    // Neither progress nor an error: saying so beats asking for ever.
    total.error =
        !some.error && some.bytes == 0 ? make_error_code(std::errc::io_error) : some.error;
    if (total.error) return total;
  }
  return total;
}

IoResult ReadAll(FileOps& ops, FileHandle file, std::uint64_t offset, char* to, std::size_t size) {
  IoResult total;
  while (total.bytes < size) {
    const IoResult some =
        ops.ReadSome(file, offset + total.bytes, to + total.bytes, size - total.bytes);
    total.bytes += some.bytes;
    if (some.error == std::errc::interrupted) continue;
    total.error = some.error;
    if (some.error || some.bytes == 0) return total;
  }
  return total;
}

bool IsFull(const std::error_code& error) {
#ifdef EDQUOT
  if (error == std::error_code(EDQUOT, std::generic_category())) return true;
#endif
  return error == std::errc::no_space_on_device || error == std::errc::file_too_large;
}

}  // namespace journal

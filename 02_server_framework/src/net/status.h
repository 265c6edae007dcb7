// The result of something that can fail with a reason for a person: one clear line, or empty =
// success.
#pragma once

#include <string>
#include <utility>

namespace net {

class [[nodiscard]] Status {
 public:
  static Status Ok() { return Status{}; }
  static Status Error(std::string reason) {
    Status status;
    status.error_ = std::move(reason);
    return status;
  }

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }

 private:
  std::string error_;
};

}  // namespace net

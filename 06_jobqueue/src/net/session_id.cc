#include "net/session_id.h"

namespace net {

std::string ToString(SessionId id) {
  if (!id) return "-";
  return std::to_string(id.serial()) + ":" + std::to_string(id.index());
}

}  // namespace net

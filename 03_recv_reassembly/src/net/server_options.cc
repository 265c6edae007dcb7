#include "net/server_options.h"

#include "net/block_pool.h"
#include "net/peer_address.h"

namespace net {

namespace {

Status CheckRange(const char* name, std::uint32_t value, std::uint32_t low, std::uint32_t high) {
  if (value >= low && value <= high) return Status::Ok();
  return Status::Error(std::string(name) + " is " + std::to_string(value) + ", allowed is " +
                       std::to_string(low) + " to " + std::to_string(high));
}

}  // namespace

Status ServerOptions::Validate() const {
  if (!ParseIpv4(host))
    return Status::Error("host is \"" + host + "\", allowed is an IPv4 address");
  const Status checks[] = {
      CheckRange("port", port, 0, 65535),
      CheckRange("session_max", session_max, 1, 1000000),
      CheckRange("worker_threads", worker_threads, 0, 256),
      CheckRange("running_threads", running_threads, 0, 256),
      CheckRange("backlog", backlog, 1, 65535),
      CheckRange("accepts_outstanding", accepts_outstanding, 1, 1024),
      CheckRange("packet_max", packet_max, kMinPayload, kMaxPayload),
      // A frame that is larger than the ring could never become whole.
      CheckRange("receive_buffer", receive_buffer, kFrameHeaderSize + packet_max, kBlockMax),
      CheckRange("receive_memory_max", receive_memory_max, 4 * receive_buffer + 128, 1 << 30),
      CheckRange("first_packet_timeout_ms", first_packet_timeout_ms, 0, 86'400'000),
      CheckRange("idle_timeout_ms", idle_timeout_ms, 0, 86'400'000),
  };
  for (const Status& check : checks) {
    if (!check.ok()) return check;
  }
  if (full_notice.size() > 255) {
    return Status::Error("full_notice is " + std::to_string(full_notice.size()) +
                         " bytes, allowed is 255 at most");
  }
  return Status::Ok();
}

}  // namespace net

#include "net/inbound_meter.h"

#include <algorithm>

namespace net {

namespace {
constexpr std::uint32_t kPeaceMs = 1000;
}  // namespace

void InboundMeter::Open(std::uint32_t now) {
  *this = InboundMeter();
  settled_ = now;
}

// [settle]
std::uint32_t InboundMeter::Bucket::Pay(std::uint32_t rate, std::uint32_t amount,
                                        std::uint32_t passed_ms) {
  if (rate == 0) return 0;  // no limit
  // In thousandths, one millisecond brings `rate` of them: no fractions, nothing is lost.
  spent_ = std::max<std::int64_t>(0, spent_ - std::int64_t{rate} * passed_ms);
  spent_ += std::int64_t{amount} * 1000;
  const std::int64_t overdrawn = spent_ - std::int64_t{rate} * 1000;
  return overdrawn <= 0 ? 0 : static_cast<std::uint32_t>((overdrawn + rate - 1) / rate);
}

InboundMeter::Verdict InboundMeter::Settle(const ServerOptions& options, std::uint32_t now) {
  const std::uint32_t passed = now - settled_;
  settled_ = now;
  const std::uint32_t for_packets =
      packet_bucket_.Pay(options.receive_packets_per_second, packets_, passed);
  const std::uint32_t for_bytes =
      byte_bucket_.Pay(options.receive_bytes_per_second, bytes_, passed);
  packets_ = bytes_ = 0;
  Verdict verdict{std::max(for_packets, for_bytes)};
  if (verdict.wait_ms == 0) return verdict;
  if (!held_back_ || now - last_pause_end_ > kPeaceMs) since_ = now;
  held_back_ = true;
  last_pause_end_ = now + verdict.wait_ms;
  verdict.too_long =
      options.receive_overspeed_ms != 0 && last_pause_end_ - since_ > options.receive_overspeed_ms;
  return verdict;
}
// [/settle]

}  // namespace net

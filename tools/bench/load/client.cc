#include "load/client.h"

#include <algorithm>

#include "load/shared.h"

namespace load {

void Client::CountLatency(std::int64_t due) {
  if (due < tally_.measured_from) return;
  const std::int64_t took = std::clamp<std::int64_t>(Now() - due, 0, Tally::kLongest);
  tally_.latency.Record(took);
}

}  // namespace load

#include "chat/request_budget.h"

#include "enum.pb.h"

namespace chat {

double CostOf(std::uint16_t packet_type) {
  switch (packet_type) {
    case Protocol::PACKET_C_LOGIN:
    case Protocol::PACKET_C_ENTER_GAME:
      return 5;
    default:
      return 1;
  }
}

// [ask]
Allowance RequestBudget::Ask(const RequestLimits& limits, job::TimePoint now, double cost) {
  if (requests_.Take(limits.requests, now, cost)) return Allowance::kGranted;
  if (!refused_.Take({limits.requests.per_second, limits.refused}, now)) return Allowance::kEnough;
  return told_.Take({1, 1}, now) ? Allowance::kRefused : Allowance::kRefusedQuietly;
}
// [/ask]

}  // namespace chat

// What one client may ask for: everything that it sends is paid for from one bucket.
//
// One small packet of a client can become a packet for each of a thousand others, so the limit is
// on what comes in, before anything is done for it. A request over the limit is refused: it reaches
// no handler, no queue and nobody else, and only the first one of a second is answered. The refused
// ones have a bucket as well; a client that empties that, too, does not want to be served, and its
// session ends.
//
// Before the log-in the budget is the connection's, afterwards it is the account's: to come again
// is no way to a full bucket.
//
// Threading: any thread. For a moment an account can have two connections.
#pragma once

#include <cstdint>

#include "chat/token_bucket.h"

namespace chat {

struct RequestLimits {
  Rate requests{20, 40};  // of one client; per_second 0: no limit
  double refused = 200;   // requests over the limit, faster than the limit, that end the session
};

enum class Allowance : std::uint8_t {
  kGranted,
  kRefused,         // and the client is to be told
  kRefusedQuietly,  // it has been told within the last second
  kEnough,          // the session is to be ended
};

// In tokens. Entering costs more: everybody inside hears of it twice, and the newcomer is told of
// everybody. A log-in is a question to the key store and a record in the journal.
double CostOf(std::uint16_t packet_type);

class RequestBudget {
 public:
  Allowance Ask(const RequestLimits& limits, job::TimePoint now, double cost);
  // As good as new.
  [[nodiscard]] bool IsFull(job::TimePoint now) const {
    return requests_.IsFull(now) && refused_.IsFull(now);
  }

 private:
  TokenBucket requests_;
  TokenBucket refused_;
  TokenBucket told_;
};

}  // namespace chat

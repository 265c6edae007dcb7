// What the collection thread samples of the auth service: in auth_server, or in the chat server
// that has one inside.
#include "server/auth_service.h"
#include "services/redis/redis_trouble.h"

namespace server {

void AuthService::AddMetrics(services::Collector& collector) const {
  const auto count = [this](std::uint64_t auth::AuthCounts::*which) {
    return [this, which] { return static_cast<double>(counts().*which); };
  };
  const auto refused = [this](DoorAnswer answer) {
    return [this, answer] { return static_cast<double>(door_.refused(answer)); };
  };
  collector.AddGauge("auth_sessions", "Connections of the auth port.",
                     [this] { return static_cast<double>(live_sessions()); });
  collector.AddGauge("auth_questions_waiting", "Passwords that wait for a hash thread.",
                     [this] { return static_cast<double>(server_.waiting()); });
  collector.AddCounter("auth_granted_total", "Keys given.", count(&auth::AuthCounts::granted),
                       "auth_granted_per_second");
  collector.AddCounter("auth_wrong_total", "Wrong names or passwords.",
                       count(&auth::AuthCounts::wrong), "auth_wrong_per_second");
  collector.AddCounter("auth_limited_total", "Questions refused: too many wrong passwords.",
                       count(&auth::AuthCounts::limited), "");
  collector.AddCounter("auth_bad_name_total", "Names that no account can have.",
                       count(&auth::AuthCounts::bad_name), "");
  collector.AddCounter("auth_try_later_total",
                       "Questions put off: the queue was full, or the database or Redis away.",
                       count(&auth::AuthCounts::busy), "auth_try_later_per_second");
  collector.AddCounter("auth_refused_country_total", "Connections refused by their country.",
                       refused(DoorAnswer::kAbroad), "");
  collector.AddCounter("auth_refused_limit_total",
                       "Connections refused: too many or too fast from one address.",
                       refused(DoorAnswer::kLimited), "");
  collector.AddCounter(
      "auth_refused_full_total", "Connections refused: there was no slot.", [this] {
        return static_cast<double>(door_.refused(DoorAnswer::kFull) + server_.traffic().full);
      });
}

void AddKeyStoreMetrics(services::Collector& collector, const SessionKeys& keys) {
  collector.AddGauge("auth_redis_up", "1: Redis takes keys.",
                     [&keys] { return keys.Status().up ? 1.0 : 0.0; });
  collector.AddState("auth_redis_trouble", "Why Redis is not up: 1 for the reason.", "reason",
                     {services::kTroubles.begin(), services::kTroubles.end()},
                     [&keys] { return keys.Status().trouble; });
}

}  // namespace server

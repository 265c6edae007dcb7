// What the collection thread samples of the auth service: in auth_server, or in the chat server
// that has one inside.
#include "server/auth_service.h"
#include "services/redis/redis_trouble.h"

namespace server {

void AuthService::AddMetrics(services::Collector& collector) {
  collector.AddBeforeSampling([this] { door_.RefreshCountries(); });
  collector.AddGauge("auth_sessions", "Connections of the auth port.",
                     [this] { return static_cast<double>(live_sessions()); });
  collector.AddGauge("auth_questions_waiting", "Passwords that wait for a hash thread.",
                     [this] { return static_cast<double>(server_.waiting()); });
  collector.AddGauge("auth_countries_stale",
                     "1: the country database was replaced by one that cannot be read; the old one "
                     "goes on.",
                     [this] { return door_.countries_stale() ? 1.0 : 0.0; });

  const auto outcome = [&](const char* name, std::uint64_t auth::AuthCounts::*which,
                           const char* rate) {
    collector.AddCounter("auth_questions_total", "Questions of the auth port, by outcome.",
                         [this, which] { return static_cast<double>(counts().*which); }, rate,
                         {"outcome", name});
  };
  outcome("granted", &auth::AuthCounts::granted, "auth_granted_per_second");
  outcome("wrong", &auth::AuthCounts::wrong, "auth_wrong_per_second");
  outcome("limited", &auth::AuthCounts::limited, "");  // too many wrong passwords
  outcome("bad_name", &auth::AuthCounts::bad_name, "");
  // The queue was full, or the database or Redis away.
  outcome("try_later", &auth::AuthCounts::busy, "auth_try_later_per_second");

  const auto refused = [&](const char* reason, const services::Collector::Sampler& sample) {
    collector.AddCounter("auth_refused_total", "Connections of the auth port refused.", sample,
                         "auth_refused_per_second", {"reason", reason});
  };
  refused("country", [this] { return static_cast<double>(door_.refused(DoorAnswer::kAbroad)); });
  refused("limit", [this] { return static_cast<double>(door_.refused(DoorAnswer::kLimited)); });
  refused("full", [this] {
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

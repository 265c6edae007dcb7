#include "support/client/tickets.h"

#include <condition_variable>
#include <memory>
#include <mutex>

#include "support/client/auth_link.h"
#include "support/client/client_service.h"

namespace client {

namespace {

// The service limits the connections of an address, and hashes one password after the other anyway.
constexpr std::size_t kAtOnce = 16;

// How many are on their way, and where their answers go.
struct Counter {
  std::mutex lock;
  std::condition_variable changed;
  std::size_t over = 0;  // guarded by lock: connections that have ended
};

class Asker final : public auth_client::ServerSession {
 public:
  Asker(Counter& counter, std::string name, std::string password)
      : counter_(counter), name_(std::move(name)), password_(std::move(password)) {}

  // When the connection is over.
  [[nodiscard]] const Ticket& ticket() const { return ticket_; }

 private:
  void OnConnected() override { Ask(name_, password_); }
  void OnAuth(const Protocol::S_AUTH& pkt) override {
    ticket_.refusal = pkt.success() ? Protocol::REFUSAL_NONE : pkt.reason();
    ticket_.account = pkt.account();
    ticket_.session_key = pkt.session_key();
  }
  void OnDisconnected(std::string_view) override {
    const std::lock_guard lock(counter_.lock);
    ++counter_.over;
    counter_.changed.notify_all();
  }

  Counter& counter_;
  const std::string name_;
  const std::string password_;
  Ticket ticket_;  // its worker; then whoever has seen `over`
};

}  // namespace

net::Status FetchTickets(const net::PeerAddress& auth, const std::vector<std::string>& names,
                         const std::string& password, std::chrono::milliseconds patience,
                         const std::function<bool()>& give_up, std::vector<Ticket>& tickets) {
  Counter counter;
  std::vector<std::unique_ptr<Asker>> askers;
  ClientService service({static_cast<std::uint32_t>(names.size()), 1});
  if (net::Status status = service.Start(); !status.ok()) return status;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // False: no more patience.
  const auto await_over = [&](std::size_t wanted) {
    std::unique_lock lock(counter.lock);
    while (counter.over < wanted) {
      if (std::chrono::steady_clock::now() >= deadline || give_up()) return false;
      counter.changed.wait_for(lock, std::chrono::milliseconds(100));
    }
    return true;
  };
  for (const std::string& name : names) {
    const std::size_t started = askers.size();
    if (started >= kAtOnce && !await_over(started - kAtOnce + 1)) break;
    askers.push_back(std::make_unique<Asker>(counter, name, password));
    if (net::Status status = service.Connect(auth, *askers.back()); !status.ok()) {
      service.Stop();
      return status;
    }
  }
  await_over(askers.size());
  service.Stop();  // afterwards all are over
  tickets.assign(names.size(), {});
  for (std::size_t i = 0; i < askers.size(); ++i) tickets[i] = askers[i]->ticket();
  return net::Status::Ok();
}

}  // namespace client

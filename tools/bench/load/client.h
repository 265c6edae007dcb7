// What a crew of the generator looks after: one connection, and what it says and hears.
//
// Threading: its crew's thread. What goes wrong ends the client, not the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "load/hdr_histogram.h"
#include "load/link.h"

namespace load {

// What a crew has seen.
struct Tally {
  static constexpr std::int64_t kLongest = 600'000'000'000;  // nanoseconds: 10 minutes

  std::int64_t measured_from = INT64_MAX;  // due times from here on count
  HdrHistogram latency{kLongest, 3};       // nanoseconds, from when it was due
  HdrHistogram lateness{kLongest, 3};      // by how much the generator was late itself
  std::uint64_t heard = 0;                 // deliveries, each once
  std::uint64_t twice = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t refused = 0;  // messages that the server did not take
  std::string first_refusal;
  std::uint64_t disconnected = 0;
  std::string first_end;  // why the first of them ended
};

enum class ClientState : std::uint8_t { kNew, kConnecting, kGreeting, kReady, kGone };

class Client {
 public:
  explicit Client(Tally& tally) : tally_(tally) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  // The connection is there: greets, or is ready at once.
  virtual void OnConnected() = 0;
  // What has come; how much of it is done with; nothing: it makes no sense.
  virtual std::optional<std::size_t> OnBytes(std::span<const std::uint8_t> bytes) = 0;
  // Says a message that was due then.
  virtual void Say(std::int64_t due) = 0;
  // Has it heard all that it has to hear?
  virtual bool HasHeardAll() const = 0;
  // At the end: what it has counted for itself.
  virtual void AddUp() {}

  Link link;
  ClientState state = ClientState::kNew;
  std::string refusal;  // kGone: the server said no

 protected:
  void Send(std::span<const std::uint8_t> bytes) {
    if (link.Send(bytes) == Link::State::kEnded) state = ClientState::kGone;
  }
  void Refused(std::string why) {
    refusal = std::move(why);
    state = ClientState::kGone;
  }
  void CountLatency(std::int64_t due);

  Tally& tally_;
};

}  // namespace load

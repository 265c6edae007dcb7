// The ways of sending that send_lab compares: stage 03's, and stage 04's with its parts on and off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/packet.h"

namespace lab {

// Sums since the start of the way.
struct SendCounts {
  std::uint64_t sends = 0;        // WSASend calls
  std::uint64_t completions = 0;  // packets dequeued from the port for them
  std::uint64_t allocations = 0;  // on the heap, by the send path
};

// A server with `clients` connected clients that does nothing but send to all of them.
// Threading: one thread calls Turn; counts by any.
class SendWay {
 public:
  virtual ~SendWay() = default;
  // Listens; the clients connect to port().
  virtual std::uint16_t port() const = 0;
  // Blocks until so many clients are there.
  virtual void AwaitClients(std::size_t clients) = 0;
  // What one turn of a room produces: each packet to every client.
  virtual void Turn(std::span<const net::PacketRef> packets) = 0;
  virtual SendCounts counts() const = 0;
};

struct WayEntry {
  std::string name;   // for options and JSON
  std::string title;  // for the table
};
// All ways, the oldest first.
const std::vector<WayEntry>& SendWays();

// Throws std::runtime_error when it cannot start or the name is not one of SendWays().
std::unique_ptr<SendWay> MakeSendWay(const std::string& name);

// Stage 03's way (heap_way.cc).
std::unique_ptr<SendWay> MakeHeapWay();

}  // namespace lab

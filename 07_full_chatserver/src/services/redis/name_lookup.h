// The addresses of a name, without waiting for them. getaddrinfo blocks for as long as the name
// servers like (half a minute is usual when one is away) and cannot be cancelled. So each look-up
// has a thread of its own, which nobody joins: whoever does not want to wait any more forgets it.
// It touches nothing but what it shares with this object, which lives as long as either of them, so
// it may end whenever it likes, after the client and during the end of the process too.
//
// One look-up at a time: a name server that is away costs one thread, not one per attempt.
//
// Threading: one thread uses a NameLookup.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace services {

struct NameAnswer {
  std::vector<std::string> addresses;  // "10.0.0.1", IPv4 first; none: see `error`
  std::string error;
};

class NameLookup {
 public:
  // Blocks. Called on a thread that nobody waits for: what it needs must not go away.
  using Resolve = std::function<NameAnswer(const std::string& host)>;
  static NameAnswer AskSystem(const std::string& host);

  // `answered`: on the look-up's thread, at its end; the same holds for it.
  NameLookup(std::string host, Resolve resolve, std::function<void()> answered);
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // Begins a look-up, unless one is on its way or its answer has not been taken.
  void Begin();
  // The answer, once.
  std::optional<NameAnswer> Take();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace services

// Threads that are stopped at a system call while the others run on (Linux only).
//
// The port makes every system call through one table. Here each entry has a stop before and one
// after the real call. A schedule names a role and the number of a stop; the thread of that role is
// held there until the other side has finished, or for a moment when the other side must wait for
// it. Nothing that a call says is changed and nothing is re-armed, so an edge that comes while a
// thread is held is told once, as in a program: if the port lost it, a packet would be missing.
// A scenario has two sides that meet on one object; it is run once for each stop of each side
// and of the port's own threads, and then with two stops at random.
#pragma once

#ifndef _WIN32

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace course_test {

// Who makes a system call. The test's own thread is nobody and never stops; threads that no
// scenario started are the port's, and so is a scenario's worker.
enum class Role { kNobody, kLeft, kRight, kPort };
const char* ToString(Role role);
void PlayRole(Role role);  // the calling thread, from now on

struct Stop {
  Role role = Role::kNobody;
  int at = 0;  // the number of the stop in that role, from 1; each call has two
};

// A schedule in force. One at a time.
class Schedule {
 public:
  explicit Schedule(Stop first, std::optional<Stop> second = std::nullopt);
  ~Schedule();
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  // Until the first stop is reached, or its role has finished, or a moment has passed.
  void AwaitFirst();
  void Finished(Role role);  // a side has returned
  bool reached() const;      // the first stop
  int stops(Role role) const;
};

// A thread of this role is held at a stop now, or was: it is in the middle of a call.
bool WasStopped(Role role);

// Two sides that meet, made anew for each run. The constructor arranges.
class Scenario {
 public:
  virtual ~Scenario() = default;
  virtual void Left() = 0;
  virtual void Right() = 0;
  // After both, and with nobody stopped any more: what must hold (gtest expectations).
  virtual void Verify() = 0;
};

struct NamedScenario {
  const char* name;
  std::function<std::unique_ptr<Scenario>()> make;
};
const std::vector<NamedScenario>& StreamScenarios();  // one connection (unit_preempt_stream.cc)
const std::vector<NamedScenario>& LifeScenarios();    // accept, connect, reuse (.._life.cc)
const std::vector<NamedScenario>& WaitScenarios();    // ports, events, APCs (.._wait.cc)

}  // namespace course_test

#endif  // _WIN32

#ifndef _WIN32

#include <errno.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "iocp/linux/syscalls.h"
#include "tests/iocp/unit_preempt.h"

namespace course_test {
namespace {

// How long a thread is held when the other side does not finish: it may have to wait for this one.
constexpr std::chrono::milliseconds kHeldAtMost{15};

thread_local Role t_role = Role::kPort;

struct Held {
  Stop stop;
  bool reached = false;
};

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  bool active = false;  // guarded by mutex, as all below
  std::vector<Held> stops;
  std::array<int, 4> counts{};
  std::array<bool, 4> finished{};
};
// Never destroyed: the port's background thread may still be in a call at exit.
State& TheState() {
  static State* const state = new State;
  return *state;
}

std::size_t Index(Role role) {
  return static_cast<std::size_t>(role);
}

// Under the mutex: may this one run on?
bool Released(const State& state, std::size_t which) {
  if (!state.active) return true;
  const bool left = state.finished[Index(Role::kLeft)];
  const bool right = state.finished[Index(Role::kRight)];
  if (which == 0 && state.stops.size() == 2 && state.stops[1].reached) return true;
  switch (state.stops[which].stop.role) {
    case Role::kLeft:
      return right;
    case Role::kRight:
      return left;
    case Role::kPort:
      return left && right;
    case Role::kNobody:
      return true;
  }
  return true;
}

void StopHere() {
  if (t_role == Role::kNobody) return;
  State& state = TheState();
  std::unique_lock lock(state.mutex);
  if (!state.active) return;
  const int count = ++state.counts[Index(t_role)];
  for (std::size_t i = 0; i < state.stops.size(); ++i) {
    Held& held = state.stops[i];
    if (held.reached || held.stop.role != t_role || held.stop.at != count) continue;
    held.reached = true;
    state.changed.notify_all();
    state.changed.wait_for(lock, kHeldAtMost, [&] { return Released(state, i); });
    return;
  }
}

template <auto kMember, typename Result, typename... Arguments>
Result Hooked(Arguments... arguments) {
  StopHere();
  const Result result = (iocp::RealSystemCalls().*kMember)(arguments...);
  const int error = errno;
  StopHere();
  errno = error;
  return result;
}

template <auto kMember, typename Table, typename Result, typename... Arguments>
void Hook(Table& table, Result (*Table::* /*member*/)(Arguments...)) {
  table.*kMember = Hooked<kMember, Result, Arguments...>;
}

#define COURSE_HOOK(name) Hook<&Table::name>(table, &Table::name)

template <typename Table>
Table StoppingTable() {
  Table table = iocp::RealSystemCalls();
  COURSE_HOOK(socket);
  COURSE_HOOK(bind);
  COURSE_HOOK(listen);
  COURSE_HOOK(accept4);
  COURSE_HOOK(connect);
  COURSE_HOOK(shutdown);
  COURSE_HOOK(close);
  COURSE_HOOK(recv);
  COURSE_HOOK(recvmsg);
  COURSE_HOOK(send);
  COURSE_HOOK(sendmsg);
  COURSE_HOOK(setsockopt);
  COURSE_HOOK(getsockopt);
  COURSE_HOOK(getsockname);
  COURSE_HOOK(ioctl);
  COURSE_HOOK(epoll_create1);
  COURSE_HOOK(epoll_ctl);
  COURSE_HOOK(epoll_wait);
  COURSE_HOOK(eventfd);
  COURSE_HOOK(signal);
  COURSE_HOOK(futex_wait);
  COURSE_HOOK(futex_wake);
  COURSE_HOOK(poll);
  if constexpr (requires { &Table::dup3; }) COURSE_HOOK(dup3);
  if constexpr (requires { &Table::now; }) COURSE_HOOK(now);
  return table;
}

#undef COURSE_HOOK

const iocp::SystemCalls g_table = StoppingTable<iocp::SystemCalls>();

}  // namespace

const char* ToString(Role role) {
  static constexpr std::array<const char*, 4> kNames = {"nobody", "left", "right", "the port"};
  return kNames[Index(role)];
}

void PlayRole(Role role) {
  t_role = role;
}

bool WasStopped(Role role) {
  State& state = TheState();
  const std::scoped_lock lock(state.mutex);
  return std::any_of(state.stops.begin(), state.stops.end(),
                     [role](const Held& held) { return held.reached && held.stop.role == role; });
}

Schedule::Schedule(Stop first, std::optional<Stop> second) {
  State& state = TheState();
  const std::scoped_lock lock(state.mutex);
  state.stops.assign(1, Held{first, false});
  if (second) state.stops.push_back(Held{*second, false});
  state.counts.fill(0);
  state.finished.fill(false);
  state.active = true;
  iocp::testing::ReplaceSystemCalls(&g_table, iocp::testing::Replacement::kTruthful);
}

Schedule::~Schedule() {
  iocp::testing::ReplaceSystemCalls(nullptr);
  State& state = TheState();
  const std::scoped_lock lock(state.mutex);
  state.active = false;
  state.changed.notify_all();
}

void Schedule::AwaitFirst() {
  State& state = TheState();
  std::unique_lock lock(state.mutex);
  state.changed.wait_for(lock, kHeldAtMost, [&] {
    const Held& first = state.stops.front();
    return first.reached || state.finished[Index(first.stop.role)];
  });
}

void Schedule::Finished(Role role) {
  State& state = TheState();
  const std::scoped_lock lock(state.mutex);
  state.finished[Index(role)] = true;
  state.changed.notify_all();
}

bool Schedule::reached() const {
  State& state = TheState();
  const std::scoped_lock lock(state.mutex);
  return state.stops.front().reached;
}

int Schedule::stops(Role role) const {
  State& state = TheState();
  const std::scoped_lock lock(state.mutex);
  return state.counts[Index(role)];
}

}  // namespace course_test

#endif  // _WIN32

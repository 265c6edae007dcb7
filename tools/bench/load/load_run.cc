#include "load/load_run.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "load/chat_client.h"
#include "load/crew.h"
#include "load/echo_client.h"
#include "load/shared.h"
#include "support/client/tickets.h"

namespace load {

namespace {

// After the last log-in: the last newcomers' announcements are on their way.
constexpr std::int64_t kBeforeTalk = kSecond / 5;
constexpr std::int64_t kSilentAtMost = 60 * kSecond;

using Crews = std::vector<std::unique_ptr<Crew>>;

// Client i is in room i % rooms, and in crew i % threads.
std::uint64_t MembersOf(const LoadOptions& options, std::uint32_t room) {
  return (options.clients - room + options.rooms - 1) / options.rooms;
}

// The receivers that are decoded: the first, the middle and the last of each room.
std::set<std::uint32_t> Sampled(const LoadOptions& options) {
  std::set<std::uint32_t> sampled;
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    const auto members = static_cast<std::uint32_t>(MembersOf(options, room));
    for (const std::uint32_t member : {std::uint32_t{0}, members / 2, members - 1}) {
      sampled.insert(room + member * options.rooms);
    }
  }
  return sampled;
}

// False: `result` says why.
bool FetchKeys(const LoadOptions& options, std::vector<client::Ticket>& tickets,
               LoadResult& result) {
  tickets.resize(options.clients);
  if (options.login != Login::kAuth) return true;
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < options.clients; ++i) names.push_back("bench" + std::to_string(i));
  const std::int64_t began = Now();
  const net::Status status = client::FetchTickets(
      *options.auth, names, "bench password", std::chrono::seconds(options.patience),
      [] { return false; }, tickets);
  result.auth_s = static_cast<double>(Now() - began) / 1e9;
  for (const client::Ticket& ticket : tickets) {
    if (status.ok() && ticket.refusal == Protocol::REFUSAL_NONE) continue;
    result.exit_code = status.ok() ? 1 : 2;
    result.error = "auth service " + net::ToString(*options.auth) + ": " +
                   (status.ok() ? Protocol::Refusal_Name(ticket.refusal) : status.error());
    return false;
  }
  return true;
}

Crews MakeCrews(const LoadOptions& options, Shared& shared, std::vector<client::Ticket>& tickets,
                LoadResult& result) {
  const bool echo = options.work == Work::kEcho;
  const auto sampled = echo ? std::set<std::uint32_t>() : Sampled(options);
  result.sampled = echo ? options.clients : static_cast<std::uint32_t>(sampled.size());
  Crews crews;
  for (unsigned number = 0; number < options.threads; ++number) {
    crews.push_back(std::make_unique<Crew>(options, shared, number));
  }
  for (std::uint32_t i = 0; i < options.clients; ++i) {
    Crew& crew = *crews[i % options.threads];
    if (echo) {
      crew.Add(std::make_unique<EchoClient>(options, shared.rooms[i], crew.tally()));
    } else {
      const std::uint32_t room = options.rooms == 0 ? 0 : i % options.rooms;
      crew.Add(std::make_unique<ChatClient>(options, shared, crew.tally(), room,
                                            sampled.contains(i), std::move(tickets[i])));
    }
  }
  return crews;
}

// Lets the crews talk, and says on standard error when the measured time begins and ends, so that
// who measures the server knows.
void Conduct(const LoadOptions& options, Shared& shared, LoadResult& result, std::int64_t began) {
  const std::int64_t patience = options.patience * kSecond;
  if (!shared.AwaitReady(options.threads, began + patience)) {
    return shared.Fail("not all clients got in within " + std::to_string(options.patience) + " s");
  }
  result.logins = options.login == Login::kNone ? 0 : options.clients;
  if (options.work == Work::kLogin) {
    shared.stop = true;
    return;
  }
  const std::int64_t begin = Now() + kBeforeTalk;
  const std::int64_t from = begin + static_cast<std::int64_t>(options.warm_up * 1e9);
  const std::int64_t until = from + static_cast<std::int64_t>(options.seconds * 1e9);
  shared.begin.store(begin);
  shared.AwaitTime(from);
  if (!shared.stop) std::cerr << "measuring" << std::endl;
  shared.AwaitTime(until);
  if (!shared.stop) std::cerr << "measured" << std::endl;
  if (!shared.AwaitSilent(options.threads, until + kSilentAtMost)) {
    return shared.Fail("the generator did not come to its end");
  }
  shared.drain.store(true);
}

// When all crews have ended.
void AddUp(const LoadOptions& options, Shared& shared, const Crews& crews, LoadResult& result) {
  std::uint64_t heard = 0;
  std::uint64_t all_expected = 0;
  for (std::size_t room = 0; room < shared.rooms.size(); ++room) {
    const RoomCount& said = shared.rooms[room];
    const std::uint64_t members =
        options.work == Work::kEcho ? 1 : MembersOf(options, static_cast<std::uint32_t>(room));
    result.said += said.measured;
    result.expected += said.measured * members;
    all_expected += said.all * members;
  }
  std::string first_refusal;
  std::string first_end;
  for (const auto& crew : crews) {
    const Tally& tally = crew->tally();
    const CrewFigures& figures = crew->figures();
    heard += tally.heard;
    result.twice += tally.twice;
    result.out_of_order += tally.out_of_order;
    result.refused += tally.refused;
    result.disconnected += tally.disconnected;
    result.delivered_in_time += figures.delivered_in_time;
    result.cpu_s += figures.cpu_s;
    result.cpu_share = std::max(result.cpu_share, figures.cpu_s / options.seconds);
    result.latency.Add(tally.latency);
    result.lateness.Add(tally.lateness);
    result.sent_in_s = std::max(result.sent_in_s,
                                static_cast<double>(figures.last_said - tally.measured_from) / 1e9);
    if (first_refusal.empty()) first_refusal = tally.first_refusal;
    if (first_end.empty()) first_end = tally.first_end;
  }
  // What is lost in the warm-up counts, too.
  result.missing = all_expected > heard ? all_expected - heard : 0;
  result.deliveries = result.expected - std::min(result.missing, result.expected);
  if (!result.error.empty()) return;
  result.error = shared.note();
  if (result.error.empty()) result.error = first_refusal;
  if (result.error.empty() && result.disconnected != 0 && options.work != Work::kLogin) {
    result.error = std::to_string(result.disconnected) + " clients were disconnected: " + first_end;
  }
}

}  // namespace

LoadResult::LoadResult() : latency(Tally::kLongest, 3), lateness(Tally::kLongest, 3) {}

LoadResult RunLoad(const LoadOptions& options) {
  LoadResult result;
  std::vector<client::Ticket> tickets;
  if (!FetchKeys(options, tickets, result)) return result;
  Shared shared(options.work == Work::kEcho ? options.clients : options.rooms);
  const Crews crews = MakeCrews(options, shared, tickets, result);
  const std::int64_t began = Now();
  std::vector<std::thread> threads;
  for (const auto& crew : crews) {
    threads.emplace_back([&shared, one = crew.get()] {
      try {
        one->Run();
      } catch (const std::exception& error) {
        shared.Fail(error.what());
      }
    });
  }
  Conduct(options, shared, result, began);
  for (std::thread& thread : threads) thread.join();
  for (const auto& crew : crews) {
    result.login_s =
        std::max(result.login_s, static_cast<double>(crew->figures().ready_at - began) / 1e9);
  }
  result.error = shared.error();
  // Nobody got in, and no server said so: there is none.
  if (!result.error.empty()) {
    result.exit_code = result.error.starts_with("cannot connect") && result.logins == 0 ? 2 : 1;
  }
  AddUp(options, shared, crews, result);
  if (result.exit_code == 0 && result.disconnected == options.clients) result.exit_code = 1;
  return result;
}

}  // namespace load

// send_lab: stage 03's way of sending against stage 04's, in one run.
//
// A room with N clients has M packets per turn, each for everybody: N x M deliveries. How many
// system calls, completions, allocations and microseconds does a delivery cost?
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>

#include "iocp/inspect.h"
#include "labs/cpu_time.h"
#include "labs/plain_clients.h"
#include "labs/send_ways.h"
#include "labs/svg_chart.h"
#include "net/cipher.h"
#include "support/options.h"

namespace {

struct LabOptions {
  std::size_t clients = 100;
  std::vector<std::size_t> packets = {1, 4, 16, 64};
  std::size_t bytes = 55;  // of body: 66 on the wire
  std::uint64_t deliveries = 100'000;
  std::size_t repeat = 3;
  std::vector<std::string> ways;
  std::string json;
  std::string svg;
};

// Per delivery, but for the rate.
struct Figures {
  double deliveries_per_second = 0;
  double cpu_us = 0;
  double sends = 0;
  double completions = 0;
  double system_calls = 0;  // below 0: not visible on this system
  double allocations = 0;
};

// How much the clients have received; the sender waits for them without burning time.
class Arrivals {
 public:
  void Add(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    arrived_ += bytes;
    if (arrived_ >= wanted_) changed_.notify_one();
  }
  bool WaitFor(std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    wanted_ = bytes;
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return arrived_ >= wanted_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t arrived_ = 0;  // guarded by mutex_
  std::uint64_t wanted_ = 0;   // guarded by mutex_
};

std::vector<net::PacketRef> MakeTurn(std::size_t packets, std::size_t bytes) {
  std::vector<net::PacketRef> turn;
  const std::vector<std::uint8_t> body(bytes, 'x');
  for (std::size_t i = 0; i < packets; ++i) {
    turn.push_back(net::Packet::Make(2, bytes));
    turn.back()->Write(body);
    turn.back()->Seal(net::kDefaultFixedKey, net::RandomKey());
  }
  return turn;
}

struct Reading {
  std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
  std::uint64_t cpu_us = 0;
  lab::SendCounts counts;
  std::optional<iocp::Counters> port = iocp::ReadCounters();
};

Reading Read(const lab::SendWay& way, const apps::PlainClients& clients) {
  Reading reading;
  reading.cpu_us = apps::ProcessCpuMicroseconds() - clients.cpu_us();
  reading.counts = way.counts();
  return reading;
}

Figures Compare(const Reading& before, const Reading& after, std::uint64_t deliveries) {
  const auto per_delivery = [deliveries](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to - from) / static_cast<double>(deliveries);
  };
  Figures figures;
  figures.deliveries_per_second = static_cast<double>(deliveries) /
                                  std::chrono::duration<double>(after.time - before.time).count();
  figures.cpu_us = per_delivery(before.cpu_us, after.cpu_us);
  figures.sends = per_delivery(before.counts.sends, after.counts.sends);
  figures.completions = per_delivery(before.counts.completions, after.counts.completions);
  figures.allocations = per_delivery(before.counts.allocations, after.counts.allocations);
  figures.system_calls = before.port && after.port
                             ? per_delivery(before.port->system_calls, after.port->system_calls)
                             : -1;
  return figures;
}

// One way with one number of packets per turn.
Figures Measure(const std::string& name, std::size_t packets, const LabOptions& options) {
  const std::unique_ptr<lab::SendWay> way = lab::MakeSendWay(name);
  Arrivals arrivals;
  const apps::PlainClients clients(way->port(), options.clients, 1,
                                   [&arrivals](std::size_t, std::span<const std::uint8_t> bytes) {
                                     arrivals.Add(bytes.size());
                                   });
  way->AwaitClients(options.clients);
  const std::vector<net::PacketRef> turn = MakeTurn(packets, options.bytes);
  const std::uint64_t turn_bytes = packets * turn.front()->frame().size() * options.clients;
  const std::uint64_t turns =
      std::max<std::uint64_t>(1, options.deliveries / (packets * options.clients));
  std::uint64_t sent = 0;
  // Four turns may be on their way, so the network is never idle and no queue grows for ever.
  const auto run = [&](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      way->Turn(turn);
      sent += turn_bytes;
      if (sent > 4 * turn_bytes && !arrivals.WaitFor(sent - 4 * turn_bytes)) {
        throw std::runtime_error("a client has received nothing for a minute");
      }
    }
    if (!arrivals.WaitFor(sent)) throw std::runtime_error("not everything has arrived");
  };
  run(std::max<std::uint64_t>(1, turns / 10));  // warm: pools filled, connections opened up
  const Reading before = Read(*way, clients);
  run(turns);
  return Compare(before, Read(*way, clients), turns * packets * options.clients);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Figures MedianOf(const std::vector<Figures>& runs) {
  const auto median = [&runs](double Figures::*member) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const Figures& run : runs) values.push_back(run.*member);
    return Median(values);
  };
  return {median(&Figures::deliveries_per_second),
          median(&Figures::cpu_us),
          median(&Figures::sends),
          median(&Figures::completions),
          median(&Figures::system_calls),
          median(&Figures::allocations)};
}

using Results = std::map<std::pair<std::string, std::size_t>, Figures>;

std::string TitleOf(const std::string& name) {
  for (const lab::WayEntry& way : lab::SendWays()) {
    if (way.name == name) return way.title;
  }
  return name;
}

void PrintTable(const Results& results, const LabOptions& options) {
  std::cout << fmt::format("{} clients, {} bytes per packet on the wire, median of {} runs\n\n",
                           options.clients, options.bytes + net::kFrameOverhead, options.repeat);
  std::cout << fmt::format("{:<32}{:>8}{:>14}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "way", "packets",
                           "deliveries/s", "CPU us", "sends", "complet.", "syscalls", "allocs");
  std::cout << fmt::format("{:<32}{:>8}{:>14}{:>9}{:>45}\n", "", "a turn", "", "",
                           "... per delivery");
  for (const std::size_t packets : options.packets) {
    for (const std::string& way : options.ways) {
      const Figures& f = results.at({way, packets});
      std::cout << fmt::format(
          "{:<32}{:>8}{:>14.0f}{:>9.3f}{:>9.4f}{:>9.4f}{:>9}{:>9.4f}\n", TitleOf(way), packets,
          f.deliveries_per_second, f.cpu_us, f.sends, f.completions,
          f.system_calls < 0 ? "-" : fmt::format("{:.4f}", f.system_calls), f.allocations);
    }
    std::cout << '\n';
  }
}

std::string ToJson(const Results& results, const LabOptions& options) {
  std::string json = fmt::format("{{\"clients\": {}, \"bytes\": {}, \"results\": [\n",
                                 options.clients, options.bytes + net::kFrameOverhead);
  bool first = true;
  for (const auto& [key, f] : results) {
    json += fmt::format(
        "{}  {{\"way\": \"{}\", \"packets\": {}, \"deliveries_per_second\": {:.0f}, "
        "\"cpu_us\": {:.4f}, \"sends\": {:.5f}, \"completions\": {:.5f}, "
        "\"system_calls\": {:.5f}, \"allocations\": {:.5f}}}",
        first ? "" : ",\n", key.first, key.second, f.deliveries_per_second, f.cpu_us, f.sends,
        f.completions, f.system_calls, f.allocations);
    first = false;
  }
  return json + "\n]}\n";
}

std::string ToSvg(const Results& results, const LabOptions& options) {
  apps::Chart chart{
      "What a delivery costs the server, " + std::to_string(options.clients) + " clients",
      "packets per turn",
      "CPU, microseconds per delivery",
      {}};
  for (const std::string& way : options.ways) {
    apps::ChartSeries series{TitleOf(way), {}};
    for (const std::size_t packets : options.packets) {
      const double cpu = std::max(results.at({way, packets}).cpu_us, 1e-3);
      series.points.emplace_back(static_cast<double>(packets), cpu);
    }
    chart.series.push_back(std::move(series));
  }
  return apps::DrawSvg(chart);
}

bool WriteFile(const std::string& name, const std::string& text) {
  if (name.empty()) return true;
  std::ofstream file(name, std::ios::binary);
  return static_cast<bool>(file << text << std::flush);
}

void AddOptions(apps::CommandLine& app, LabOptions& options) {
  std::vector<std::string> names;
  for (const lab::WayEntry& way : lab::SendWays()) names.push_back(way.name);
  options.ways = names;
  app.Add("--clients", options.clients, "clients in the room").Range(1, 4000).ShowDefault();
  app.Add("--packets", options.packets, "packets per turn, several values")
      .Range(1, 512)
      .ShowDefault();
  app.Add("--bytes", options.bytes, "body bytes of a packet").Range(1, 4000).ShowDefault();
  app.Add("--deliveries", options.deliveries, "deliveries per run")
      .Range(1, 100'000'000)
      .ShowDefault();
  app.Add("--repeat", options.repeat, "runs, of which the median is shown")
      .Range(1, 99)
      .ShowDefault();
  app.Add("--ways", options.ways, "which ways").OneOf(names).ShowDefault();
  app.Add("--json", options.json, "write the figures to this file");
  app.Add("--svg", options.svg, "draw the CPU figures into this file");
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("One send per packet against one send per turn", "send_lab");
  LabOptions options;
  AddOptions(app, options);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  spdlog::set_level(spdlog::level::warn);
  try {
    std::map<std::pair<std::string, std::size_t>, std::vector<Figures>> runs;
    for (std::size_t round = 0; round < options.repeat; ++round) {
      for (const std::size_t packets : options.packets) {
        for (const std::string& way : options.ways) {
          runs[{way, packets}].push_back(Measure(way, packets, options));
        }
      }
    }
    Results results;
    for (const auto& [key, figures] : runs) results[key] = MedianOf(figures);
    PrintTable(results, options);
    if (!WriteFile(options.json, ToJson(results, options)) ||
        !WriteFile(options.svg, ToSvg(results, options))) {
      return apps::Refuse(app, "cannot write the result files");
    }
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
  return 0;
}

// port_bench: echo through the completion port against a hand-written epoll echo server, and what
// an idle port costs, and what its queue alone does. Runs are interleaved (epoll, port, epoll,
// port, ...), figures are medians with their spread.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "labs/echo_load.h"
#include "labs/echo_server.h"
#include "labs/idle_figures.h"
#include "labs/post_figures.h"
#include "support/options.h"

namespace {

struct Options {
  std::vector<int> connections{1, 1000};
  int threads = 1;
  int concurrency = 0;
  std::vector<int> post_threads{1, 2, 4};
  int runs = 5;
  double seconds = 1.0;
  int message_size = 64;
  int idle_sockets = 1000;
  double idle_seconds = 2.0;
  bool calls = false;
  bool json = false;
};

struct Series {
  std::vector<double> values;

  double At(double fraction) const {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(fraction * static_cast<double>(sorted.size() - 1) +
                                           0.5)];
  }
  double Median() const { return At(0.5); }
  double Low() const { return At(0); }
  double High() const { return At(1); }
};

struct Contestant {
  std::string name;
  std::function<std::unique_ptr<bench::EchoServer>()> start;
  Series rate;                                  // messages per second
  Series cpu;                                   // microseconds of server CPU per message
  Series calls;                                 // system calls per message
  Series allocations;                           // per message
  std::map<std::string, double> calls_by_kind;  // per message, in the last run
  Series rate_ratio;                            // to the epoll run of the same round
  Series cpu_ratio;  // epoll's CPU over this one's: above 1 is better than epoll
};

bool RunOnce(Contestant& contestant, int connections, const Options& options) {
  const auto server = contestant.start();
  bench::Load load(server->tcp_port(), connections, options.message_size);
  if (!load.Run(options.seconds / 4).correct) return false;  // warm-up
  const bench::ServerFigures before = server->Figures();
  const bench::LoadResult result = load.Run(options.seconds);
  const bench::ServerFigures after = server->Figures();
  if (!result.correct || result.messages == 0) return false;
  const auto messages = static_cast<double>(result.messages);
  contestant.rate.values.push_back(messages / result.seconds);
  contestant.cpu.values.push_back((after.cpu_seconds - before.cpu_seconds) * 1e6 / messages);
  contestant.calls.values.push_back(static_cast<double>(after.system_calls - before.system_calls) /
                                    messages);
  for (const auto& [kind, count] : after.calls) {
    contestant.calls_by_kind[kind] = static_cast<double>(count - before.calls.at(kind)) / messages;
  }
  contestant.allocations.values.push_back(
      static_cast<double>(after.allocations - before.allocations) / messages);
  return true;
}

std::vector<Contestant> Compare(int connections, const Options& options) {
  const int threads = options.threads;
  const int concurrency = options.concurrency;
  std::vector<Contestant> all(3);
  all[0].name = "epoll";
  all[0].start = [threads] { return bench::StartEpollEcho(threads); };
  all[1].name = "port, one packet a call";
  all[1].start = [=] { return bench::StartPortEcho(threads, concurrency, true); };
  all[2].name = "port, Ex + skip on success";
  all[2].start = [=] { return bench::StartPortEcho(threads, concurrency, false); };
  for (int run = 0; run < options.runs; ++run) {
    for (Contestant& contestant : all) {
      if (!RunOnce(contestant, connections, options)) {
        throw std::runtime_error(contestant.name + ": an echo was lost or wrong");
      }
      contestant.rate_ratio.values.push_back(contestant.rate.values.back() /
                                             all[0].rate.values.back());
      contestant.cpu_ratio.values.push_back(all[0].cpu.values.back() /
                                            contestant.cpu.values.back());
    }
  }
  return all;
}

void PrintCalls(const Contestant& c) {
  std::printf("   ");
  for (const auto& [kind, count] : c.calls_by_kind) {
    if (count >= 0.005) std::printf(" %s %.2f", kind.c_str(), count);
  }
  std::printf("\n");
}

void PrintTable(int connections, const std::vector<Contestant>& all, const Options& options) {
  std::printf("\necho, %d connection%s, %d thread%s, %d-byte messages (median of %d; low..high)\n",
              connections, connections == 1 ? "" : "s", options.threads,
              options.threads == 1 ? "" : "s", options.message_size, options.runs);
  std::printf("%-27s %10s %19s %8s %19s %7s %7s\n", "", "messages/s", "ratio to epoll", "CPU us",
              "epoll CPU / its CPU", "calls", "allocs");
  for (const Contestant& c : all) {
    std::printf("%-27s %10.0f %5.2f (%4.2f..%4.2f)  %8.2f %5.2f (%4.2f..%4.2f)  %7.2f %7.4f\n",
                c.name.c_str(), c.rate.Median(), c.rate_ratio.Median(), c.rate_ratio.Low(),
                c.rate_ratio.High(), c.cpu.Median(), c.cpu_ratio.Median(), c.cpu_ratio.Low(),
                c.cpu_ratio.High(), c.calls.Median(), c.allocations.Median());
    if (options.calls) PrintCalls(c);
  }
}

void PrintJson(const char* name, const Series& series, const char* end) {
  std::printf("\"%s\":{\"median\":%.4f,\"low\":%.4f,\"high\":%.4f}%s", name, series.Median(),
              series.Low(), series.High(), end);
}

void PrintJson(int connections, const std::vector<Contestant>& all) {
  for (const Contestant& c : all) {
    std::printf("{\"bench\":\"echo\",\"connections\":%d,\"server\":\"%s\",", connections,
                c.name.c_str());
    PrintJson("messages_per_second", c.rate, ",");
    PrintJson("ratio_to_epoll", c.rate_ratio, ",");
    PrintJson("cpu_microseconds", c.cpu, ",");
    PrintJson("epoll_cpu_ratio", c.cpu_ratio, ",");
    PrintJson("system_calls", c.calls, ",");
    PrintJson("allocations", c.allocations, "}\n");
  }
}

void PrintIdle(const bench::IdleFigures& idle, const Options& options) {
  if (options.json) {
    std::printf(
        "{\"bench\":\"idle\",\"sockets\":%d,\"seconds\":%.1f,\"cpu_milliseconds\":%.3f,"
        "\"context_switches\":%ld,\"bytes_per_socket\":%.1f}\n",
        options.idle_sockets, idle.seconds, idle.cpu_milliseconds, idle.context_switches,
        idle.bytes_per_socket);
    return;
  }
  std::printf("\nidle: %d associated sockets, 2 waiting workers, %.1f s\n", options.idle_sockets,
              idle.seconds);
  std::printf("  CPU %.3f ms, context switches %ld, user memory per socket %.0f bytes\n",
              idle.cpu_milliseconds, idle.context_switches, idle.bytes_per_socket);
}

// Port and deque in turns, in each round.
void PrintPosts(int threads, const Options& options) {
  Series port;
  Series deque;
  Series ratio;
  Series futex_calls;
  for (int run = 0; run < options.runs; ++run) {
    const bench::PostFigures figures = bench::MeasurePosts(threads, options.seconds / 2);
    port.values.push_back(figures.port / 1e6);
    deque.values.push_back(figures.deque / 1e6);
    ratio.values.push_back(figures.port / figures.deque);
    futex_calls.values.push_back(figures.futex_calls);
  }
  if (options.json) {
    std::printf("{\"bench\":\"post\",\"threads\":%d,", threads);
    PrintJson("million_per_second", port, ",");
    PrintJson("ratio_to_deque", ratio, ",");
    PrintJson("futex_calls", futex_calls, "}\n");
    return;
  }
  std::printf(
      "post and get, %d thread%s: %.1f M/s (mutex and deque %.1f), ratio %.2f (%.2f..%.2f), "
      "futex calls %.3f\n",
      threads, threads == 1 ? "" : "s", port.Median(), deque.Median(), ratio.Median(), ratio.Low(),
      ratio.High(), futex_calls.Median());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  apps::CommandLine app(
      "Echo through the completion port against a hand-written epoll server; idle costs.",
      "port_bench");
  app.Add("--connections", options.connections, "Connections, one table each").Range(1, 20000);
  app.Add("--threads", options.threads, "Worker threads of each server").Range(1, 64);
  app.Add("--concurrency", options.concurrency, "Of the port (0: as many as threads)").Range(0, 64);
  app.Add("--post-threads", options.post_threads, "Threads that post and get (0: leave it out)")
      .Range(0, 64);
  app.Add("--runs", options.runs, "Rounds").Range(1, 100);
  app.Add("--seconds", options.seconds, "Length of one run").Between(0.05, 60);
  app.Add("--size", options.message_size, "Message bytes").Range(1, 4000);
  app.Add("--idle-sockets", options.idle_sockets, "Sockets of the idle test (0: leave it out)")
      .Range(0, 20000);
  app.Add("--idle-seconds", options.idle_seconds, "Length of the idle test").Between(0.1, 60);
  app.Flag("--calls", options.calls, "Also the system calls per message by kind");
  app.Flag("--json", options.json, "One JSON object a line");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  try {
    if (options.idle_sockets > 0) {
      PrintIdle(bench::MeasureIdle(options.idle_sockets, options.idle_seconds), options);
    }
    for (const int threads : options.post_threads) {
      if (threads > 0) PrintPosts(threads, options);
    }
    for (const int connections : options.connections) {
      const std::vector<Contestant> all = Compare(connections, options);
      if (options.json) {
        PrintJson(connections, all);
      } else {
        PrintTable(connections, all, options);
      }
    }
  } catch (const std::exception& error) {
    std::cerr << "port_bench: " << error.what() << "\n";
    return 1;
  }
  return 0;
}

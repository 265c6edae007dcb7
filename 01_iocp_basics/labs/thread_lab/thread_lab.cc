// thread_lab: which threads does a completion port wake, and how many? Four experiments: low load,
// a burst under limits 1, 2 and N, work that blocks where the port notices, and where it does not.

#include <algorithm>
#include <iostream>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "labs/thread_lab/experiments.h"
#include "support/options.h"

namespace thread_lab {
namespace {

struct Options {
  std::size_t workers = 8;
  std::size_t packets = 200;
  bool json = false;
};

struct Results {
  std::vector<LowLoad> low;
  std::vector<Burst> bursts;
  std::vector<Blocking> blocking;
};

DWORD Processors() {
  return std::max(1u, std::thread::hardware_concurrency());
}

Results RunAll(const Options& options) {
  Results results;
  const std::size_t workers = options.workers;
  results.low.push_back(RunLowLoadPosted(workers, Processors(), options.packets));
  results.low.push_back(RunLowLoadSocket(workers, Processors(), options.packets));
  for (const DWORD limit : {DWORD{1}, DWORD{2}, static_cast<DWORD>(workers)}) {
    results.bursts.push_back(RunBurst(workers, limit, std::max(options.packets, workers)));
  }
  results.blocking.push_back(RunBlockingInApi(workers, 1));
  results.blocking.push_back(RunBlockingElsewhere(workers, 1));
  return results;
}

std::string Join(const std::vector<std::uint64_t>& numbers, const char* separator) {
  std::ostringstream text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    text << (i == 0 ? "" : separator) << numbers[i];
  }
  return text.str();
}

std::string Length(int length) {
  return length < 0 ? "?" : std::to_string(length);
}

void PrintText(const Results& results) {
  std::cout
      << "1. Low load: one packet at a time, everybody asleep in between. Packets per worker:\n";
  bool one_did_all = true;
  for (const LowLoad& run : results.low) {
    const auto hottest = *std::max_element(run.served.begin(), run.served.end());
    std::cout << "     " << run.source << ", limit " << run.limit << ": " << Join(run.served, " ")
              << "   (the hottest did " << hottest << ")\n";
    one_did_all = one_did_all && hottest == std::accumulate(run.served.begin(), run.served.end(),
                                                            std::uint64_t{0});
  }
  std::cout << "   Last in, first out: the thread that slept last is the one that is woken.\n"
            << (one_did_all ? "" : "   (!) This system does not keep that rule; Wine 8 does not.\n")
            << "\n"
            << "2. A burst, work that never blocks. Most workers at work at one time:\n";
  for (const Burst& run : results.bursts) {
    std::cout << "     limit " << run.limit << ": " << run.peak_at_work
              << "   packets per worker: " << Join(run.served, " ") << '\n';
  }
  std::cout << "   Workers beyond the limit sleep on although packets wait.\n\n"
            << "3. Work that blocks, limit 1, one packet per worker. Blocked at one time:\n";
  for (const Blocking& run : results.blocking) {
    std::cout << "     in " << run.call << ": " << run.blocked << " workers   (lists then: queue "
              << Length(run.lengths.queue) << ", waiting " << Length(run.lengths.waiting)
              << ", released " << Length(run.lengths.released) << ", paused "
              << Length(run.lengths.paused) << ")\n";
  }
  std::cout
      << "   A worker that blocks in a call of this API moves to the paused list and another is\n"
         "   released. Our port on Linux cannot see a thread block anywhere else; the kernel of\n"
         "   Windows can.\n";
}

std::string Quoted(const std::string& text) {
  return "\"" + text + "\"";
}

void PrintJson(const Results& results) {
  std::cout << "{\"low_load\": [";
  for (const LowLoad& run : results.low) {
    std::cout << (&run == results.low.data() ? "" : ", ") << "{\"source\": " << Quoted(run.source)
              << ", \"limit\": " << run.limit << ", \"served\": [" << Join(run.served, ", ")
              << "]}";
  }
  std::cout << "],\n \"burst\": [";
  for (const Burst& run : results.bursts) {
    std::cout << (&run == results.bursts.data() ? "" : ", ") << "{\"limit\": " << run.limit
              << ", \"peak_at_work\": " << run.peak_at_work << ", \"served\": ["
              << Join(run.served, ", ") << "]}";
  }
  std::cout << "],\n \"blocking\": [";
  for (const Blocking& run : results.blocking) {
    std::cout << (&run == results.blocking.data() ? "" : ", ") << "{\"call\": " << Quoted(run.call)
              << ", \"limit\": " << run.limit << ", \"blocked\": " << run.blocked
              << ", \"queue\": " << run.lengths.queue << ", \"waiting\": " << run.lengths.waiting
              << ", \"released\": " << run.lengths.released
              << ", \"paused\": " << run.lengths.paused << ", \"served\": ["
              << Join(run.served, ", ") << "]}";
  }
  std::cout << "]}\n";
}

}  // namespace
}  // namespace thread_lab

int main(int argc, char** argv) {
  apps::CommandLine app("Which threads does a completion port wake, and how many?", "thread_lab");
  thread_lab::Options options;
  app.Add("--workers", options.workers, "worker threads").Range(2, 64);
  app.Add("--packets", options.packets, "packets of the first two experiments").Range(1, 100000);
  app.Flag("--json", options.json, "print the results as JSON");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  try {
    const apps::Winsock winsock;
    const thread_lab::Results results = thread_lab::RunAll(options);
    if (options.json) {
      thread_lab::PrintJson(results);
    } else {
      thread_lab::PrintText(results);
    }
    return 0;
  } catch (const std::exception& error) {
    std::cout << std::flush;
    std::cerr << "thread_lab: " << error.what() << std::endl;
    std::_Exit(1);
  }
}

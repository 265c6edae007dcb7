// bench_load: the bench's load generator. One run, one line of JSON.
#include <spdlog/spdlog.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <string>

#include "load/load_run.h"
#include "load/report.h"
#include "support/open_files.h"

namespace {

constexpr int kServerFailed = 1;

// False: it could not be written.
bool Write(const std::string& path, const std::string& json) {
  if (path == "-") {
    std::cout << json << std::endl;
    return std::cout.good();
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << json << '\n';
  return file.flush().good();
}

}  // namespace

int main(int argc, char** argv) {
  load::LoadOptions options;
  if (const auto exit_code = load::ParseLoadOptions(argc, argv, options)) return *exit_code;
  apps::RaiseOpenFileLimit();
  spdlog::set_level(spdlog::level::off);  // standard output is the figures'
  try {
    const load::LoadResult result = load::RunLoad(options);
    if (result.exit_code != 0) std::cerr << "bench_load: " << result.error << '\n';
    if (!Write(options.json, load::ToJson(options, result))) {
      std::cerr << "bench_load: cannot write " << options.json << '\n';
      return apps::kBadUsage;
    }
    return result.exit_code;
  } catch (const std::exception& error) {
    std::cerr << "bench_load: " << error.what() << '\n';
    return kServerFailed;
  }
}

// The seeds of a fuzzer's corpus, written by the fuzzer itself when it is built:
//
//   reassembler_fuzzer --seeds=FOLDER
//
// So they come from the same definitions as what is fuzzed, and no stage carries files of them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

using Seeds = std::map<std::string, std::vector<std::uint8_t>>;  // by file name

// For LLVMFuzzerInitialize: ends the program when seeds were asked for.
template <typename Make>
int WriteSeedsWhenAsked(int argc, char** argv, Make&& make) {
  constexpr std::string_view kOption = "--seeds=";
  const std::string_view asked = argc == 2 ? argv[1] : "";
  if (!asked.starts_with(kOption)) return 0;
  const std::filesystem::path folder(asked.substr(kOption.size()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  bool written = true;
  for (const auto& [name, bytes] : make()) {
    std::ofstream file(folder / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    written = written && file.flush().good();
  }
  std::exit(written ? 0 : 1);
}

}  // namespace fuzz

// A real browser (headless Chromium) looks at a page of 127.0.0.1, for tests.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/outside/child_process.h"

namespace outside {

// What the browser prints after it has shown the page for a while; nothing: it did not end with 0.
inline std::optional<std::string> Browse(const TemporaryFolder& folder,
                                         const std::vector<std::string>& options,
                                         const std::string& url) {
  const std::string output = folder.File("chromium.out");
  std::filesystem::remove(output);
  std::vector<std::string> command{"chromium",
                                   "--headless",
                                   "--no-sandbox",
                                   "--disable-gpu",
                                   "--disable-dev-shm-usage",
                                   "--no-first-run",
                                   "--user-data-dir=" + folder.File("profile"),
                                   "--virtual-time-budget=4000"};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back(url);
  ChildProcess chromium;
  if (!chromium.Start(command, output)) return std::nullopt;
  if (chromium.WaitFor(std::chrono::seconds(60)) != 0) return std::nullopt;
  return ReadFile(output);
}

// The number or word in the box of the monitor's page that shows `metric`; empty: there is none.
inline std::string FigureOf(const std::string& dom, const std::string& metric) {
  const std::size_t box = dom.find("data-metric=\"" + metric + "\"");
  const std::string open = "<strong>";
  const std::size_t begin = dom.find(open, box);
  if (box == std::string::npos || begin == std::string::npos) return "";
  return dom.substr(begin + open.size(), dom.find('<', begin + open.size()) - begin - open.size());
}

}  // namespace outside

// A configuration from its sources: the defaults, then one TOML file, then --set in their order.
// All errors are found, not only the first; each says where, which key, what is wrong and what is
// allowed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "services/config/config.h"

namespace config {

struct Sources {
  std::string file;               // empty: no file, the defaults
  std::vector<std::string> sets;  // "section.key=value"; strings need no quotes
};

struct Loaded {
  Config config;  // to be used only when there are no problems
  std::vector<std::string>
      problems;  // one line each: "FILE:LINE: key: ..." or "--set key=value: key: ..."

  bool ok() const { return problems.empty(); }
};

// A rule that one who uses the configuration has: the option structs of the parts validate
// themselves, and nothing of it is said a second time here.
struct Finding {
  std::string key;   // "section.name", or "section"
  std::string what;  // is wrong, one line
};
using Check = std::function<std::vector<Finding>(const Config&)>;
using Checks = std::vector<Check>;

// Start-up, one thread. Reads the file; never throws.
Loaded Load(const Sources& sources, const Checks& more = {});

// As Load, with the file's text at hand; `name` is what the problems call it.
Loaded LoadText(std::string_view text, std::string_view name,
                const std::vector<std::string>& sets = {}, const Checks& more = {});

// The whole configuration as a TOML file (--print-config). Secrets are hidden.
std::string PrintConfig(Config config);

// The commented default file, conf/chat_server.toml: the option table as a file.
std::string DefaultFile();

}  // namespace config

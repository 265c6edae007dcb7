// The files of monitor_web/, put into the program by services/monitor/embed_assets.cmake.
#pragma once

#include <string_view>

namespace services {

// Empty: no such file. `name` as in the folder: "index.html".
std::string_view FindWebAsset(std::string_view name);

}  // namespace services

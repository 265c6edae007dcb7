// What a part's options owe to more than their own keys: everything else is taken from the
// configuration as it is.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/doorman.h"
#include "services/config/config.h"

namespace server {

net::ServerOptions ChatNetOptions(const config::Config& config);
net::ServerOptions AuthNetOptions(const config::Config& config);
net::ServerOptions MonitorNetOptions(const config::Config& config);
DoorOptions ChatDoorOptions(const config::Config& config);
DoorOptions AuthDoorOptions(const config::Config& config);
// `program` goes where the file's name says {program}: two programs must not rotate one file.
services::LogOptions LogOptions(const config::Config& config, std::string_view program);
// Of the monitoring link: monitor.secret, or the file's, or the environment's. Throws
// std::invalid_argument when the file cannot be read, or when there is no secret and the monitor
// server is to listen to other machines.
std::string MonitorSecret(const config::Config& config);
// Throws std::invalid_argument with the first alarm rule that is none.
services::MonitorOptions MonitorOptions(const config::Config& config);
journal::JournalOptions JournalOptions(const config::Config& config);

// nullptr: this program was built without the configured database.
std::unique_ptr<db::Connection> MakeConnection(const config::Config& config);

}  // namespace server

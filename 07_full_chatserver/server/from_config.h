// The configuration (one flat struct of what a person can say) as the options of each part.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "auth/auth_server.h"
#include "chat/world.h"
#include "job/update_threads.h"
#include "net/server_options.h"
#include "server/doorman.h"
#include "services/account/guess_limiter.h"
#include "services/account/password.h"
#include "services/config/config.h"
#include "services/congestion/congestion_judge.h"
#include "services/country/country_check.h"
#include "services/db/connection.h"
#include "services/db/db_writer.h"
#include "services/journal/journal.h"
#include "services/log/log_setup.h"
#include "services/monitor/monitor_core.h"
#include "services/monitor/report_link.h"

namespace server {

net::ServerOptions ChatNetOptions(const config::Config& config);
net::ServerOptions AuthNetOptions(const config::Config& config);
net::ServerOptions MonitorNetOptions(const config::Config& config);
chat::WorldOptions WorldOptions(const config::Config& config);
job::UpdateOptions UpdateOptions(const config::Config& config);
auth::AuthOptions AuthOptions(const config::Config& config);
account::GuessLimits GuessLimits(const config::Config& config);
account::HashCost HashCost(const config::Config& config);
DoorOptions ChatDoorOptions(const config::Config& config);
DoorOptions AuthDoorOptions(const config::Config& config);
services::CongestionOptions CongestionOptions(const config::Config& config);
services::CountryOptions CountryOptions(const config::Config& config);
// `program` goes where the file's name says {program}: two programs must not rotate one file.
services::LogOptions LogOptions(const config::Config& config, std::string_view program);
services::ReportLinkOptions ReportLinkOptions(const config::Config& config);
// Of the monitoring link: monitor.secret, or the file's, or the environment's. Throws
// std::invalid_argument when the file cannot be read, or when there is no secret and the monitor
// server is to listen to other machines.
std::string MonitorSecret(const config::Config& config);
// Throws std::invalid_argument with the first alarm rule that is none.
services::MonitorOptions MonitorOptions(const config::Config& config);
journal::JournalOptions JournalOptions(const config::Config& config);
db::WriterOptions WriterOptions(const config::Config& config);

// nullptr: this program was built without the configured database.
std::unique_ptr<db::Connection> MakeConnection(const config::Config& config);

}  // namespace server

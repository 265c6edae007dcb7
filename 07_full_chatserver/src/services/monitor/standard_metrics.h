// The metrics that every server of the course has: names, units and texts in one place. (The chat
// server's own: server/chat_metrics.h.) The monitor page knows these names; others are shown as
// they are.
#pragma once

#include "services/monitor/collector.h"

namespace services {

// process_*, machine_*: from system_usage.h.
void AddSystemMetrics(Collector& collector);

}  // namespace services

// The metrics that every server of the course has, and those of the chat server: names, units and
// texts in one place. The monitor page knows these names; others are shown as they are.
#pragma once

#include <functional>

#include "services/monitor/collector.h"

namespace services {

// process_*, machine_*: from system_usage.h.
void AddSystemMetrics(Collector& collector);

// Sampling functions of the chat server; those left empty are left out.
struct ChatSamples {
  using Sampler = Collector::Sampler;

  Sampler sessions;  // connected now
  Sampler players;   // in the game now
  Sampler accepts;   // sums since the start:
  Sampler packets_received;
  Sampler packets_sent;
  Sampler updates;          // jobs or messages that the chat logic has done
  Sampler packets_in_use;   // pool
  Sampler messages_in_use;  // pool
  Sampler jobs_waiting;     // in all job queues
  Sampler job_p99_seconds;
  Sampler send_queue_bytes;  // waiting for sockets
  Sampler receive_bytes;     // held by half-received packets
  Sampler database_up;       // 1 or 0
  Sampler database_queue;    // rows that wait
  Sampler database_rows;     // sum: rows written
  Sampler journal_bytes;     // not yet confirmed by the database
  Sampler journal_refused;   // sums of records: refused, because the journal could not be written;
  Sampler not_journaled;     // in memory only, for the same reason;
  Sampler records_replayed;  // stored again, in a database that had gone back;
  Sampler records_lost;      // nowhere
  Sampler rows_parked;       // too long for the database, now
  Sampler redis_up;          // 1 or 0
  Sampler redis_inside;      // requests on their way
  Sampler redis_timeouts;    // sum
  Sampler congestion_pause;  // 1 while accepting and sending are paused
  Sampler refused;           // sum: connections refused, for whatever reason
};
void AddChatMetrics(Collector& collector, const ChatSamples& samples);

}  // namespace services

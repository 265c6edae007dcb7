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
  Sampler records_lost;      // nowhere
  Sampler redis_up;          // 1 or 0
  Sampler redis_inside;      // requests on their way
  Sampler redis_timeouts;    // sum
  Sampler congestion_pause;  // 1 while accepting and sending are paused
  Sampler refused;           // sum: connections refused, for whatever reason; of these:
  Sampler refused_abroad;    // by their country,
  Sampler refused_limit;     // too many or too fast from one address,
  Sampler refused_full;      // no slot
  Sampler logins;            // sums of log-ins, by how they ended: granted,
  Sampler logins_wrong_key;  // the key was another one,
  Sampler logins_no_key;     // or there was none: expired, used, never given;
  Sampler logins_try_later;  // the key store said no;
  Sampler logins_replaced;   // a newer one of the same account came;
  Sampler logins_timed_out;  // nobody logged in in time, or fell silent
  std::function<std::string_view()> redis_trouble;  // why it is not up: one of these
  std::vector<std::string> redis_troubles;
};
void AddChatMetrics(Collector& collector, const ChatSamples& samples);

}  // namespace services

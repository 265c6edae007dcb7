// What the collection thread samples of the chat server.
#include <chrono>
#include <sstream>

#include "net/packet.h"
#include "server/chat_service.h"
#include "services/monitor/standard_metrics.h"

namespace server {

void ChatService::AddSamples() {
  services::AddSystemMetrics(collector_);
  const chat::ChatServer& chat = *chat_;
  const auto number = [](auto value) { return static_cast<double>(value); };
  services::ChatSamples samples;
  samples.sessions = [&chat, number] { return number(chat.live_sessions()); };
  samples.players = [&chat, number] { return number(chat.players()); };
  samples.accepts = [&chat, number] { return number(chat.traffic().accepts); };
  samples.packets_received = [&chat, number] { return number(chat.traffic().recv_packets); };
  samples.packets_sent = [&chat, number] { return number(chat.traffic().send_packets); };
  samples.updates = [&chat, number] { return number(chat.job_stats().executed); };
  samples.packets_in_use = [number] { return number(net::Packet::LiveCount()); };
  samples.job_p99_seconds = [&chat] {
    return std::chrono::duration<double>(chat.job_stats().job_time_p99).count();
  };
  samples.jobs_waiting = [&chat, number] {
    const job::JobStats jobs = chat.job_stats();  // read while they run: the sums may overtake
    return number(jobs.queued > jobs.executed ? jobs.queued - jobs.executed : 0);
  };
  const db::DbWriter& writer = *writer_;
  samples.database_up = [&writer] {
    return writer.Stats().state == db::WriterState::kUp ? 1.0 : 0.0;
  };
  samples.database_queue = [&writer, number] { return number(writer.Stats().queue_records); };
  samples.database_rows = [&writer, number] { return number(writer.Stats().written_rows); };
  samples.journal_bytes = [&writer, number] { return number(writer.Stats().journal_bytes); };
  samples.journal_refused = [&writer, number] { return number(writer.Stats().refused); };
  samples.not_journaled = [&writer, number] { return number(writer.Stats().unjournaled); };
  samples.records_replayed = [&writer, number] { return number(writer.Stats().replayed); };
  samples.rows_parked = [&writer, number] { return number(writer.Stats().parked); };
  samples.records_lost = [&writer, number] { return number(writer.Stats().lost); };
  const SessionKeys& keys = *keys_;
  samples.redis_up = [&keys] { return keys.Status().up ? 1.0 : 0.0; };
  samples.redis_inside = [&keys] { return keys.Status().inside; };
  samples.redis_timeouts = [&keys] { return keys.Status().timeouts; };
  samples.congestion_pause = [this] { return congestion_ && congestion_->IsPaused() ? 1.0 : 0.0; };
  samples.refused = [this, number] { return number(door_.refused()); };
  services::AddChatMetrics(collector_, samples);
}

std::string ChatService::StatusLine() const {
  const net::TrafficTotals traffic = chat_->traffic();
  const db::WriterStats database = writer_->Stats();
  std::ostringstream line;
  line << "sessions=" << chat_->live_sessions() << " players=" << chat_->players()
       << " packets_in=" << traffic.recv_packets << " packets_out=" << traffic.send_packets
       << " talk=" << chronicle_->talk() << " rows=" << database.written_rows
       << " queue=" << database.queue_records << " database=" << ToString(database.state)
       << " keys=" << (keys_->Status().up ? "up" : "down");
  return line.str();
}

}  // namespace server

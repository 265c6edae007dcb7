// What the collection thread samples of the chat server.
#include <chrono>
#include <sstream>

#include "net/packet.h"
#include "server/chat_service.h"
#include "services/monitor/standard_metrics.h"
#include "services/redis/redis_trouble.h"

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
  samples.records_lost = [&writer, number] { return number(writer.Stats().lost); };
  const SessionKeys& keys = *keys_;
  samples.redis_up = [&keys] { return keys.Status().up ? 1.0 : 0.0; };
  if (config_.login.store == config::LoginStore::kRedis) {
    samples.redis_trouble = [&keys] { return keys.Status().trouble; };
    samples.redis_troubles.assign(services::kTroubles.begin(), services::kTroubles.end());
  }
  samples.redis_inside = [&keys] { return keys.Status().inside; };
  samples.redis_timeouts = [&keys] { return keys.Status().timeouts; };
  samples.congestion_pause = [this] { return congestion_ && congestion_->IsPaused() ? 1.0 : 0.0; };
  samples.refused = [this, number] { return number(door_.refused() + chat_->traffic().full); };
  samples.refused_abroad = [this, number] { return number(door_.refused(DoorAnswer::kAbroad)); };
  samples.refused_limit = [this, number] { return number(door_.refused(DoorAnswer::kLimited)); };
  samples.refused_full = [this, number] {
    return number(door_.refused(DoorAnswer::kFull) + chat_->traffic().full);
  };
  AddLoginSamples(samples);
  services::AddChatMetrics(collector_, samples);
  if (auth_) auth_->AddMetrics(collector_);
}

// The ways in which a log-in ends.
void ChatService::AddLoginSamples(services::ChatSamples& samples) const {
  const auto lobby = [this](std::uint64_t chat::LobbyCounts::*count) {
    return [this, count] { return static_cast<double>(chat_->world().lobby().counts().*count); };
  };
  const auto key = [this](chat::KeyAnswer answer) {
    return [this, answer] { return static_cast<double>(lobby_keys_->count(answer)); };
  };
  samples.logins = lobby(&chat::LobbyCounts::logins);
  samples.logins_wrong_key = key(chat::KeyAnswer::kWrong);
  samples.logins_no_key = key(chat::KeyAnswer::kMissing);
  samples.logins_try_later = key(chat::KeyAnswer::kUnavailable);
  samples.logins_replaced = lobby(&chat::LobbyCounts::superseded);
  samples.logins_timed_out = lobby(&chat::LobbyCounts::timed_out);
}

std::string ChatService::StatusLine() const {
  const net::TrafficTotals traffic = chat_->traffic();
  const db::WriterStats database = writer_->Stats();
  std::ostringstream line;
  line << "sessions=" << chat_->live_sessions() << " players=" << chat_->players()
       << " packets_in=" << traffic.recv_packets << " packets_out=" << traffic.send_packets
       << " talk=" << chronicle_->talk() << " rows=" << database.written_rows
       << " queue=" << database.queue_records << " database=" << ToString(database.state)
       << " keys=" << ToText(keys_->Status());
  return line.str();
}

}  // namespace server

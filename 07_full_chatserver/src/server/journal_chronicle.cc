#include "server/journal_chronicle.h"

#include <spdlog/spdlog.h>

#include <string>

#include "services/db/event.h"
#include "services/log/quoted.h"

namespace server {

namespace {

journal::Batch& EmptyBatch() {
  static thread_local journal::Batch batch;
  batch.Clear();
  return batch;
}

}  // namespace

bool JournalChronicle::Store(journal::Batch& batch, db::Matter matter) {
  const db::StoreResult result = writer_.Store(batch, matter);
  if (result.code == db::StoreCode::kStored) return true;
  if (const auto left_out = log_.Take()) {
    spdlog::error("journal event=\"{}\" reason={} left_out={}",
                  result.code == db::StoreCode::kRefused ? "refused" : "not journaled",
                  services::Quoted(result.reason), *left_out);
  }
  return result.code != db::StoreCode::kRefused;
}

bool JournalChronicle::Record(std::span<const chat::TalkRecord> turn) {
  journal::Batch& batch = EmptyBatch();
  db::ChatEvent event;
  event.at_ms = db::NowMs();
  event.server_id = server_id_;
  for (const chat::TalkRecord& talk : turn) {
    event.account_no = talk.account;
    event.session_id = talk.session.value;
    event.place = talk.sector ? db::Place::kSector : db::Place::kRoom;
    event.place_id = talk.place;
    event.sequence = talk.sequence;
    event.name = talk.name;
    event.msg = talk.message;
    db::Add(batch, event);
  }
  if (!Store(batch, db::Matter::kWish)) return false;
  talk_.fetch_add(turn.size(), std::memory_order_relaxed);
  return true;
}

bool JournalChronicle::Record(const chat::LoginRecord& login) {
  std::string address(login.address);
  if (address.empty() && address_of_) address = address_of_(login.session);
  db::LoginEvent event;
  event.at_ms = db::NowMs();
  event.server_id = server_id_;
  event.account_no = login.account;
  event.session_id = login.session.value;
  event.what = login.in ? db::LoginWhat::kLogin : db::LoginWhat::kLogout;
  event.address = address;
  event.reason = login.reason;
  journal::Batch& batch = EmptyBatch();
  db::Add(batch, event);
  const bool stored = Store(batch, login.in ? db::Matter::kWish : db::Matter::kFact);
  if (!stored && login.in) refused_logins_.fetch_add(1, std::memory_order_relaxed);
  return stored;
}

}  // namespace server

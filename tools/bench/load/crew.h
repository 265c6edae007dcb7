// A thread of the generator and its clients: brings them in, says what is due, reads what comes.
//
// Between two messages it waits in epoll, with a timer for the next one; while it reads it looks at
// the clock after every socket, so that what is due does not wait for the rest.
//
// Threading: Run is the thread; everything else before it starts or after it has ended.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "load/client.h"
#include "load/load_options.h"
#include "load/schedule.h"
#include "load/shared.h"

namespace load {

struct CrewFigures {
  std::uint64_t said = 0;               // due in the measured time
  std::uint64_t delivered_in_time = 0;  // what was heard in the measured time
  double cpu_s = 0;                     // in the measured time
  std::int64_t ready_at = 0;            // when its last client was in
  std::int64_t last_said = 0;
};

class Crew {
 public:
  Crew(const LoadOptions& options, Shared& shared, unsigned number);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  Tally& tally() { return tally_; }
  void Add(std::unique_ptr<Client> client) { clients_.push_back(std::move(client)); }
  void Run();

  const CrewFigures& figures() const { return figures_; }
  std::size_t size() const { return clients_.size(); }

 private:
  static constexpr std::size_t kAtOnce = 64;  // log-ins under way

  bool BringIn();
  void StartNext();
  void Talk(std::int64_t begin);
  void Drain();

  // Says what is due by now.
  void SayDue();
  Client* NextSpeaker();
  // Waits until something happens or it is that time, and handles what has happened.
  void Poll(std::int64_t until);
  void SetTimer(std::int64_t at);
  void OnEvent(Client& client, std::uint32_t events);
  void OnChanged(Client& client, ClientState before);
  void OnGone(Client& client, ClientState before);
  // Notes what the measured time begins and ends with.
  void Mark(std::int64_t now);

  const LoadOptions& options_;
  Shared& shared_;
  const unsigned number_;
  sockaddr_in to_{};
  int epoll_ = -1;
  int timer_ = -1;
  std::int64_t timer_at_ = 0;
  ReceiveBuffer buffer_;
  Tally tally_;
  CrewFigures figures_;
  std::vector<std::unique_ptr<Client>> clients_;

  std::size_t started_ = 0;  // of clients_
  std::size_t coming_ = 0;   // started, and not ready yet
  std::size_t ready_ = 0;

  const Schedule* schedule_ = nullptr;  // while it talks
  std::uint64_t next_message_ = 0;
  std::size_t next_speaker_ = 0;
  std::int64_t measured_until_ = INT64_MAX;
  double cpu_before_ = -1;
  std::uint64_t heard_before_ = 0;
  bool measured_ = false;
};

}  // namespace load

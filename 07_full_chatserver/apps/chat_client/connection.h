// The connection to the server, as the chat sees it: what arrives waits in an inbox until the main
// thread takes it. So everything about chat and screen happens on one thread, without locks; this
// class is the border.
//
//   worker of the ClientService:  On...  -> Put -> inbox, wake
//   main thread:                  woken  -> Take -> Chat::OnPacket
//
// The inbox is bounded: when the main thread does not take (a terminal that was stopped with
// Ctrl-S), the worker waits, nothing is read from the socket, and TCP slows the server down.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "support/client/client_service.h"
#include "support/client/server_session.h"
#include "support/client/tickets.h"

namespace chat_client {

// The connection is over, whoever ended it.
struct Disconnected {
  std::string reason;
};

struct ServerEvent {
  std::variant<Protocol::S_LOGIN, Protocol::S_ENTER_GAME, Protocol::S_LEAVE_GAME, Protocol::S_CHAT,
               Protocol::S_PLAYER_JOINED, Protocol::S_PLAYER_LEFT, Disconnected>
      what;
  std::uint32_t sequence = 0;  // the room's number of a broadcast, else 0
};

class Connection final : private client::ServerSession {
 public:
  static constexpr std::size_t kMaxUnread = 10'000;  // events

  // `wake` is called when the inbox stops being empty: any thread, must not block.
  explicit Connection(std::function<void()> wake);
  ~Connection() override;

  // `ticket`: what every C_LOGIN carries.
  net::Status Connect(const net::PeerAddress& address, client::Ticket ticket);

  // Main thread.
  std::optional<ServerEvent> Take();
  using client::ServerSession::Send;
  bool Send(const Protocol::C_LOGIN& pkt);

 private:
  void OnLogin(const Protocol::S_LOGIN& pkt) override { Put({pkt, sequence()}); }
  void OnEnterGame(const Protocol::S_ENTER_GAME& pkt) override { Put({pkt, sequence()}); }
  void OnLeaveGame(const Protocol::S_LEAVE_GAME& pkt) override { Put({pkt, sequence()}); }
  void OnChat(const Protocol::S_CHAT& pkt) override { Put({pkt, sequence()}); }
  void OnPlayerJoined(const Protocol::S_PLAYER_JOINED& pkt) override { Put({pkt, sequence()}); }
  void OnPlayerLeft(const Protocol::S_PLAYER_LEFT& pkt) override { Put({pkt, sequence()}); }
  void OnDisconnected(std::string_view reason) override;

  void Put(ServerEvent event);
  // A person may be silent for hours: the connection shows that it lives.
  void Beat();

  const std::function<void()> wake_;
  std::mutex lock_;
  std::condition_variable taken_;  // the inbox has room again, or nobody will take any more
  std::deque<ServerEvent> inbox_;  // guarded by lock_
  bool leaving_ = false;           // guarded by lock_: the main thread takes no more
  client::Ticket ticket_;          // constant once it is connected
  std::condition_variable leave_;  // leaving_
  client::ClientService service_;
  std::thread heartbeat_;
};

}  // namespace chat_client

// Many connections to a chat server in one process: one completion port, a few worker threads.
//
// It is a net::Server without a listener. Once a connection stands, nothing distinguishes its two
// ends: sessions, reassembly, the send queue and the ordered stop are the same code.
//
//   client::ClientService service({.session_max = 100});
//   service.Start();
//   service.Connect({0x7F000001, port}, session);   // session: derived from ServerSession
//   ...
//   service.Stop();                                 // before the sessions die
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "net/server.h"
#include "support/client/server_session.h"

namespace client {

struct ClientOptions {
  std::uint32_t session_max = 1;     // connections at most
  std::uint32_t worker_threads = 1;  // 0 = one per processor
};

class ClientService final : public net::Server {
 public:
  explicit ClientService(const ClientOptions& options);
  ~ClientService() override;

  // Connects `session`, which must live until it is disconnected or the service stopped, and is
  // used for one connection only. Blocks until the connection stands. Any thread but a callback's;
  // no longer when Stop is called.
  net::Status Connect(const net::PeerAddress& address, ServerSession& session);
  // As Connect, with a connection that stands already.
  net::Status Join(net::UniqueSocket socket, const net::PeerAddress& address,
                   ServerSession& session);

 private:
  void OnClientJoin(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  std::mutex adopt_lock_;
  ServerSession* adopted_ = nullptr;  // guarded by adopt_lock_: the session that OnClientJoin means

  // By slot index: set in OnClientJoin, cleared in OnClientLeave, read in OnRecv; the framework
  // calls those one after the other for one session.
  std::vector<ServerSession*> sessions_;
};

}  // namespace client

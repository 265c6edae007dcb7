// A client's question to the auth service: name and password, and the answer.
#pragma once

#include <string_view>

#include "auth.pb.h"
#include "support/client/server_session.h"

namespace auth_client {

// Derive from it, and connect it with a client::ClientService. Threading as client::ServerSession.
class ServerSession : public client::ServerSession {
 public:
  bool Ask(std::string_view name, std::string_view password);

  // The server ends the connection afterwards.
  virtual void OnAuth(const Protocol::S_AUTH& pkt) = 0;

  proto::Dispatched Dispatch(std::uint16_t id, std::span<const std::uint8_t> body) final;
};

}  // namespace auth_client

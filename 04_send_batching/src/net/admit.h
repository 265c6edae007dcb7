// From an accepted socket to a session that receives: the same way for both accept modes.
//
// Threading: Admit by any accepting thread, several at once. Keeps nothing itself.
#pragma once

#include "net/handles.h"
#include "net/peer_address.h"
#include "net/receive.h"
#include "net/server_options.h"
#include "net/session_life.h"
#include "net/traffic.h"

namespace net {

class Admission {
 public:
  Admission(const ServerOptions& options, const PortHandle& port, SessionLife& life,
            ReceivePath& receive, Traffic& traffic)
      : options_(options), port_(port), life_(life), receive_(receive), traffic_(traffic) {}

  void Admit(UniqueSocket socket, const PeerAddress& peer);

 private:
  void RefuseFull(UniqueSocket socket, const PeerAddress& peer);
  int PrepareSocket(SOCKET socket) const;

  const ServerOptions& options_;
  const PortHandle& port_;
  SessionLife& life_;
  ReceivePath& receive_;
  Traffic& traffic_;
};

}  // namespace net

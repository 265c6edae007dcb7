// Who may connect: the rules are outside (server/doorman.h), a server asks at its door.
//
// Threading: any thread; must not block.
#pragma once

#include <cstddef>
#include <span>

#include "net/peer_address.h"

namespace net {

class Doorman {
 public:
  // May this address connect? The accepting threads.
  virtual bool MayEnter(const PeerAddress& peer) = 0;
  // What one is told that may not, as a sealed frame; empty: nothing. It lives as long as this.
  virtual std::span<const std::byte> NoticeFor(const PeerAddress&) { return {}; }
  // It has become a session / the session has ended.
  virtual void Entered(const PeerAddress& peer) = 0;
  virtual void Left(const PeerAddress& peer) = 0;
  // Its password or its session key was right / it has tried a session key that was not.
  virtual void LoggedIn(const PeerAddress&) {}
  virtual void WrongKey(const PeerAddress&) {}

 protected:
  ~Doorman() = default;
};

}  // namespace net

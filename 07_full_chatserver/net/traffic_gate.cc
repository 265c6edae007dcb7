// Pausing and resuming of the whole server's traffic.
#include "net/traffic_gate.h"

#include "net/log.h"
#include "net/server.h"

namespace net {

void Server::PauseTraffic() {
  traffic_gate_.Close();
  Log(LogLevel::kWarning, "traffic", SessionId{}, "paused: no accepts, no sends");
}

void Server::ResumeTraffic() {
  const bool was_closed = traffic_gate_.closed();
  // [resume]
  for (Session* const parked : traffic_gate_.Open()) {
    const SessionRef session(*this, parked);  // the gate's count
    IssueSends(*session);                     // with the gate's send flag
  }
  // [/resume]
  {
    // The accept thread may be waiting in its pause.
    const std::lock_guard lock(back_off_mutex_);
    back_off_wake_.notify_all();
  }
  if (was_closed) Log(LogLevel::kInfo, "traffic", SessionId{}, "resumed");
}

// Caller: as IssueSends. True: the gate has the session's send flag now.
bool Server::WaitAtGate(Session& session) {
  if (!traffic_gate_.closed()) return false;
  // [wait-at-gate]
  // <student 07.5>
  session.io.Add();
  if (traffic_gate_.Park(session)) return true;
  ReleaseIo(session);  // opened in between
  return false;
  // </student>
  // [/wait-at-gate]
}

}  // namespace net

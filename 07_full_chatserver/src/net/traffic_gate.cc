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
  // <student 07e.4>
  const bool was_closed = traffic_gate_.closed();
  // [resume]
  for (Session* const parked : traffic_gate_.Open()) {
    send_.GoOn(*parked);  // with the gate's count and send flag
  }
  // [/resume]
  if (was_closed) Log(LogLevel::kInfo, "traffic", SessionId{}, "resumed");
  // </student>
}

// Caller: as IssueSends. True: the gate has the session's send flag now.
bool SendPath::WaitAtGate(Session& session) {
  // <student 07e.4>
  if (!gate_.closed()) return false;
  // [wait-at-gate]
  session.io.Add();
  if (gate_.Park(session)) return true;
  life_.ReleaseIo(session);  // opened in between
  return false;
  // [/wait-at-gate]
  // </student>
}

}  // namespace net

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
  // [resume]
  // <student 07e.4>
  const bool was_closed = traffic_gate_.closed();
  for (Session* const parked : traffic_gate_.Open()) {
    send_.GoOn(*parked);  // with the gate's count and send flag
  }
  if (was_closed) Log(LogLevel::kInfo, "traffic", SessionId{}, "resumed");
  // </student>
  // [/resume]
}

// Caller: as IssueSends. True: the gate has the session's send flag now.
bool SendPath::WaitAtGate(Session& session) {
  // [wait-at-gate]
  // <student 07e.4>
  if (!gate_.closed()) return false;
  session.io.Add();
  if (gate_.Park(session)) return true;
  life_.ReleaseIo(session);  // opened in between
  return false;
  // </student>
  // [/wait-at-gate]
}

}  // namespace net

#include "net/admit.h"

#include <string>

#include "net/log.h"

namespace net {

// [admit]
void Admission::Admit(UniqueSocket socket, const PeerAddress& peer) {
  // <student 02.2>
  bool wanted = false;
  life_.CallGame(SessionId{}, [&](Callbacks& game) { wanted = game.OnConnectionRequest(peer); });
  if (!wanted) {
    Log(LogLevel::kInfo, "refused", SessionId{}, ToString(peer) + " by OnConnectionRequest");
    return;
  }
  Session* const slot = life_.Allocate(socket.get(), peer);  // with one I/O count: ours
  if (slot == nullptr) {
    RefuseFull(std::move(socket), peer);
    return;
  }
  const SessionRef session(life_, slot);  // our count goes when this function ends
  socket.Release();                       // the session owns the socket now

  if (CreateIoCompletionPort(reinterpret_cast<HANDLE>(session->socket), port_.get(),
                             reinterpret_cast<ULONG_PTR>(slot), 0) == nullptr) {
    life_.ReportError(session->id, "cannot associate the socket with the port", GetLastError());
    life_.BeginClose(*session, "not associated");
    return;
  }
  if (const int error = PrepareSocket(session->socket); error != 0) {
    life_.ReportError(session->id, "cannot set the socket's options", static_cast<DWORD>(error));
    life_.BeginClose(*session, "socket options refused");
    return;
  }
  traffic_.Add(Traffic::kAccepts, 1);
  session->joined = true;
  life_.CallGame(session->id, [&](Callbacks& game) { game.OnClientJoin(session->id); });
  // Only now: nobody has asked for a packet yet that may have arrived long ago.
  receive_.StartRecv(*session);
  // </student>
}
// [/admit]

// 0, or the error of the option that failed.
int Admission::PrepareSocket(SOCKET socket) const {
  if (options_.skip_on_success &&
      !SetFileCompletionNotificationModes(reinterpret_cast<HANDLE>(socket),
                                          FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
    return static_cast<int>(GetLastError());
  }
  return SetSocketOptions(socket, options_.socket_options);
}

// Politely: a notice, then a FIN. Closing a socket with unread bytes in it would send a reset
// instead, and the reset may overtake the notice, so what the client has sent already is read
// first.
void Admission::RefuseFull(UniqueSocket socket, const PeerAddress& peer) {
  Log(LogLevel::kWarning, "refused", SessionId{},
      ToString(peer) + " session_max=" + std::to_string(options_.session_max) + " reached");
  u_long non_blocking = 1;
  if (ioctlsocket(socket.get(), static_cast<long>(FIONBIO), &non_blocking) != 0) return;
  if (!options_.full_notice.empty()) {
    send(socket.get(), reinterpret_cast<const char*>(options_.full_notice.data()),
         static_cast<int>(options_.full_notice.size()), 0);
  }
  shutdown(socket.get(), SD_SEND);
  char waste[512];
  for (int i = 0; i < 8 && recv(socket.get(), waste, sizeof(waste), 0) > 0; ++i) {
  }
}

}  // namespace net

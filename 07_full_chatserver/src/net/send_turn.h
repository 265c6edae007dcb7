// A turn: what a thread sends between its beginning and its end leaves as one send per session.
//
// A worker takes a batch of completions from the port, and serving them queues many packets for the
// same sessions: three clients move, and everybody hears of three moves. Sent at once that is three
// system calls per client; at the end of the turn it is one. Nothing waits longer than the turn.
//
//   {
//     net::SendTurn turn(server);
//     for (...) server.SendPacket(id, packet);   // queued, the session's send flag is taken
//   }                                            // one gathered WSASend for each of the sessions
//
// Workers have a turn of their own for each batch of completions: callbacks need not make one, and
// a callback that waits for an answer to what it sent must call Flush first. A turn inside a turn
// of the same server joins it.
//
// Threading: a turn belongs to the thread that made it. It holds an I/O count of each session in
// it, so it must end before the server stops. Errors: none; a session that fails is closed.
#pragma once

#include <vector>

namespace net {

class SendPath;
class Server;
struct Session;

class SendTurn {
 public:
  explicit SendTurn(Server& server);
  explicit SendTurn(SendPath& send);
  SendTurn(const SendTurn&) = delete;
  SendTurn& operator=(const SendTurn&) = delete;
  ~SendTurn();

  // Sends what this turn has queued so far.
  void Flush();
  // The same for the turn of the calling thread, if there is one.
  static void FlushCurrent();

  // The send path: the caller holds a count of the session and owns its send flag. True: the
  // calling thread has a turn, which takes the flag over. False: send now.
  static bool Defer(SendPath& send, Session& session);

 private:
  SendPath& send_;
  SendTurn* const outer_;           // the turn that was this thread's before
  const bool joined_;               // outer_ is of the same server and does the work
  std::vector<Session*> sessions_;  // with a count each; the turn owns their send flags
};

}  // namespace net

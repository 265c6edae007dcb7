// Scenarios of a socket's life: accept hand-over, connect, reuse.
#ifndef _WIN32

#include "tests/iocp/unit_preempt_world.h"

namespace course_test {
namespace {

// What is sent for a connection never reaches the next one of the same socket.
class SendAgainstReuse : public ConnectedWorld {
 public:
  void Left() override { PostSend(ours_, &old_, "old"); }
  void Right() override {
    send_came_first_ = WasStopped(Role::kLeft);
    disconnect_.Said(disconnect_ex_(ours_, &disconnect_, TF_REUSE_SOCKET, 0) != 0);
    disconnect_.AwaitPacket();
    PostAccept(ours_, &accept_, 0);
    client_ = Client();
  }
  void Verify() override {
    old_.AwaitPacket();
    EXPECT_TRUE(disconnect_.due) << disconnect_.refusal;
    EXPECT_TRUE(accept_.due) << accept_.refusal;
    accept_.AwaitPacket();
    EXPECT_TRUE(accept_.ok) << accept_.error;
    const std::string at_old_peer = ReadToTheEnd(peer_);
    EXPECT_TRUE(at_old_peer.empty() || at_old_peer == "old") << at_old_peer;
    TakeContext(ours_);
    SendAll(ours_, "new");
    EXPECT_EQ(shutdown(ours_, SD_SEND), 0);
    const std::string at_client = ReadToTheEnd(client_);
    // Called before the reuse, it is the old connection's. Otherwise it may be either's, but whole.
    const bool may_be_the_new_ones = !send_came_first_ && old_.ok && at_old_peer.empty();
    EXPECT_TRUE(at_client == "new" || (may_be_the_new_ones && at_client == "oldnew")) << at_client;
  }

 private:
  bool send_came_first_ = false;
  Deal old_;
  Deal disconnect_;
  Deal accept_;
  Socket client_;
};

// What the old peer sent is not read from the new connection.
class OldDataAgainstReuse : public ConnectedWorld {
 public:
  OldDataAgainstReuse() { PostReceive(ours_, &pending_); }
  void Left() override { send(peer_, "old", 3, 0); }  // may fail: the connection may be gone
  void Right() override {
    disconnect_.Said(disconnect_ex_(ours_, &disconnect_, TF_REUSE_SOCKET, 0) != 0);
    disconnect_.AwaitPacket();
    PostAccept(ours_, &accept_, 0);
    client_ = Client();
  }
  void Verify() override {
    pending_.AwaitPacket();
    if (pending_.ok) {
      EXPECT_TRUE(pending_.text().empty() || pending_.text() == "old");
    }
    accept_.AwaitPacket();
    EXPECT_TRUE(accept_.ok) << accept_.refusal << " " << accept_.error;
    TakeContext(ours_);
    SendAll(client_, "new");
    Deal receive;
    PostReceive(ours_, &receive);
    receive.AwaitPacket();
    EXPECT_EQ(receive.text(), "new");
  }

 private:
  Deal pending_;
  Deal disconnect_;
  Deal accept_;
  Socket client_;
};

// P35: one packet, whoever comes first; the client sees a connection or an end.
class AcceptAgainstListenerClose : public World {
 public:
  AcceptAgainstListenerClose() { PostAccept(acceptor_, &accept_, 0); }
  void Left() override { client_ = Client(); }
  void Right() override { closesocket(closing_); }
  void Verify() override {
    listener_.release();
    accept_.AwaitPacket();
    if (!accept_.ok) {
      EXPECT_TRUE(IsClosedError(accept_.error)) << accept_.error;
      acceptor_.Close();
      return;
    }
    SendAll(acceptor_, "hi");
    EXPECT_EQ(ReceiveExactly(client_, 2), "hi");
  }

 private:
  const SOCKET closing_ = listener_;
  Socket acceptor_ = MakeTcp();
  Deal accept_;
  Socket client_;
};

class HandOverAgainstAcceptorClose : public World {
 public:
  HandOverAgainstAcceptorClose() { PostAccept(acceptor_, &accept_, 16); }
  void Left() override {
    client_ = Client();
    send(client_, "first", 5, 0);
  }
  void Right() override { closesocket(closing_); }
  void Verify() override {
    acceptor_.release();
    accept_.AwaitPacket();
    if (accept_.ok) {
      EXPECT_EQ(accept_.text(), "first");
    } else {
      EXPECT_TRUE(IsClosedError(accept_.error)) << accept_.error;
    }
    // The listener lives on.
    const Socket next = MakeTcp();
    Deal again;
    PostAccept(next, &again, 0);
    const Socket other = Client();
    again.AwaitPacket();
    EXPECT_TRUE(again.ok) << again.error;
  }

 private:
  Socket acceptor_ = MakeTcp();
  const SOCKET closing_ = acceptor_;
  Deal accept_;
  Socket client_;
};

// P31: found, or completed already; then the same acceptor serves the next client.
class CancelAgainstHandOver : public World {
 public:
  CancelAgainstHandOver() { PostAccept(acceptor_, &accept_, 16); }
  void Left() override {
    client_ = Client();
    send(client_, "first", 5, 0);
  }
  void Right() override {
    SetLastError(0);
    found_ = CancelIoEx(listener_.handle(), &accept_);
    error_ = GetLastError();
  }
  void Verify() override {
    accept_.AwaitPacket();
    if (!found_) {
      EXPECT_CODE(error_, ERROR_NOT_FOUND);
      EXPECT_TRUE(accept_.ok) << "not found, but it had not completed: " << accept_.error;
    }
    if (accept_.ok) {
      EXPECT_EQ(accept_.text(), "first");
      return;
    }
    EXPECT_CODE(accept_.error, ERROR_OPERATION_ABORTED);
    client_.Close();
    Deal again;
    PostAccept(acceptor_, &again, 16);
    ASSERT_TRUE(again.due) << again.refusal;
    // The first client may be in the backlog still: it has closed, and its data comes first.
    const Socket other = Client();
    SendAll(other, "first");
    again.AwaitPacket();
    EXPECT_TRUE(again.ok) << again.error;
    EXPECT_EQ(again.text(), "first");
  }

 private:
  const Socket acceptor_ = MakeTcp();
  Deal accept_;
  Socket client_;
  BOOL found_ = FALSE;
  DWORD error_ = 0;
};

// P36: exactly one packet, and afterwards the socket is what the packet says.
class ConnectAgainstCancel : public World {
 public:
  ConnectAgainstCancel() { Associate(port_, socket_, 1); }
  void Left() override {
    DWORD bytes = 0;
    connect_.Said(connect_ex_(socket_, reinterpret_cast<const sockaddr*>(&address_),
                              sizeof address_, nullptr, 0, &bytes, &connect_) != 0);
  }
  void Right() override { CancelIoEx(socket_.handle(), nullptr); }
  void Verify() override {
    EXPECT_TRUE(connect_.due) << connect_.refusal;
    connect_.AwaitPacket();
    if (!connect_.ok) {
      EXPECT_CODE(connect_.error, ERROR_OPERATION_ABORTED);
      return;
    }
    const char* const no_value = nullptr;
    EXPECT_EQ(setsockopt(socket_, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, no_value, 0), 0);
    SendAll(socket_, "hi");
    const Socket accepted(accept(listener_, nullptr, nullptr));
    EXPECT_EQ(ReceiveExactly(accepted, 2), "hi");
  }

 private:
  const Socket socket_ = MakeBoundTcp();
  Deal connect_;
};

class ConnectAgainstClose : public World {
 public:
  ConnectAgainstClose() { Associate(port_, socket_, 1); }
  void Left() override {
    DWORD bytes = 0;
    connect_.Said(connect_ex_(closing_, reinterpret_cast<const sockaddr*>(&address_),
                              sizeof address_, nullptr, 0, &bytes, &connect_) != 0);
  }
  void Right() override { closesocket(closing_); }
  void Verify() override {
    socket_.release();
    connect_.AwaitPacket();
    if (!connect_.due) {
      EXPECT_CODE(connect_.refusal, WSAENOTSOCK);
    } else if (!connect_.ok) {
      EXPECT_TRUE(IsClosedError(connect_.error)) << connect_.error;
    }
  }

 private:
  Socket socket_ = MakeBoundTcp();
  const SOCKET closing_ = socket_;
  Deal connect_;
};

}  // namespace

const std::vector<NamedScenario>& LifeScenarios() {
  static const std::vector<NamedScenario> scenarios = {
      Named<SendAgainstReuse>("SendAgainstReuse"),
      Named<OldDataAgainstReuse>("OldDataAgainstReuse"),
      Named<AcceptAgainstListenerClose>("AcceptAgainstListenerClose"),
      Named<HandOverAgainstAcceptorClose>("HandOverAgainstAcceptorClose"),
      Named<CancelAgainstHandOver>("CancelAgainstHandOver"),
      Named<ConnectAgainstCancel>("ConnectAgainstCancel"),
      Named<ConnectAgainstClose>("ConnectAgainstClose"),
  };
  return scenarios;
}

}  // namespace course_test

#endif  // _WIN32

// Scenarios on one connection: transfers against cancel, close, FIN, reset and each other.
#ifndef _WIN32

#include <algorithm>

#include "tests/iocp/unit_preempt_world.h"

namespace course_test {
namespace {

// P31: one packet; data that the cancelled receive did not get is there for the next.
class CancelAgainstData : public ConnectedWorld {
 public:
  CancelAgainstData() { PostReceive(ours_, &first_); }
  void Left() override { SendAll(peer_, "data"); }
  void Right() override {
    SetLastError(0);
    found_ = CancelIoEx(ours_.handle(), &first_);
    error_ = GetLastError();
  }
  void Verify() override {
    first_.AwaitPacket();
    if (!found_) {
      EXPECT_CODE(error_, ERROR_NOT_FOUND);
      EXPECT_TRUE(first_.ok) << "nothing was pending, so it had completed: " << first_.error;
    }
    if (first_.ok) {
      EXPECT_EQ(first_.text(), "data");
      return;
    }
    EXPECT_CODE(first_.error, ERROR_OPERATION_ABORTED);
    Deal next;
    PostReceive(ours_, &next);
    next.AwaitPacket();
    EXPECT_EQ(next.text(), "data");
  }

 private:
  Deal first_;
  BOOL found_ = FALSE;
  DWORD error_ = 0;
};

// P29, P39: a send either goes to its own connection whole, or is refused, or fails.
class SendAgainstClose : public ConnectedWorld {
 public:
  void Left() override { PostSend(ours_, &send_, "0123456789"); }
  void Right() override { closesocket(closing_); }
  void Verify() override {
    ours_.release();
    send_.AwaitPacket();
    if (!send_.due) {
      EXPECT_CODE(send_.refusal, WSAENOTSOCK);
    }
    const std::string got = ReadToTheEnd(peer_);
    EXPECT_EQ(got, std::string_view("0123456789").substr(0, got.size()));
    if (send_.due && send_.ok) {
      EXPECT_EQ(got.size(), 10u);
    }
  }

 private:
  const SOCKET closing_ = ours_;
  Deal send_;
};

class ReceiveAgainstClose : public ConnectedWorld {
 public:
  void Left() override { PostReceive(closing_, &receive_); }
  void Right() override { closesocket(closing_); }
  void Verify() override {
    ours_.release();
    receive_.AwaitPacket();
    if (receive_.due) {
      EXPECT_TRUE(IsClosedError(receive_.error)) << receive_.error;
    } else {
      EXPECT_CODE(receive_.refusal, WSAENOTSOCK);
    }
    EXPECT_EQ(ReadToTheEnd(peer_), "");
  }

 private:
  const SOCKET closing_ = ours_;
  Deal receive_;
};

// P25.
class ReceiveAgainstFin : public ConnectedWorld {
 public:
  void Left() override { PostReceive(ours_, &receive_); }
  void Right() override {
    SendAll(peer_, "last");
    EXPECT_EQ(shutdown(peer_, SD_SEND), 0);
  }
  void Verify() override {
    receive_.AwaitPacket();
    EXPECT_EQ(receive_.text(), "last");
    Deal end;
    PostReceive(ours_, &end);
    end.AwaitPacket();
    EXPECT_TRUE(end.ok) << end.error;
    EXPECT_EQ(end.bytes, 0u);
  }

 private:
  Deal receive_;
};

// P26: either way the reset is told, and it stays.
class ReceiveAgainstReset : public ConnectedWorld {
 public:
  void Left() override { PostReceive(ours_, &receive_); }
  void Right() override { peer_.Reset(); }
  void Verify() override {
    receive_.AwaitPacket();
    if (receive_.due) {
      EXPECT_CODE(receive_.error, ERROR_NETNAME_DELETED);
    } else {
      EXPECT_CODE(receive_.refusal, WSAECONNRESET);
    }
    Deal again;
    PostReceive(ours_, &again);
    EXPECT_CODE(again.refusal, WSAECONNRESET);
  }

 private:
  Deal receive_;
};

// P23, P24: whole, and one after the other.
class TwoSends : public ConnectedWorld {
 public:
  void Left() override { PostSend(ours_, &left_, left_text_); }
  void Right() override { PostSend(ours_, &right_, right_text_); }
  void Verify() override {
    const std::string got = ReceiveExactly(peer_, left_text_.size() + right_text_.size());
    EXPECT_TRUE(got == left_text_ + right_text_ || got == right_text_ + left_text_)
        << "they are mixed";
    left_.AwaitPacket();
    right_.AwaitPacket();
    EXPECT_TRUE(left_.ok && right_.ok);
  }

 private:
  const std::string left_text_ = std::string(100'000, 'l');
  const std::string right_text_ = std::string(100'000, 'r');
  Deal left_;
  Deal right_;
};

// P23: the one issued first has the first bytes, whoever performs them.
class TwoReceives : public ConnectedWorld {
 public:
  TwoReceives() { PostReceive(ours_, &first_); }
  void Left() override { SendAll(peer_, "one"); }
  void Right() override { PostReceive(ours_, &second_); }
  void Verify() override {
    first_.AwaitPacket();
    EXPECT_EQ(first_.text(), "one");
    SendAll(peer_, "two");
    second_.AwaitPacket();
    EXPECT_EQ(second_.text(), "two");
  }

 private:
  Deal first_;
  Deal second_;
};

// The FIN is behind everything that was sent before it.
class ShutdownAgainstPendingSends : public ConnectedWorld {
 public:
  ShutdownAgainstPendingSends() {
    const int small = 16 * 1024;
    setsockopt(ours_, SOL_SOCKET, SO_SNDBUF, reinterpret_cast<const char*>(&small), sizeof small);
    PostSend(ours_, &large_, text_);
    PostSend(ours_, &last_, "end");
  }
  void Left() override { got_ = ReceiveExactly(peer_, text_.size() / 2); }
  void Right() override { EXPECT_EQ(shutdown(ours_, SD_SEND), 0) << WSAGetLastError(); }
  void Verify() override {
    got_ += ReadToTheEnd(peer_);
    large_.AwaitPacket();
    last_.AwaitPacket();
    EXPECT_TRUE(large_.ok && last_.ok) << large_.error << " " << last_.error;
    EXPECT_TRUE(got_ == text_ + "end") << got_.size() << " bytes of " << text_.size() + 3;
  }

 private:
  const std::string text_ = std::string(600'000, 's');
  Deal large_;
  Deal last_;
  std::string got_;
};

// P3: completed before it was associated, or a packet: never both, never neither.
class AssociateAgainstData : public World {
 public:
  AssociateAgainstData() {
    Connection connection = ConnectThrough(plain_listener_);
    ours_ = std::move(connection.ours);
    peer_ = std::move(connection.peer);
    PostReceive(ours_, &receive_);
  }
  void Left() override { SendAll(peer_, "data"); }
  void Right() override { Associate(port_, ours_, 1); }
  void Verify() override {
    EXPECT_TRUE(Eventually([this] { return HasOverlappedIoCompleted(&receive_) != 0; }));
    EXPECT_EQ(receive_.InternalHigh, 4u);
    // A packet behind which none of the receive's can be any more.
    Deal next;
    PostReceive(ours_, &next);
    SendAll(peer_, "next");
    next.AwaitPacket();
    EXPECT_EQ(next.text(), "next");
    EXPECT_LE(receive_.packets.load(), 1);
  }

 private:
  Socket plain_listener_ = MakeListener();
  Socket ours_;
  Socket peer_;
  Deal receive_;
};

}  // namespace

const std::vector<NamedScenario>& StreamScenarios() {
  static const std::vector<NamedScenario> scenarios = {
      Named<CancelAgainstData>("CancelAgainstData"),
      Named<SendAgainstClose>("SendAgainstClose"),
      Named<ReceiveAgainstClose>("ReceiveAgainstClose"),
      Named<ReceiveAgainstFin>("ReceiveAgainstFin"),
      Named<ReceiveAgainstReset>("ReceiveAgainstReset"),
      Named<TwoSends>("TwoSends"),
      Named<TwoReceives>("TwoReceives"),
      Named<ShutdownAgainstPendingSends>("ShutdownAgainstPendingSends"),
      Named<AssociateAgainstData>("AssociateAgainstData"),
  };
  return scenarios;
}

}  // namespace course_test

#endif  // _WIN32

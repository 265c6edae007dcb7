// What is done to the socket besides transfers and accepts, and what the calls must say.
#include "tests/iocp/unit_pairwise.h"

namespace course_test {
namespace {

const std::string& BigData() {
  static const std::string data(std::size_t{1} << 20, 'S');
  return data;
}

Issued Said(BOOL ok) {
  return {ok ? 0 : SOCKET_ERROR, ok ? 0 : WSAGetLastError(), kUntouched};
}

}  // namespace

void Scene::ConnectRefused() {
  if (life_ == Life::kFresh && !bound_) {
    const sockaddr_in any = LoopbackAddress();
    bound_ = bind(handle_, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
    EXPECT_TRUE(bound_) << WSAGetLastError();
  }
  Deal& deal = NewDeal(Kind::kConnect, handle_);
  const sockaddr_in nobody = LocalAddressOf(refusing_);
  DWORD bytes = 0;
  const Issued issued = Said(connect_ex_(handle_, reinterpret_cast<const sockaddr*>(&nobody),
                                         sizeof nobody, nullptr, 0, &bytes, &deal));
  if (life_ == Life::kClosed) {
    Issue(deal, issued, {WSAENOTSOCK});
  } else if (life_ == Life::kAwaiting) {
    Issue(deal, issued, {WSAEINVAL, WSAEISCONN});
  } else if (life_ == Life::kConnected) {
    Issue(deal, issued, {WSAEISCONN});  // P36
  } else if (Issue(deal, issued, {})) {
    Settle(deal, {ERROR_CONNECTION_REFUSED}, 0);
  }
}

// P37. What is pending ends first, each with a packet of its own.
void Scene::Reuse() {
  Deal& deal = NewDeal(Kind::kDisconnect, handle_);
  const Issued issued = Said(disconnect_ex_(handle_, &deal, TF_REUSE_SOCKET, 0));
  if (life_ == Life::kClosed) {
    Issue(deal, issued, {WSAENOTSOCK});
    return;
  }
  if (life_ != Life::kConnected) {
    Issue(deal, issued, {WSAENOTCONN});
    return;
  }
  const bool refused = !issued.done() && !issued.pended();
  if (refused && (reset_ || shut_out_)) {
    Issue(deal, issued, {WSAENOTCONN, WSAECONNRESET, WSAECONNABORTED});
    return;
  }
  if (!Issue(deal, issued, {})) return;
  const Codes ended = {ERROR_OPERATION_ABORTED, ERROR_CONNECTION_ABORTED, ERROR_NETNAME_DELETED};
  SettleAll(Kind::kReceive, ended, 0);
  SettleAll(Kind::kSend, ended);
  if (!reset_) ReadPeerToTheEnd();
  peer_.Close();
  Settle(deal, {0}, 0);
  life_ = Life::kFresh;
  bound_ = false;
  PostAccept(0);
}

void Scene::Shut(int how) {
  const int result = shutdown(handle_, how);
  const int error = result == 0 ? 0 : WSAGetLastError();
  if (life_ == Life::kClosed) {
    EXPECT_EQ(error, WSAENOTSOCK);
    return;
  }
  if (life_ != Life::kConnected) {
    EXPECT_EQ(error, WSAENOTCONN);
    return;
  }
  // How a second or a late shutdown answers is nobody's promise; after it, it holds.
  if (!reset_ && !shut_in_ && !shut_out_ && !fin_in_) {
    EXPECT_EQ(error, 0);
  }
  if (error != 0) return;
  shut_in_ |= how != SD_SEND;
  shut_out_ |= how != SD_RECEIVE;
}

void Scene::Cancel(bool all) {
  const bool awaiting = life_ == Life::kAwaiting;
  Deal* const one = LastPending();
  const HANDLE target = reinterpret_cast<HANDLE>(awaiting ? listener_.get() : handle_);
  SetLastError(0);
  const BOOL found = CancelIoEx(target, all ? nullptr : static_cast<OVERLAPPED*>(one));
  const DWORD error = GetLastError();
  if (life_ == Life::kClosed) {
    EXPECT_FALSE(found);
    EXPECT_CODE(error, ERROR_INVALID_HANDLE);
    return;
  }
  if (one == nullptr) {
    if (WineDiffers("P31", "Wine answers TRUE for a handle without operations",
                    "Wine 8.0 server/async.c, cancel_async")) {
      return;
    }
    EXPECT_FALSE(found);
    EXPECT_CODE(error, ERROR_NOT_FOUND);
    return;
  }
  EXPECT_TRUE(found) << error;
  if (all) {
    SettleAll(Kind::kReceive, {ERROR_OPERATION_ABORTED}, 0);
    SettleAll(Kind::kSend, {ERROR_OPERATION_ABORTED});
    SettleAll(Kind::kAccept, {ERROR_OPERATION_ABORTED});
  } else {
    Settle(*one, {ERROR_OPERATION_ABORTED});
  }
  if (awaiting) life_ = Life::kFresh;  // P41
}

void Scene::PeerFin() {
  if (peer_.get() == INVALID_SOCKET) return;
  EXPECT_EQ(shutdown(peer_, SD_SEND), 0) << WSAGetLastError();
  if (life_ == Life::kAwaiting) {
    SettleAll(Kind::kAccept, {0}, 0);  // P32
    Connected(std::move(peer_));
  }
  if (life_ == Life::kConnected) SettleAll(Kind::kReceive, {0}, 0);  // P25
  fin_in_ = true;
}

void Scene::PeerReset() {
  if (peer_.get() == INVALID_SOCKET) return;
  both_fins_ = fin_in_ && shut_out_;
  peer_.Reset();
  if (life_ == Life::kAwaiting) {
    SettleAll(Kind::kAccept, {ERROR_NETNAME_DELETED}, 0);
    life_ = Life::kFresh;  // P41
    return;
  }
  if (life_ != Life::kConnected) return;
  reset_ = true;
  SettleAll(Kind::kReceive, {ERROR_NETNAME_DELETED}, 0);  // P26
  SettleAll(Kind::kSend, {ERROR_NETNAME_DELETED, ERROR_CONNECTION_ABORTED});
}

// P29, P35.
void Scene::CloseSubject() {
  const int result = closesocket(handle_);
  if (life_ == Life::kClosed) {
    EXPECT_EQ(result, SOCKET_ERROR);
    EXPECT_EQ(WSAGetLastError(), WSAENOTSOCK);  // P39
    return;
  }
  subject_.release();
  EXPECT_EQ(result, 0);
  life_ = Life::kClosed;
  const Codes closed = {ERROR_CONNECTION_ABORTED, ERROR_NETNAME_DELETED, ERROR_OPERATION_ABORTED};
  SettleAll(Kind::kReceive, closed, 0);
  SettleAll(Kind::kSend, closed);
  SettleAll(Kind::kAccept, closed);
}

void Scene::Do(Deed deed) {
  const bool closed = life_ == Life::kClosed;
  switch (deed) {
    case Deed::kReceive:
      PostReceive(false);
      return;
    case Deed::kEvent:
      PostReceive(true);
      return;
    case Deed::kSend:
      PostSend(BigData());
      return;
    case Deed::kFinIn:
      PeerFin();
      return;
    case Deed::kFinOut:
      Shut(SD_SEND);
      return;
    case Deed::kShutdownIn:
      Shut(SD_RECEIVE);
      return;
    case Deed::kShutdownBoth:
      Shut(SD_BOTH);
      return;
    case Deed::kReset:
      PeerReset();
      return;
    case Deed::kCancelOne:
      Cancel(false);
      return;
    case Deed::kCancelAll:
      Cancel(true);
      return;
    case Deed::kClose:
      CloseSubject();
      return;
    case Deed::kReuse:
      Reuse();
      return;
    case Deed::kHandOver:
      PostAccept(0);
      return;
    case Deed::kAwaitClient:
      PostAccept(0, false);
      return;
    case Deed::kAwaitFirst:
      PostAccept(64);
      return;
    case Deed::kConnectFailed:
      ConnectRefused();
      return;
    case Deed::kSkip:
      EXPECT_EQ(SetFileCompletionNotificationModes(reinterpret_cast<HANDLE>(handle_),
                                                   FILE_SKIP_COMPLETION_PORT_ON_SUCCESS),
                closed ? FALSE : TRUE);
      skip_ = !closed;
      return;
    case Deed::kAssociate: {
      const HANDLE port = CreateIoCompletionPort(reinterpret_cast<HANDLE>(handle_), port_, 1, 0);
      EXPECT_EQ(port, closed || associated_ ? nullptr : port_.get());  // P2
      if (closed) return;
      associated_ = true;
      for (Deal& deal : deals_) {  // P3: what pends already will be a packet, too
        deal.wants_packet |= deal.pending && !deal.event.get();
      }
      return;
    }
#ifndef _WIN32
    case Deed::kTooManyFiles:
      faults_.reset();
      faults_.emplace(FaultSite{"accept", Fault::kTooManyFiles, false}, 1, 3);
      return;
    case Deed::kNoBuffersOut:
      faults_.reset();
      outward_first_ = true;
      faults_.emplace(FaultSite{"send", Fault::kNoBuffers, false}, 1, 1);
      return;
    case Deed::kNoBuffersIn:
      faults_.reset();
      faults_.emplace(FaultSite{"recv", Fault::kNoBuffers, false}, 1, 1);
      return;
#endif
  }
}

}  // namespace course_test

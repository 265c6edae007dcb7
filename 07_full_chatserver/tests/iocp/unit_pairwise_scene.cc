// Doing things to the socket, and what the calls must say.
#include <algorithm>

#include "tests/iocp/unit_pairwise.h"

namespace course_test {
namespace {

constexpr DWORD kRoom = sizeof(sockaddr_in) + 16;
constexpr ULONG_PTR kListenerKey = 100;

void SetBuffer(SOCKET socket, int name) {
  const int bytes = 16 * 1024;
  EXPECT_EQ(setsockopt(socket, SOL_SOCKET, name, reinterpret_cast<const char*>(&bytes),
                       static_cast<int>(sizeof bytes)),
            0);
}

Issued Said(BOOL ok, DWORD bytes) {
  return {ok ? 0 : SOCKET_ERROR, ok ? 0 : WSAGetLastError(), bytes};
}

}  // namespace

const std::vector<Deed>& AllDeeds() {
  static const std::vector<Deed> deeds = {
      Deed::kReceive,      Deed::kSend,         Deed::kFinIn,         Deed::kFinOut,
      Deed::kShutdownIn,   Deed::kShutdownBoth, Deed::kReset,         Deed::kCancelOne,
      Deed::kCancelAll,    Deed::kClose,        Deed::kReuse,         Deed::kHandOver,
      Deed::kAwaitClient,  Deed::kAwaitFirst,   Deed::kConnectFailed, Deed::kSkip,
      Deed::kEvent,        Deed::kAssociate,
#ifndef _WIN32
      Deed::kTooManyFiles, Deed::kNoBuffersOut, Deed::kNoBuffersIn,
#endif
  };
  return deeds;
}

const char* ToString(Deed deed) {
  switch (deed) {
    case Deed::kReceive:
      return "receive";
    case Deed::kSend:
      return "send";
    case Deed::kFinIn:
      return "fin_in";
    case Deed::kFinOut:
      return "fin_out";
    case Deed::kShutdownIn:
      return "shutdown_in";
    case Deed::kShutdownBoth:
      return "shutdown_both";
    case Deed::kReset:
      return "reset";
    case Deed::kCancelOne:
      return "cancel_one";
    case Deed::kCancelAll:
      return "cancel_all";
    case Deed::kClose:
      return "close";
    case Deed::kReuse:
      return "reuse";
    case Deed::kHandOver:
      return "hand_over";
    case Deed::kAwaitClient:
      return "await_client";
    case Deed::kAwaitFirst:
      return "await_first";
    case Deed::kConnectFailed:
      return "connect_failed";
    case Deed::kSkip:
      return "skip";
    case Deed::kEvent:
      return "event";
    case Deed::kAssociate:
      return "associate";
#ifndef _WIN32
    case Deed::kTooManyFiles:
      return "emfile";
    case Deed::kNoBuffersOut:
      return "enobufs_out";
    case Deed::kNoBuffersIn:
      return "enobufs_in";
#endif
  }
  return "?";
}

Scene::Scene(bool connected, Deed first, Deed second)
    : association_is_a_deed_(first == Deed::kAssociate || second == Deed::kAssociate),
      listener_(MakeListener(&address_)),
      port_(MakePort()),
      subject_(MakeTcp()),
      handle_(subject_.get()),
      refusing_(MakeBoundTcp()) {
  Associate(port_, listener_, kListenerKey);
  accept_ex_ = ExtensionFunction<LPFN_ACCEPTEX>(listener_, WSAID_ACCEPTEX);
  connect_ex_ = ExtensionFunction<LPFN_CONNECTEX>(listener_, WSAID_CONNECTEX);
  disconnect_ex_ = ExtensionFunction<LPFN_DISCONNECTEX>(listener_, WSAID_DISCONNECTEX);
  if (!association_is_a_deed_) Do(Deed::kAssociate);
  if (connected) Do(Deed::kHandOver);
}

Scene::~Scene() {
#ifndef _WIN32
  faults_.reset();
#endif
}

Scene::Deal& Scene::NewDeal(Kind kind, SOCKET on) {
  Deal& deal = deals_.emplace_back();
  deal.kind = kind;
  deal.on = on;
  return deal;
}

bool Scene::Issue(Deal& deal, const Issued& issued, Codes refusals) {
  deal.issued = issued;
  const bool accept = deal.kind == Kind::kAccept;
  if (!issued.done() && !issued.pended()) {
    const auto error = static_cast<DWORD>(issued.error);
    bool known =
        std::find(refusals.begin(), refusals.end(), error) != refusals.end() || Tolerated(error);
    if (!known && life_ != Life::kConnected) {
      known = (error == static_cast<DWORD>(WSAECONNRESET) ||
               error == static_cast<DWORD>(WSAECONNABORTED)) &&
              WineDiffers("P53", "Wine's send on a socket without a connection says it was reset",
                          "observed with Wine 8: Linux' EPIPE, mapped");
    }
    EXPECT_TRUE(known) << "refused with " << error;
    deal.failed = true;
    return false;
  }
  EXPECT_EQ(refusals.size(), 0u) << "must be refused with " << *refusals.begin();
  deal.pending = true;
  // P15: a packet even when it was done at once, unless skipped; P42: the listener's mode counts.
  deal.wants_packet = !deal.event.get() && (accept || (associated_ && !(skip_ && issued.done())));
  return true;
}

bool Scene::PostReceive(bool event) {
  Deal& deal = NewDeal(Kind::kReceive, handle_);
  if (event) {
    deal.event = MakeEvent();
    deal.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(deal.event.get()) | 1);
  }
  const Issued issued = Receive(handle_, &deal);
  if (life_ == Life::kClosed) return Issue(deal, issued, {WSAENOTSOCK});
  if (life_ != Life::kConnected) return Issue(deal, issued, {WSAENOTCONN});
  if (shut_in_) return Issue(deal, issued, {WSAESHUTDOWN, WSAECONNRESET});             // P28
  if (reset_ && !both_fins_ && !fin_in_) return Issue(deal, issued, {WSAECONNRESET});  // P26
  if (reset_ && !issued.done() && !issued.pended()) {
    return Issue(deal, issued, {WSAECONNRESET});
  }
  if (!Issue(deal, issued, {})) return false;
  if (fin_in_ || reset_) Settle(deal, {0}, 0);  // P25
  return true;
}

bool Scene::PostSend(std::string_view data) {
  Deal& deal = NewDeal(Kind::kSend, handle_);
  deal.data = data;
  const Issued issued = Send(handle_, &deal, data);
  if (life_ == Life::kClosed) return Issue(deal, issued, {WSAENOTSOCK});
  if (life_ != Life::kConnected) return Issue(deal, issued, {WSAENOTCONN});
  if (shut_out_) return Issue(deal, issued, {WSAESHUTDOWN, WSAECONNRESET});
  if (reset_) return Issue(deal, issued, {WSAECONNRESET, WSAECONNABORTED});
  if (!Issue(deal, issued, {})) return false;
  sent_.push_back(&deal);
  if (issued.done()) Settle(deal, {0}, static_cast<DWORD>(data.size()));
  return true;
}

Socket Scene::NewClient() {
  Socket client = MakeTcp();
  SetBuffer(client, SO_RCVBUF);
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0)
      << WSAGetLastError();
  return client;
}

void Scene::Connected(Socket client) {
  EXPECT_EQ(setsockopt(handle_, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                       reinterpret_cast<const char*>(&listener_), sizeof(SOCKET)),
            0)
      << WSAGetLastError();
  SetBuffer(handle_, SO_SNDBUF);
  peer_ = std::move(client);
  const DWORD limit = kDeadlineMs;
  setsockopt(peer_, SOL_SOCKET, SO_RCVTIMEO, reinterpret_cast<const char*>(&limit), sizeof limit);
  life_ = Life::kConnected;
  fin_in_ = shut_in_ = shut_out_ = reset_ = both_fins_ = false;
  sent_.clear();
}

// P32: without a length it completes on connect; with one, the connection waits for its first data.
bool Scene::PostAccept(DWORD length, bool client_comes) {
  // There already, or coming only later.
  Socket client;
  if (length == 0 && client_comes && life_ == Life::kFresh && !bound_) client = NewClient();
  Deal& deal = NewDeal(Kind::kAccept, listener_);
  DWORD bytes = kUntouched;
  const BOOL ok = accept_ex_(listener_, handle_, deal.buffer, length, kRoom, kRoom, &bytes, &deal);
  const Issued issued = Said(ok, bytes);
  if (life_ == Life::kClosed) return Issue(deal, issued, {WSAENOTSOCK});
  if (life_ != Life::kFresh) return Issue(deal, issued, {WSAEINVAL});  // P33
  if (bound_ && !issued.pended()) return Issue(deal, issued, {WSAEINVAL});
  if (!Issue(deal, issued, {})) return false;
  if (!client_comes) {
    peer_.Close();
    life_ = Life::kAwaiting;
    return true;
  }
  if (client.get() == INVALID_SOCKET) client = NewClient();
  if (length == 0) {
    Settle(deal, {0}, 0);
    if (!deal.failed) Connected(std::move(client));
    return !deal.failed;
  }
  // Another one behind it: when that has come, the first client has been taken, too.
  const Socket other = MakeTcp();
  Deal& probe = NewDeal(Kind::kAccept, listener_);
  Issue(probe,
        Said(accept_ex_(listener_, other, probe.buffer, 0, kRoom, kRoom, &bytes, &probe), bytes),
        {});
  const Socket other_client = NewClient();
  Settle(probe, {0}, 0);
  peer_ = std::move(client);
  life_ = Life::kAwaiting;
  return true;
}

}  // namespace course_test

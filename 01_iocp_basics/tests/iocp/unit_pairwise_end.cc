// What must come, and the end of a scene.
#include <algorithm>

#include "tests/iocp/unit_pairwise.h"

namespace course_test {

bool Scene::Tolerated(DWORD error) const {
#ifndef _WIN32
  if (!faults_) return false;
  return error == static_cast<DWORD>(WSAENOBUFS) || error == static_cast<DWORD>(WSAEMFILE) ||
         error == ERROR_NO_SYSTEM_RESOURCES || error == ERROR_TOO_MANY_OPEN_FILES;
#else
  static_cast<void>(error);
  return false;
#endif
}

bool Scene::Pump(DWORD milliseconds) {
  const Dequeued got = Dequeue(port_, milliseconds);
  if (got.overlapped == nullptr) return false;
  for (Deal& deal : deals_) {
    if (static_cast<OVERLAPPED*>(&deal) != got.overlapped) continue;
    ++deal.packets;
    deal.got = got;
    EXPECT_EQ(got.key, deal.kind == Kind::kAccept ? 100u : 1u);
    return true;
  }
  ADD_FAILURE() << "a packet of no operation: " << got.overlapped;
  return true;
}

void Scene::Settle(Deal& deal, Codes codes, std::optional<DWORD> bytes) {
  if (!deal.pending) return;
  deal.pending = false;
  if (deal.wants_packet) {
    while (deal.packets == 0) {
      if (!Pump(kDeadlineMs)) {
        ADD_FAILURE() << "no packet came; Internal is " << std::hex << deal.Internal;
        deal.failed = true;
        return;
      }
    }
  } else {
    EXPECT_TRUE(Eventually([&] { return HasOverlappedIoCompleted(&deal) != 0; })) << "pending";
    if (deal.event.get() != nullptr) {  // P19
      EXPECT_CODE(WaitForSingleObject(deal.event, kDeadlineMs), WAIT_OBJECT_0);
    }
    // Without a packet there is an NT status only: that it failed is enough where it may fail.
    deal.got.ok = deal.Internal == 0;
    const DWORD may_fail = *(codes.end() - 1);
    deal.got.error = deal.got.ok ? 0 : may_fail != 0 ? may_fail : static_cast<DWORD>(WSAENOBUFS);
    deal.got.bytes = static_cast<DWORD>(deal.InternalHigh);
  }
  const DWORD error = deal.got.ok ? 0 : deal.got.error;
  deal.failed = error != 0;
  if (Tolerated(error)) return;
  bool known = std::find(codes.begin(), codes.end(), error) != codes.end();
  if (!known && IsClosedError(*codes.begin()) && life_ == Life::kClosed) {
    known =
        (error == 676 || error == ERROR_INVALID_HANDLE) &&
        WineDiffers("P29", "Wine reports 676, or 6 for a send, for an operation of a closed socket",
                    "Wine 8.0 server/async.c, free_async_queue");
  }
  EXPECT_TRUE(known) << "ended with " << error << ", not with " << *codes.begin();
  if (bytes) {
    EXPECT_EQ(deal.got.bytes, *bytes);
  }
}

void Scene::SettleAll(Kind kind, Codes codes, std::optional<DWORD> bytes) {
  for (Deal* const deal : Pending(kind)) Settle(*deal, codes, bytes);
}

std::vector<Scene::Deal*> Scene::Pending(Kind kind) {
  std::vector<Deal*> pending;
  for (Deal& deal : deals_) {
    if (deal.pending && deal.kind == kind) pending.push_back(&deal);
  }
  return pending;
}

Scene::Deal* Scene::LastPending() {
  const auto last =
      std::find_if(deals_.rbegin(), deals_.rend(), [](const Deal& deal) { return deal.pending; });
  return last == deals_.rend() ? nullptr : &*last;
}

void Scene::CheckStream(std::string_view bytes, bool cut) {
  for (const Deal* const deal : sent_) {
    const std::size_t same = static_cast<std::size_t>(
        std::mismatch(bytes.begin(), bytes.end(), deal->data.begin(), deal->data.end()).first -
        bytes.begin());
    if (!deal->failed && !cut) {
      EXPECT_EQ(same, deal->data.size()) << "a send that succeeded is whole (P24)";
    }
    bytes.remove_prefix(same);
  }
  EXPECT_EQ(bytes.size(), 0u) << "bytes that nobody sent on this connection, the first: "
                              << (bytes.empty() ? ' ' : bytes.front());
}

void Scene::ReadPeerToTheEnd() {
  std::string bytes;
  int got = 0;
  while ((got = PeerReceives(&bytes)) > 0) {
  }
  if (got < 0) {
    EXPECT_NE(WSAGetLastError(), WSAETIMEDOUT) << "the peer never saw an end";
  }
  CheckStream(bytes, got < 0);
}

// The peer's calls are the library's, too: a fault that was meant for the subject may hit them.
void Scene::PeerSends(std::string_view text) {
  const int length = static_cast<int>(text.size());
  int sent = SOCKET_ERROR;
  for (int attempt = 0; attempt < 2 && sent == SOCKET_ERROR; ++attempt) {
    sent = send(peer_, text.data(), length, 0);
    if (sent == SOCKET_ERROR && !Tolerated(static_cast<DWORD>(WSAGetLastError()))) break;
  }
  EXPECT_EQ(sent, length) << "the peer cannot send: " << WSAGetLastError();
}

int Scene::PeerReceives(std::string* bytes) {
  char part[65536];
  for (;;) {
    const int got = recv(peer_, part, sizeof part, 0);
    if (got < 0 && Tolerated(static_cast<DWORD>(WSAGetLastError()))) continue;
    if (got > 0) bytes->append(part, static_cast<std::size_t>(got));
    return got;
  }
}

// A receive gets what the peer sends, the one issued first before all others (P23).
void Scene::UseInward() {
  if (fin_in_ || shut_in_ || reset_) {
    if (Pending(Kind::kReceive).empty()) PostReceive(false);
    if (fin_in_ || reset_) return;
    if (Pending(Kind::kReceive).empty()) return;
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (Pending(Kind::kReceive).empty() && !PostReceive(false)) continue;
    Deal& first = *Pending(Kind::kReceive).front();
    PeerSends("in!");
    Settle(first, {0}, 3);
    if (!first.failed) {
      EXPECT_EQ(first.bytes(3), "in!");
      return;
    }
    first.failed = false;  // tolerated: the bytes are there for the next one
    PostReceive(false);
    if (Pending(Kind::kReceive).empty()) return;
    Settle(*Pending(Kind::kReceive).front(), {0}, 3);
    return;
  }
}

// The peer gets everything, in order (P23), and at last what is sent now.
void Scene::UseOutward() {
  if (reset_) {
    PostSend("out!");
    return;
  }
  if (!shut_out_ && !PostSend("out!")) PostSend("out!");  // the fault may have refused the first
  if (shut_out_) {
    PostSend("out!");
    ReadPeerToTheEnd();
    SettleAll(Kind::kSend, {0});
    return;
  }
  std::string bytes;
  while (!bytes.ends_with("out!")) {
    if (PeerReceives(&bytes) > 0) continue;
    ADD_FAILURE() << "the stream ends after " << bytes.size() << " bytes: " << WSAGetLastError();
    break;
  }
  SettleAll(Kind::kSend, {0});
  CheckStream(bytes, false);
}

void Scene::UseWhatIsLeft() {
  if (life_ == Life::kAwaiting && peer_.get() == INVALID_SOCKET) {  // P32
    Socket client = NewClient();
    std::vector<Deal*> accepts = Pending(Kind::kAccept);
    SettleAll(Kind::kAccept, {0}, 0);
    EXPECT_EQ(accepts.size(), 1u);
    if (!accepts.empty() && !accepts.front()->failed) Connected(std::move(client));
  } else if (life_ == Life::kAwaiting) {
    PeerSends("first");
    std::vector<Deal*> accepts = Pending(Kind::kAccept);
    SettleAll(Kind::kAccept, {0}, 5);
    if (accepts.empty()) {
      ADD_FAILURE() << "the AcceptEx is gone";
      return;
    }
    if (!accepts.front()->failed) {
      EXPECT_EQ(accepts.front()->bytes(5), "first");
      Connected(std::move(peer_));
    } else {
      life_ = Life::kFresh;
    }
  }
  if (life_ == Life::kFresh && bound_) {  // P66: a refused connect is not the end
    Deal& deal = NewDeal(Kind::kConnect, handle_);
    DWORD bytes = kUntouched;
    const BOOL ok = connect_ex_(handle_, reinterpret_cast<const sockaddr*>(&address_),
                                sizeof address_, nullptr, 0, &bytes, &deal);
    if (Issue(deal, {ok ? 0 : SOCKET_ERROR, ok ? 0 : WSAGetLastError(), bytes}, {})) {
      Settle(deal, {0}, 0);
      const char* const no_value = nullptr;
      EXPECT_EQ(setsockopt(handle_, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, no_value, 0), 0);
      Socket accepted;
      EXPECT_TRUE(Eventually([&] {
        accepted = Socket(accept(listener_, nullptr, nullptr));
        return accepted.get() != INVALID_SOCKET;
      }));
      peer_ = std::move(accepted);
      life_ = Life::kConnected;
      fin_in_ = shut_in_ = shut_out_ = reset_ = both_fins_ = false;
      sent_.clear();
    }
  } else if (life_ == Life::kFresh) {
    PostAccept(0);
  }
  if (life_ != Life::kConnected) {
    PostReceive(false);
    PostSend("out!");
    return;
  }
  // The fault meets the subject first.
  if (outward_first_) UseOutward();
  UseInward();
  if (!outward_first_) UseOutward();
}

void Scene::CloseAndCount() {
#ifndef _WIN32
  faults_.reset();
#endif
  if (life_ != Life::kClosed) CloseSubject();
  if (peer_.get() != INVALID_SOCKET && !sent_.empty() && !reset_) {
    // What was already read is behind us: only that it ends is looked at here.
    std::string rest;
    int got = 0;
    while ((got = PeerReceives(&rest)) > 0) {
    }
    EXPECT_TRUE(got == 0 || WSAGetLastError() != WSAETIMEDOUT) << "the peer never saw an end";
  }
  peer_.Close();
  listener_.Close();
  while (Pump(0)) {
  }
  for (const Deal& deal : deals_) {
    EXPECT_FALSE(deal.pending) << "an operation of kind " << static_cast<int>(deal.kind);
    EXPECT_EQ(deal.packets, deal.wants_packet ? 1 : 0)
        << "kind " << static_cast<int>(deal.kind) << ", said " << deal.issued.result << "/"
        << deal.issued.error;
  }
}

}  // namespace course_test

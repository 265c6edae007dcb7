#ifndef _WIN32

#include "tests/iocp/unit_fault_workout.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <filesystem>

#include "iocp/inspect.h"

namespace course_test {
namespace {

constexpr DWORD kPatienceMs = 10'000;

class WorkOut {
 public:
  WorkOutResult Run() {
    if (OpenPort() && ConnectBoth() && FirstData() && LargeSend() && Cancel() && Event() &&
        File()) {
      Disconnect();
    }
    Settle();
    return {stopped_, broken_};
  }

 private:
  bool Stop(const char* step, long long error) {
    if (stopped_.empty()) stopped_ = std::string(step) + ": error " + std::to_string(error);
    return false;
  }
  void Broken(const std::string& what) {
    if (broken_.empty()) broken_ = what;
  }
  Work* NewWork() { return &works_.emplace_back(); }

  // After a call that issued `work`: true when it will complete.
  bool Issued(const char* step, Work* work, bool immediate, int error) {
    work->expected = immediate || error == WSA_IO_PENDING;
    return work->expected || Stop(step, error);
  }
  // Dequeues until `work` came, or `source` failed: then what `work` waits for never comes.
  bool Await(const char* step, Work* work, const Work* source = nullptr) {
    while (work->packets == 0) {
      if (source != nullptr && source->packets != 0 && !source->ok) {
        return Stop(step, source->error);
      }
      const Dequeued got = Dequeue(port_, kPatienceMs);
      if (got.overlapped == nullptr) {
        Broken(std::string(step) + " never completed (" + std::to_string(got.error) + ")");
        return Stop(step, got.error);
      }
      Count(got);
    }
    return work->ok || Stop(step, work->error);
  }
  void Count(const Dequeued& got) {
    auto* const work = static_cast<Work*>(got.overlapped);
    ++work->packets;
    work->ok = got.ok;
    work->bytes = got.bytes;
    work->error = got.error;
    if (work->packets > 1) Broken("an operation completed twice");
    if (!work->expected) Broken("a packet came for an operation that failed at issue");
  }

  // --- the steps -----------------------------------------------------------------------------------

  bool OpenPort() {
    port_ = Handle(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
    return port_.get() != nullptr || Stop("port", GetLastError());
  }
  bool Open(Socket* socket, bool bound) {
    *socket =
        Socket(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
    if (socket->get() == INVALID_SOCKET) return Stop("socket", WSAGetLastError());
    const sockaddr_in any = LoopbackAddress();
    if (bound && bind(*socket, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) {
      return Stop("bind", WSAGetLastError());
    }
    return true;
  }
  bool AssociateWith(const Socket& socket, ULONG_PTR key) {
    return CreateIoCompletionPort(socket.handle(), port_, key, 0) != nullptr ||
           Stop("associate", GetLastError());
  }

  bool ConnectBoth() {
    if (!Open(&listener_, true) || !Open(&server_, false) || !Open(&client_, true)) return false;
    if (listen(listener_, 8) != 0) return Stop("listen", WSAGetLastError());
    if (!AssociateWith(listener_, 1) || !AssociateWith(client_, 2)) return false;
    sockaddr_in address{};
    int length = sizeof address;
    if (getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      return Stop("getsockname", WSAGetLastError());
    }
    DWORD bytes = 0;
    Work* const accepted = NewWork();
    BOOL ok = AcceptEx(listener_, server_, accepted->data.data(), 0, kAddressLength, kAddressLength,
                       &bytes, accepted);
    if (!Issued("AcceptEx", accepted, ok != FALSE, WSAGetLastError())) return false;
    Work* const connected = NewWork();
    std::memcpy(connected->data.data(), "hello", 5);
    LPFN_CONNECTEX connect_ex = nullptr;
    GUID id = WSAID_CONNECTEX;
    WSAIoctl(client_, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &connect_ex,
             sizeof connect_ex, &bytes, nullptr, nullptr);
    ok = connect_ex(client_, reinterpret_cast<const sockaddr*>(&address), sizeof address,
                    connected->data.data(), 5, &bytes, connected);
    if (!Issued("ConnectEx", connected, ok != FALSE, WSAGetLastError())) return false;
    if (!Await("ConnectEx", connected) || !Await("AcceptEx", accepted)) return false;
    const SOCKET listener = listener_;
    if (setsockopt(server_, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                   reinterpret_cast<const char*>(&listener), sizeof listener) != 0) {
      return Stop("SO_UPDATE_ACCEPT_CONTEXT", WSAGetLastError());
    }
    const char* const no_value = nullptr;
    if (setsockopt(client_, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, no_value, 0) != 0) {
      return Stop("SO_UPDATE_CONNECT_CONTEXT", WSAGetLastError());
    }
    return AssociateWith(server_, 3);
  }

  Work* Receive(const char* step, const Socket& socket, HANDLE event = nullptr) {
    Work* const work = NewWork();
    work->hEvent = event;
    WSABUF buffer{static_cast<ULONG>(work->data.size()), work->data.data()};
    DWORD bytes = 0;
    DWORD flags = 0;
    const int result = WSARecv(socket, &buffer, 1, &bytes, &flags, work, nullptr);
    return Issued(step, work, result == 0, WSAGetLastError()) ? work : nullptr;
  }

  bool FirstData() {
    std::string received;
    while (received.size() < 5) {
      Work* const work = Receive("first receive", server_);
      if (work == nullptr || !Await("first receive", work)) return false;
      if (work->bytes == 0) return Stop("first receive: end of stream", 0);
      received.append(work->data.data(), work->bytes);
    }
    if (received != "hello") Broken("the first data is wrong");
    return true;
  }

  // More than the socket buffers hold: pends, is sent in pieces, completes whole (P24).
  bool LargeSend() {
    constexpr std::size_t kLength = 400'000;
    payload_.resize(kLength);
    for (std::size_t i = 0; i < kLength; ++i) payload_[i] = static_cast<char>('a' + i % 23);
    Work* const sending = NewWork();
    std::array<WSABUF, 2> buffers{
        WSABUF{1000, payload_.data()},
        WSABUF{static_cast<ULONG>(kLength - 1000), payload_.data() + 1000}};
    DWORD bytes = 0;
    const int result = WSASend(client_, buffers.data(), 2, &bytes, 0, sending, nullptr);
    if (!Issued("large send", sending, result == 0, WSAGetLastError())) return false;
    std::size_t received = 0;
    while (received < kLength) {
      Work* const work = Receive("large receive", server_);
      if (work == nullptr || !Await("large receive", work, sending)) return false;
      if (work->bytes == 0) return Stop("large receive: end of stream", 0);
      if (std::memcmp(work->data.data(), payload_.data() + received, work->bytes) != 0) {
        Broken("bytes of the large send are wrong");
      }
      received += work->bytes;
    }
    if (!Await("large send", sending)) return false;
    if (sending->bytes != kLength) Broken("the large send completed short");
    return true;
  }

  bool Cancel() {
    Work* const work = Receive("receive to cancel", client_);
    if (work == nullptr) return false;
    if (!CancelIoEx(client_.handle(), work)) {
      // It may have failed by itself already: then its packet tells how.
      return Await("receive to cancel", work);
    }
    if (Await("receive to cancel", work)) {
      Broken("a cancelled receive succeeded though nothing was sent");
    } else if (work->error == static_cast<DWORD>(ERROR_OPERATION_ABORTED)) {
      stopped_.clear();
      return true;
    }
    return false;
  }

  bool Event() {
    const Handle event(CreateEventW(nullptr, TRUE, FALSE, nullptr));
    if (event.get() == nullptr) return Stop("event", GetLastError());
    const auto no_packet = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event.get()) | 1);
    Work* const work = Receive("event receive", client_, no_packet);
    if (work == nullptr) return false;
    work->expected = false;  // no packet, the event instead (P19)
    Work* const sending = NewWork();
    WSABUF buffer{1, sending->data.data()};
    DWORD bytes = 0;
    const int result = WSASend(server_, &buffer, 1, &bytes, 0, sending, nullptr);
    const bool sent = Issued("event send", sending, result == 0, WSAGetLastError()) &&
                      Await("event send", sending);
    if (!sent) {
      client_.Close();  // or the receive would stay pending on this stack's event
    }
    if (WaitForSingleObject(event, kPatienceMs) != static_cast<DWORD>(WAIT_OBJECT_0)) {
      Broken("the event never fired");
      return Stop("event", 0);
    }
    if (work->Internal != 0) return Stop("event receive", static_cast<long long>(work->Internal));
    return sent;
  }

  bool File() {
    const std::string path = std::filesystem::temp_directory_path() /
                             ("fault_" + std::to_string(GetCurrentThreadId()) + "_" +
                              std::to_string(reinterpret_cast<ULONG_PTR>(this)));
    const HANDLE opened = CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                      CREATE_ALWAYS, FILE_FLAG_OVERLAPPED, nullptr);
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    if (opened == INVALID_HANDLE_VALUE) return Stop("file", GetLastError());
    file_ = Handle(opened);
    if (CreateIoCompletionPort(file_, port_, 4, 0) == nullptr) return Stop("file", GetLastError());
    Work* const writing = NewWork();
    std::memset(writing->data.data(), 'f', 1000);
    BOOL ok = WriteFile(file_, writing->data.data(), 1000, nullptr, writing);
    if (!Issued("WriteFile", writing, ok != FALSE, static_cast<int>(GetLastError()))) return false;
    if (!Await("WriteFile", writing)) return false;
    if (writing->bytes != 1000) Broken("a file was written short");
    Work* const reading = NewWork();
    reading->Offset = 600;
    ok = ReadFile(file_, reading->data.data(), 4096, nullptr, reading);
    if (!Issued("ReadFile", reading, ok != FALSE, static_cast<int>(GetLastError()))) return false;
    if (!Await("ReadFile", reading)) return false;
    if (reading->bytes != 400 || reading->data[399] != 'f') Broken("a file was read short");
    return true;
  }

  bool Disconnect() {
    Work* const ending = Receive("last receive", server_);
    if (ending == nullptr) return false;
    if (shutdown(client_, SD_SEND) != 0) return Stop("shutdown", WSAGetLastError());
    if (!Await("last receive", ending)) return false;
    if (ending->bytes != 0) Broken("data after the end");
    return true;
  }

  // Closes everything; each operation that was issued must then have ended, once.
  void Settle() {
    server_.Close();
    client_.Close();
    listener_.Close();
    file_.Close();
    const auto missing = [this] {
      return std::count_if(works_.begin(), works_.end(),
                           [](const Work& work) { return work.expected && work.packets == 0; });
    };
    while (port_.get() != nullptr && missing() > 0) {
      const Dequeued got = Dequeue(port_, kPatienceMs);
      if (got.overlapped == nullptr) {
        Broken(std::to_string(missing()) + " operations never ended");
        break;
      }
      Count(got);
    }
    if (port_.get() != nullptr && !NothingQueued(port_)) Broken("a packet too many");
    for (const Work& work : works_) {
      if (!Eventually([&] { return work.Internal != static_cast<ULONG_PTR>(STATUS_PENDING); })) {
        Broken("an operation is still pending");
      }
    }
    port_.Close();
  }

  Handle port_;
  Handle file_;
  Socket listener_;
  Socket server_;
  Socket client_;
  std::string payload_;
  std::deque<Work> works_;
  std::string stopped_;
  std::string broken_;
};

}  // namespace

WorkOutResult RunWorkOut() {
  return WorkOut().Run();
}

::testing::AssertionResult NothingIsLeft() {
  const bool empty = Eventually([] {
    const auto counters = iocp::ReadCounters();
    return counters->live_operations == 0 && counters->open_descriptors == 0 &&
           counters->live_handles == 0;
  });
  if (empty) return ::testing::AssertionSuccess();
  const auto counters = iocp::ReadCounters();
  return ::testing::AssertionFailure()
         << counters->live_handles << " handles, " << counters->live_operations << " records, "
         << counters->open_descriptors << " descriptors are left";
}

}  // namespace course_test

#endif  // _WIN32

#include "support/echo_load.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>

namespace apps {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxProblems = 5;

enum class Operation { kRecv, kSend };

struct IoContext : OVERLAPPED {
  Operation operation = Operation::kRecv;
};

enum class State { kTalking, kClosing, kDone };

// One connection. Everything here belongs to the one load thread.
struct Client {
  UniqueSocket socket;
  IoContext recv;
  IoContext send;
  std::uint64_t number = 0;
  std::uint64_t sent = 0;      // messages
  std::uint32_t received = 0;  // bytes of the message under way
  bool sending = false;        // the send's packet has not come yet: its OVERLAPPED is in use
  std::string message;
  std::string answer;
  State state = State::kTalking;
};

class EchoLoad {
 public:
  explicit EchoLoad(const EchoLoadOptions& options)
      : options_(options), port_(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1)) {}

  EchoLoadResult Run();

 private:
  void Connect();
  void SendNext(Client& client);
  void PostRecv(Client& client);
  void OnReceived(Client& client, DWORD bytes);
  void OnSent(Client& client);
  void OnPacket(Client& client, Operation operation, BOOL ok, DWORD bytes);
  void FailAll(const std::string& reason);
  void OnMessage(Client& client);
  void Finish(Client& client);
  void Fail(Client& client, const std::string& reason);
  DWORD TimeToNextSend() const;
  void SendDue();

  const EchoLoadOptions& options_;
  UniqueHandle port_;
  std::vector<std::unique_ptr<Client>> clients_;
  // Clients in their pause. The pause is the same for all, so the first is always due first.
  std::deque<std::pair<Clock::time_point, Client*>> pausing_;
  std::uint64_t open_ = 0;       // clients not yet done
  std::uint64_t in_flight_ = 0;  // operations whose packets have not come yet
  EchoLoadResult result_;
};

void EchoLoad::Connect() {
  for (std::uint64_t i = 0; i < options_.clients; ++i) {
    auto client = std::make_unique<Client>();
    client->number = i;
    client->socket = ConnectToLoopback(options_.port);
    SendAtOnce(client->socket.Get());
    client->message.resize(options_.size);
    client->answer.resize(options_.size);
    CreateIoCompletionPort(reinterpret_cast<HANDLE>(client->socket.Get()), port_.Get(),
                           reinterpret_cast<ULONG_PTR>(client.get()), 0);
    clients_.push_back(std::move(client));
  }
}

void EchoLoad::SendNext(Client& client) {
  if (client.sent == options_.messages) {
    client.state = State::kClosing;
    shutdown(client.socket.Get(), SD_SEND);  // half-close: the server must answer by closing too
    PostRecv(client);
    return;
  }
  // Each client and each message has bytes of its own, so a swapped or repeated answer is seen.
  std::uint64_t seed = client.number * 1000003 + client.sent * 7919 + 1;
  for (char& byte : client.message) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(seed >> 56);
  }
  ++client.sent;
  client.received = 0;
  client.send = IoContext{};
  client.send.operation = Operation::kSend;
  WSABUF buffer{options_.size, client.message.data()};
  ++in_flight_;
  client.sending = true;
  if (WSASend(client.socket.Get(), &buffer, 1, nullptr, 0, &client.send, nullptr) != 0 &&
      WSAGetLastError() != WSA_IO_PENDING) {
    --in_flight_;
    Fail(client, "send failed: " + ErrorText(static_cast<DWORD>(WSAGetLastError())));
    return;
  }
  PostRecv(client);
}

void EchoLoad::PostRecv(Client& client) {
  client.recv = IoContext{};
  WSABUF buffer{options_.size - client.received, client.answer.data() + client.received};
  if (client.state == State::kClosing) {
    buffer = WSABUF{1, client.answer.data()};  // nothing may come; a byte would be one too many
  }
  DWORD flags = 0;
  ++in_flight_;
  if (WSARecv(client.socket.Get(), &buffer, 1, nullptr, &flags, &client.recv, nullptr) != 0 &&
      WSAGetLastError() != WSA_IO_PENDING) {
    --in_flight_;
    Fail(client, "receive failed: " + ErrorText(static_cast<DWORD>(WSAGetLastError())));
  }
}

void EchoLoad::OnReceived(Client& client, DWORD bytes) {
  if (client.state == State::kClosing) {
    if (bytes == 0) {
      Finish(client);
    } else {
      Fail(client, "the server sent more than it got");
    }
  } else if (bytes == 0) {
    Fail(client, "the server closed too early");
  } else {
    client.received += bytes;
    if (client.received < options_.size) {
      PostRecv(client);
    } else if (!client.sending) {
      OnMessage(client);
    }
  }
}

// The answer may overtake the send's own packet, so the message ends when both have come.
void EchoLoad::OnSent(Client& client) {
  client.sending = false;
  if (client.state == State::kTalking && client.received == options_.size) {
    OnMessage(client);
  }
}

void EchoLoad::OnMessage(Client& client) {
  if (client.answer == client.message) {
    ++result_.echoed;
  } else {
    ++result_.wrong;
  }
  if (options_.interval_ms == 0 || client.sent == options_.messages) {
    SendNext(client);
  } else {
    pausing_.emplace_back(Clock::now() + std::chrono::milliseconds(options_.interval_ms), &client);
  }
}

void EchoLoad::Finish(Client& client) {
  client.state = State::kDone;
  client.socket.Reset();
  --open_;
}

void EchoLoad::Fail(Client& client, const std::string& reason) {
  if (client.state == State::kDone) {
    return;  // the second operation of a client that has already failed
  }
  if (result_.problems.size() < kMaxProblems) {
    result_.problems.push_back("client " + std::to_string(client.number) + ": " + reason);
  }
  Finish(client);
}

DWORD EchoLoad::TimeToNextSend() const {
  const DWORD stall = options_.stall_s * 1000;
  if (pausing_.empty()) {
    return stall;
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(pausing_.front().first - Clock::now());
  return static_cast<DWORD>(std::clamp<long long>(left.count(), 0, stall));
}

void EchoLoad::SendDue() {
  const Clock::time_point now = Clock::now();
  while (!pausing_.empty() && pausing_.front().first <= now) {
    Client& client = *pausing_.front().second;
    pausing_.pop_front();
    if (client.state == State::kTalking) {
      SendNext(client);
    }
  }
}

void EchoLoad::FailAll(const std::string& reason) {
  for (const auto& client : clients_) {
    Fail(*client, reason);
  }
}

void EchoLoad::OnPacket(Client& client, Operation operation, BOOL ok, DWORD bytes) {
  --in_flight_;
  if (!ok) {
    Fail(client, "connection lost: " + ErrorText(GetLastError()));
  } else if (operation == Operation::kSend) {
    OnSent(client);
  } else if (client.state != State::kDone) {
    OnReceived(client, bytes);
  }
}

EchoLoadResult EchoLoad::Run() {
  Connect();
  open_ = clients_.size();
  for (const auto& client : clients_) {
    SendNext(*client);
  }
  bool gave_up = false;
  // A closed client's operations still bring their packets: its memory lives until they have come.
  while (open_ != 0 || in_flight_ != 0) {
    const bool somebody_pauses = !pausing_.empty();
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    const BOOL ok =
        GetQueuedCompletionStatus(port_.Get(), &bytes, &key, &overlapped, TimeToNextSend());
    if (overlapped != nullptr) {
      OnPacket(*reinterpret_cast<Client*>(key), static_cast<IoContext*>(overlapped)->operation, ok,
               bytes);
    } else if (!somebody_pauses && !gave_up) {
      FailAll("no answer for " + std::to_string(options_.stall_s) + " s");
      gave_up = true;
    } else if (!somebody_pauses) {
      // Not even closing brought the packets. The system may still write: give the memory up.
      for (auto& client : clients_) {
        static_cast<void>(client.release());
      }
      break;
    }
    SendDue();
  }
  result_.lost = options_.clients * options_.messages - result_.echoed - result_.wrong;
  return result_;
}

}  // namespace

EchoLoadResult RunEchoLoad(const EchoLoadOptions& options) {
  return EchoLoad(options).Run();
}

}  // namespace apps

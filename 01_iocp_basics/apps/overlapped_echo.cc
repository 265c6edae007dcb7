// overlapped_echo: the smallest complete server on a completion port. It sends back what it gets.
//
// Main waits for Ctrl-C, one thread accepts, the workers do all the I/O. A client has exactly one
// operation under way (receive, send, receive, ...), and whoever takes that operation's packet from
// the port owns the client until the next operation is posted: no lock guards a client's data.

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "support/network.h"
#include "support/options.h"
#include "support/stop_signal.h"

namespace {

// [extended-overlapped]
enum class Operation { kRecv, kSend };

// OVERLAPPED first, our fields behind it: the port hands the same pointer back and never looks at
// what follows. So each packet tells which kind of operation has completed.
struct IoContext : OVERLAPPED {
  Operation operation = Operation::kRecv;
};

struct Client {
  int number = 0;                              // for the log; never changes
  std::atomic<SOCKET> socket{INVALID_SOCKET};  // Close() takes it out: any thread, once
  IoContext io;       // of the one operation under way; must live until its packet is taken
  char data[4096]{};  // likewise: the system writes here while a receive is pending (P21)
};
// [/extended-overlapped]

class EchoServer {
 public:
  EchoServer(unsigned short port, DWORD workers)
      : port_(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0)),
        listener_(apps::ListenOnLoopback(port)) {
    for (DWORD i = 0; i < workers; ++i) {
      workers_.emplace_back([this] { WorkerLoop(); });
    }
    acceptor_ = std::thread([this, listener = listener_.Get()] { AcceptLoop(listener); });
    std::cout << "listening on 127.0.0.1:" << apps::PortOf(listener_.Get()) << std::endl;
  }

  // [stop]
  // Ends when every client has left and every thread has ended. Main calls it, once.
  void Stop() {
    // <student 01.4>
    // Nobody new, everybody out, then the threads. The end packets come behind every client's last
    // packet, because the queue is first in, first out (P11).
    stopping_ = true;
    listener_.Reset();  // accept() fails, AcceptLoop returns
    acceptor_.join();
    std::unique_lock guard(lock_);
    for (Client* client : clients_) {
      Close(*client);
    }
    left_.wait(guard, [this] { return clients_.empty(); });
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      PostQueuedCompletionStatus(port_.Get(), 0, 0, nullptr);
    }
    workers_.clear();  // a jthread joins
    // </student>
  }
  // [/stop]

 private:
  // [accept]
  void AcceptLoop(SOCKET listener) {
    for (int number = 1; true; ++number) {
      const SOCKET socket = accept(listener, nullptr, nullptr);
      if (stopping_) {
        closesocket(socket);
        return;
      }
      if (socket == INVALID_SOCKET) {  // out of descriptors, say: trying at once again would spin
        spdlog::warn("accept failed: {}", apps::ErrorText(static_cast<DWORD>(WSAGetLastError())));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        continue;
      }
      // <student 01.3>
      auto* client = new Client{number, socket, {}, {}};  // deleted by Leave()
      spdlog::info("join client={}", number);
      {
        const std::lock_guard guard(lock_);
        clients_.insert(client);
      }
      // The client's address is the key: each packet of this socket brings it back.
      CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket), port_.Get(),
                             reinterpret_cast<ULONG_PTR>(client), 0);
      if (!PostRecv(*client)) {
        Leave(*client, "first receive failed");
      }
      // </student>
    }
  }
  // [/accept]

  // [worker]
  void WorkerLoop() {
    // <student 01.3>
    while (true) {
      DWORD bytes = 0;
      ULONG_PTR key = 0;
      OVERLAPPED* overlapped = nullptr;
      const BOOL ok = GetQueuedCompletionStatus(port_.Get(), &bytes, &key, &overlapped, INFINITE);
      if (overlapped == nullptr) {
        return;  // the end packet of Stop()
      }
      Client& client = *reinterpret_cast<Client*>(key);
      const bool was_recv = static_cast<IoContext*>(overlapped)->operation == Operation::kRecv;
      if (!ok || bytes == 0) {  // reset, or closed by Stop(); 0 bytes: the peer's FIN (P25)
        Leave(client, ok ? "finished" : apps::ErrorText(GetLastError()));
      } else if (was_recv ? !PostSend(client, bytes) : !PostRecv(client)) {
        Leave(client, "connection lost");
      }
    }
    // </student>
  }
  // [/worker]

  // [post-recv]
  // True: the client belongs to the packet that will come. Another worker may have taken it even
  // before WSARecv returned (P15), so do not touch the client any more.
  // False: failed at once, no packet will come (P16): the client is still the caller's.
  bool PostRecv(Client& client) {
    // <student 01.3>
    client.io = IoContext{};                         // an OVERLAPPED starts from zero each time
    WSABUF buffer{sizeof client.data, client.data};  // may live on the stack; the data may not
    DWORD flags = 0;
    const int result = WSARecv(client.socket, &buffer, 1, nullptr, &flags, &client.io, nullptr);
    return result == 0 || WSAGetLastError() == WSA_IO_PENDING;
    // </student>
  }
  // [/post-recv]

  // The same promise as PostRecv. An overlapped send is never short (P24): one call is enough.
  bool PostSend(Client& client, DWORD size) {
    // <student 01.3>
    client.io = IoContext{{}, Operation::kSend};
    WSABUF buffer{size, client.data};
    const int result = WSASend(client.socket, &buffer, 1, nullptr, 0, &client.io, nullptr);
    return result == 0 || WSAGetLastError() == WSA_IO_PENDING;
    // </student>
  }

  // Only for the thread that owns the client: it holds the only packet, or posting has failed.
  void Leave(Client& client, const std::string& reason) {
    // <student 01.3>
    spdlog::info("leave client={} reason={}", client.number, reason);
    Close(client);
    const std::lock_guard guard(lock_);
    clients_.erase(&client);
    delete &client;
    left_.notify_all();
    // </student>
  }

  // Closing aborts the pending operation, whose failed packet brings the client to Leave (P29).
  // A second Close finds INVALID_SOCKET and does nothing.
  static void Close(Client& client) { closesocket(client.socket.exchange(INVALID_SOCKET)); }

  apps::UniqueHandle port_;
  apps::UniqueSocket listener_;
  std::vector<std::jthread> workers_;
  std::thread acceptor_;
  std::atomic<bool> stopping_{false};  // set by Stop(), read by the accept thread
  std::mutex lock_;
  std::condition_variable left_;
  std::set<Client*> clients_;  // guarded by lock_; Stop() needs to find everybody
};

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("The smallest complete echo server on a completion port",
                        "overlapped_echo");
  unsigned short port = 0;
  DWORD workers = std::max(1u, std::thread::hardware_concurrency());
  bool stop_on_eof = false;
  app.Add("--port", port, "TCP port on 127.0.0.1; 0 takes a free one");
  app.Add("--workers", workers, "worker threads").Range(1, 256);
  app.Flag("--stop-on-eof", stop_on_eof, "stop also at the end of standard input");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("overlapped_echo"));
  try {
    apps::StopSignal stop(stop_on_eof);
    const apps::Winsock winsock;
    EchoServer server(port, workers);
    stop.Wait();
    server.Stop();
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
}

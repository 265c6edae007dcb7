// routine_echo: the third way to hear of a completion, after the event and the port. Each operation
// names a function, and the thread that issued the operation runs it, as an APC, whenever it waits
// alertably. Everything of all clients happens in that one thread, so nothing needs a lock, and
// nothing can be shared out to a second one: that is what the port does better.

#include <future>
#include <iostream>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "support/network.h"
#include "support/options.h"
#include "support/stop_signal.h"

namespace {

class RoutineServer;

// One operation at a time is under way: receive, send, receive, ...
struct Client : OVERLAPPED {
  RoutineServer* server = nullptr;
  apps::UniqueSocket socket;
  char data[4096];
};

// All but Start and Stop: the I/O thread only.
class RoutineServer {
 public:
  explicit RoutineServer(unsigned short port) : listener_(apps::ListenOnLoopback(port)) {
    std::cout << "listening on 127.0.0.1:" << apps::PortOf(listener_.Get()) << std::endl;
    std::promise<DWORD> promise;
    std::future<DWORD> id = promise.get_future();
    io_ = std::thread([this, promise = std::move(promise)]() mutable {
      promise.set_value(GetCurrentThreadId());
      Run();
    });
    io_thread_ = apps::UniqueHandle(OpenThread(THREAD_SET_CONTEXT, FALSE, id.get()));
    acceptor_ = std::thread([this, listener = listener_.Get()] { AcceptLoop(listener); });
  }

  void Stop() {
    listener_.Reset();  // accept() fails, AcceptLoop returns
    acceptor_.join();
    QueueUserAPC(&OnStop, io_thread_.Get(), reinterpret_cast<ULONG_PTR>(this));
    io_.join();
  }

 private:
  // [routine-loop]
  // APCs run in here and nowhere else: a thread that never waits alertably hears nothing.
  void Run() {
    while (!stopping_ || !clients_.empty()) {
      SleepEx(INFINITE, TRUE);
    }
  }
  // [/routine-loop]

  // A socket's operations belong to the thread that issues them, so the thread that accepts issues
  // none: it hands the client over, by an APC of its own.
  void AcceptLoop(SOCKET listener) {
    for (;;) {
      apps::UniqueSocket socket(accept(listener, nullptr, nullptr));
      if (socket.Get() == INVALID_SOCKET) return;
      apps::SendAtOnce(socket.Get());
      auto client = std::make_unique<Client>();
      client->server = this;
      client->socket = std::move(socket);
      QueueUserAPC(&OnAccepted, io_thread_.Get(), reinterpret_cast<ULONG_PTR>(client.release()));
    }
  }

  static void CALLBACK OnAccepted(ULONG_PTR parameter) {
    auto* const client = reinterpret_cast<Client*>(parameter);
    client->server->clients_.insert(client);
    Receive(client);
  }

  static void CALLBACK OnStop(ULONG_PTR parameter) {
    auto* const server = reinterpret_cast<RoutineServer*>(parameter);
    server->stopping_ = true;
    // Each client's operation ends with its routine, which then closes it.
    for (Client* const client : server->clients_) {
      CancelIoEx(reinterpret_cast<HANDLE>(client->socket.Get()), nullptr);
    }
  }

  // [routine]
  static void Receive(Client* client) {
    *static_cast<OVERLAPPED*>(client) = {};
    WSABUF buffer{sizeof client->data, client->data};
    DWORD flags = 0;
    const int result =
        WSARecv(client->socket.Get(), &buffer, 1, nullptr, &flags, client, &OnReceived);
    if (result != 0 && WSAGetLastError() != WSA_IO_PENDING) Close(client);
  }

  static void CALLBACK OnReceived(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped, DWORD) {
    auto* const client = static_cast<Client*>(overlapped);
    if (error != 0 || bytes == 0 || client->server->stopping_) return Close(client);
    *static_cast<OVERLAPPED*>(client) = {};
    WSABUF buffer{bytes, client->data};
    const int result = WSASend(client->socket.Get(), &buffer, 1, nullptr, 0, client, &OnSent);
    if (result != 0 && WSAGetLastError() != WSA_IO_PENDING) Close(client);
  }

  static void CALLBACK OnSent(DWORD error, DWORD, LPWSAOVERLAPPED overlapped, DWORD) {
    auto* const client = static_cast<Client*>(overlapped);
    if (error != 0 || client->server->stopping_) return Close(client);
    Receive(client);
  }
  // [/routine]

  // Nothing is under way for the client any more.
  static void Close(Client* client) {
    client->server->clients_.erase(client);
    delete client;
  }

  apps::UniqueSocket listener_;
  apps::UniqueHandle io_thread_;  // set before the acceptor starts
  std::set<Client*> clients_;     // I/O thread only; owned
  bool stopping_ = false;         // I/O thread only
  std::thread acceptor_;
  std::thread io_;
};

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("An echo server by completion routines: one thread, no port",
                        "routine_echo");
  unsigned short port = 0;
  bool stop_on_eof = false;
  app.Add("--port", port, "TCP port on 127.0.0.1; 0 takes a free one");
  app.Flag("--stop-on-eof", stop_on_eof, "stop also at the end of standard input");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  try {
    apps::StopSignal stop(stop_on_eof);
    const apps::Winsock winsock;
    RoutineServer server(port);
    stop.Wait();
    server.Stop();
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
}

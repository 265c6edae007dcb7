#include "labs/idle_figures.h"

#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "iocp/inspect.h"
#include "iocp/iocp.h"

namespace bench {
namespace {

double CpuMilliseconds(const rusage& use) {
  const auto milliseconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return milliseconds(use.ru_utime) + milliseconds(use.ru_stime);
}

SOCKET Listen(sockaddr_in* address) {
  const SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
  int length = sizeof *address;
  *address = {};
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(s, reinterpret_cast<sockaddr*>(address), length) != 0 || listen(s, SOMAXCONN) != 0 ||
      getsockname(s, reinterpret_cast<sockaddr*>(address), &length) != 0) {
    throw std::runtime_error("cannot listen");
  }
  return s;
}

}  // namespace

IdleFigures MeasureIdle(int sockets, double seconds) {
  WSADATA data;
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0) throw std::runtime_error("WSAStartup failed");
  const HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 2);
  sockaddr_in address;
  const SOCKET listener = Listen(&address);
  std::vector<SOCKET> clients(static_cast<std::size_t>(sockets));
  std::vector<SOCKET> accepted(clients.size());
  for (SOCKET& client : clients) {
    client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
  }
  // The memory of the accepting side only.
  std::size_t grown = 0;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (connect(clients[i], reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect (is the limit of open files high enough?)");
    }
    const std::size_t before = ::mallinfo2().uordblks;
    accepted[i] = accept(listener, nullptr, nullptr);
    CreateIoCompletionPort(reinterpret_cast<HANDLE>(accepted[i]), port, i, 0);
    grown += ::mallinfo2().uordblks - before;
  }
  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) {
    workers.emplace_back([port] {
      DWORD bytes = 0;
      ULONG_PTR key = 0;
      OVERLAPPED* overlapped = nullptr;
      GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
    });
  }
  using Clock = std::chrono::steady_clock;
  if (!iocp::WaitUntilParked(port, 2, Clock::now() + std::chrono::seconds(10))) {
    throw std::runtime_error("the workers do not wait");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // start-up has settled
  rusage before{};
  rusage after{};
  ::getrusage(RUSAGE_SELF, &before);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  ::getrusage(RUSAGE_SELF, &after);

  IdleFigures figures;
  figures.seconds = seconds;
  figures.cpu_milliseconds = CpuMilliseconds(after) - CpuMilliseconds(before);
  figures.context_switches = after.ru_nvcsw - before.ru_nvcsw - 1;  // one is the measuring sleep's
  figures.bytes_per_socket = static_cast<double>(grown) / static_cast<double>(sockets);
  for (int i = 0; i < 2; ++i) PostQueuedCompletionStatus(port, 0, 0, nullptr);
  for (std::thread& worker : workers) worker.join();
  for (const SOCKET s : clients) closesocket(s);
  for (const SOCKET s : accepted) closesocket(s);
  closesocket(listener);
  CloseHandle(port);
  WSACleanup();
  return figures;
}

}  // namespace bench

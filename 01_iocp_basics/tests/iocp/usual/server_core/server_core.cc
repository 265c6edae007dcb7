// A chat server on top of this ServerCore: what one session sends goes to all.
#include "session.h"

class GameSession : public Session {
 public:
  virtual int32 OnRecv(const char* buffer, int32 len) override {
    std::shared_ptr<std::string> sendBuffer =
        std::make_shared<std::string>(buffer, static_cast<size_t>(len));
    GetService()->Broadcast(sendBuffer);
    return len;
  }
};

static volatile LONG g_stop = 0;

int main() {
  SocketUtils::Init();
  {
    ServiceRef service = std::make_shared<Service>(
        NetAddress(L"127.0.0.1", 0), [] { return std::make_shared<GameSession>(); }, 10);
    ASSERT_CRASH(service->Start());
    printf("listening on 127.0.0.1:%d\n", service->GetListener()->GetPort());
    fflush(stdout);
    std::vector<std::thread> threads;
    for (int32 i = 0; i < 3; i++) {
      threads.emplace_back([service] {
        while (InterlockedCompareExchange(&g_stop, 0, 0) == 0) service->GetIocpCore().Dispatch(10);
      });
    }
    while (getchar() != EOF) {
    }
    InterlockedExchange(&g_stop, 1);
    for (std::thread& thread : threads) thread.join();
    printf("stopped with %d sessions\n", service->GetCurrentSessionCount());
    fflush(stdout);
  }
  // The service and its listener own each other, as in every ServerCore: the process ends them.
  return 0;
}

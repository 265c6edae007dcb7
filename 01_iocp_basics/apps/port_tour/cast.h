// The live port of the tour with its devices and workers, and what its five structures should hold
// after each move. Everything here belongs to the tour's thread.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "apps/port_tour/picture.h"
#include "apps/port_tour/worker.h"
#include "support/network.h"

namespace port_tour {

class Cast {
 public:
  static constexpr DWORD kConcurrency = 2;

  void CreatePort();
  void AddDevice(ULONG_PTR key);    // a connected socket, associated with `key`
  void CloseDevice(ULONG_PTR key);  // closesocket
  void PostReceive(ULONG_PTR key);
  void CancelReceive(ULONG_PTR key);
  void PeerSends(ULONG_PTR key);
  void PostPacket(ULONG_PTR key);
  void PostPacketAboveLimit(ULONG_PTR key);  // nobody may take it yet

  Worker& AddWorker(const std::string& name);
  // The worker asks and the port lets it sleep.
  void AskAndWait(Worker& worker);
  // The worker asks and gets the oldest packet at once.
  void AskAndTake(Worker& worker);
  // The oldest packet is handed to a sleeping worker; returns that worker.
  Worker& Handover();
  void Block(Worker& worker);
  void Unblock(Worker& worker);
  void EndWorkers();  // by end packets
  void ClosePort();

  HANDLE Port() const { return port_.Get(); }
  // What the structures should hold by the rules of the port.
  Picture Expected() const;
  // Something that did not go by the rules since the last call; empty: all did.
  std::string TakeSurprise();

 private:
  struct Device {
    ULONG_PTR key = 0;
    apps::UniqueSocket socket;
    apps::UniqueSocket peer;
    OVERLAPPED overlapped{};
    char data[64]{};
  };

  Device& Find(ULONG_PTR key);
  void WaitUntil(const std::function<bool()>& condition, const char* what);
  // Waits until the port shows the expected picture. Where it shows nothing (Windows), gives the
  // threads some time and then goes by what they have got.
  void WaitForPicture();
  void CatchUp();

  apps::Winsock winsock_;
  apps::UniqueHandle port_;
  apps::UniqueHandle event_;
  std::list<Device> devices_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // The rules' view of the structures.
  std::vector<ULONG_PTR> queue_;
  std::vector<Worker*> waiting_;  // the newest first
  std::vector<Worker*> released_;
  std::vector<Worker*> paused_;
  std::string surprise_;
};

}  // namespace port_tour

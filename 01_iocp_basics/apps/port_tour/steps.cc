#include "apps/port_tour/steps.h"

#include <memory>

namespace port_tour {
namespace {

// The workers by the part they play; which thread plays it, the port decides.
struct Parts {
  Worker* hot = nullptr;     // got the first packet
  Worker* second = nullptr;  // got the socket's packet
  Worker* third = nullptr;   // got what waited in the queue
};

using PartsRef = std::shared_ptr<Parts>;  // the steps share one

void CreateWorkersAndAsk(Cast& cast) {
  for (const char* name : {"A", "B", "C"}) {
    cast.AskAndWait(cast.AddWorker(name));
  }
}

std::vector<Step> OpeningSteps() {
  return {
      {"A port is made", "CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 2)",
       "The kernel object holds five lists, all empty. The limit 2: at most two threads "
       "shall run with packets of this port at a time.",
       [](Cast& cast) { cast.CreatePort(); }},
      {"Two sockets are tied to it", "CreateIoCompletionPort((HANDLE)socket, port, key, 0)",
       "The same call, its other use. Each socket is entered in the device list with its "
       "key; every packet of the socket will carry that key.",
       [](Cast& cast) {
         cast.AddDevice(1);
         cast.AddDevice(2);
       }},
      {"Three workers ask for packets",
       "GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE)",
       "The queue is empty, so A, then B, then C fall asleep. The list is a stack: the last "
       "that came is the first to be woken.",
       CreateWorkersAndAsk},
  };
}

std::vector<Step> HotThreadSteps(const PartsRef& parts) {
  return {
      {"A packet is posted", "PostQueuedCompletionStatus(port, 0, 100, NULL)",
       "The newest waiter takes it and moves to the released list. The others sleep on.",
       [parts](Cast& cast) {
         cast.PostPacket(100);
         parts->hot = &cast.Handover();
       }},
      {"It is done and asks again; another packet comes",
       "GetQueuedCompletionStatus(...); PostQueuedCompletionStatus(port, 0, 101, NULL)",
       "It went to sleep on top of the stack, so the same thread is woken again. With little "
       "to do, one hot thread does everything; the others' stacks may leave the caches.",
       [parts](Cast& cast) {
         cast.AskAndWait(*parts->hot);
         cast.PostPacket(101);
         parts->hot = &cast.Handover();
       }},
      {"Data arrives on the first socket", "WSARecv(socket1, ...); the peer sends 5 bytes",
       "The hot thread is busy, one thread runs, the limit is two: the next waiter is "
       "released with the packet of key 1.",
       [parts](Cast& cast) {
         cast.PostReceive(1);
         cast.PeerSends(1);
         parts->second = &cast.Handover();
       }},
  };
}

// [limit-steps]
std::vector<Step> LimitSteps(const PartsRef& parts) {
  return {
      {"A third packet, and the limit holds", "PostQueuedCompletionStatus(port, 0, 102, NULL)",
       "Two threads run. The packet stays in the queue although a worker sleeps: a third "
       "running thread would only take turns with the two.",
       [](Cast& cast) { cast.PostPacketAboveLimit(102); }},
      {"A running worker blocks",
       "WaitForSingleObject(event, INFINITE), in the worker of packet 101",
       "The port notices: the worker moves to the paused list, one thread runs, and the "
       "waiting packet is handed to the sleeping worker at once.",
       [parts](Cast& cast) {
         cast.Block(*parts->hot);
         parts->third = &cast.Handover();
       }},
      {"The blocked worker goes on", "SetEvent(event)",
       "It comes back to the released list. Three threads run now, one more than the limit: "
       "the port does not stop a thread that has work in hand.",
       [parts](Cast& cast) { cast.Unblock(*parts->hot); }},
      {"One of the three asks again while a packet is there",
       "PostQueuedCompletionStatus(port, 0, 103, NULL); GetQueuedCompletionStatus(...)",
       "It has to sleep in spite of the packet: two others run, so the port is back at its "
       "limit.",
       [parts](Cast& cast) {
         cast.PostPacket(103);
         cast.AskAndWait(*parts->third);
       }},
      {"Another asks and does not even sleep", "GetQueuedCompletionStatus(...)",
       "Now only one other thread runs: it takes the packet and returns at once. Under load "
       "threads do not sleep or wake at all; that is where the speed comes from.",
       [parts](Cast& cast) { cast.AskAndTake(*parts->second); }},
  };
}
// [/limit-steps]

std::vector<Step> EndingSteps(const PartsRef& parts) {
  return {
      {"A failed operation is a packet too",
       "WSARecv(socket2, ...); CancelIoEx(socket2, &overlapped)",
       "GetQueuedCompletionStatus returns FALSE with the overlapped filled in, and the error "
       "995 (ERROR_OPERATION_ABORTED). Nothing gets lost: one operation, one packet.",
       [parts](Cast& cast) {
         cast.AskAndWait(*parts->hot);
         cast.PostReceive(2);
         cast.CancelReceive(2);
         parts->hot = &cast.Handover();
       }},
      {"A socket is closed", "closesocket(socket1)",
       "It leaves the device list. Nothing was pending on it, so no packet comes.",
       [](Cast& cast) { cast.CloseDevice(1); }},
      {"Everybody goes home",
       "PostQueuedCompletionStatus(port, 0, 0, NULL), to each worker in turn",
       "End packets: a worker that gets one leaves its loop and its thread ends. The order "
       "of the queue guarantees that all earlier packets were served before.",
       [](Cast& cast) { cast.EndWorkers(); }},
  };
}

}  // namespace

std::vector<Step> AllSteps() {
  const auto parts = std::make_shared<Parts>();
  std::vector<Step> steps = OpeningSteps();
  for (const auto& part : {HotThreadSteps(parts), LimitSteps(parts), EndingSteps(parts)}) {
    steps.insert(steps.end(), part.begin(), part.end());
  }
  return steps;
}

}  // namespace port_tour

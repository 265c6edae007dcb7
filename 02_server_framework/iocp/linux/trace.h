// A trace of what moves between the port's structures, as Chrome/Perfetto trace-event JSON.
//
// IOCP_TRACE=file.json switches it on at program start; off, it costs one relaxed load. The file is
// valid JSON whenever the program ends: it is completed at every flush and at exit. Memory is
// bounded by one buffer. The events that concern one port are recorded under the port's lock, so
// their order is the order in which things happened, and the state after each step can be rebuilt
// from them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "iocp/linux/completion_queue.h"
#include "iocp/linux/thread.h"

namespace iocp::trace {

inline constinit std::atomic<bool> g_on{false};

inline bool On() {
  return g_on.load(std::memory_order_relaxed);
}

void PortCreated(HANDLE port, DWORD concurrency);
void PortClosed(HANDLE port);
void DeviceAdded(HANDLE port, ULONG_PTR device, ULONG_PTR key);
void DeviceRemoved(HANDLE port, ULONG_PTR device);
void PacketQueued(HANDLE port, const Packet& packet, std::size_t queue_length);
void PacketTaken(HANDLE port, const Thread& thread, const Packet& packet, std::size_t queue_length);
void ThreadMoved(HANDLE port, const Thread& thread, Place from, Place to);
// `buffers` and `length`: what it receives into, or sends.
void OperationIssued(HANDLE device, const char* kind, const OVERLAPPED* overlapped,
                     std::size_t buffers, std::size_t length);
void OperationCompleted(HANDLE device, const char* kind, const OVERLAPPED* overlapped,
                        NTSTATUS status, std::uint64_t bytes);
void ThreadNamed(const Thread& thread, const std::string& name);

}  // namespace iocp::trace

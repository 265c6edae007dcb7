// A client's connection to the chat server: what it can say, and what it hears.
//
// Derive from it and override what is of interest. The handlers of the generated code
// (support/client/handlers.cc) call the On... functions.
//
// Threading: the On... functions run on a worker of the ClientService (OnConnected on the thread
// that connects), for one session never two at a time. Send, Close and the questions: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>

#include "net/packet.h"
#include "net/session_id.h"
#include "proto/dispatch.h"
#include "protocol.pb.h"

namespace client {

class ClientService;

class ServerSession {
 public:
  ServerSession() = default;
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;
  // The session must be over (OnDisconnected) or its service stopped.
  virtual ~ServerSession() = default;

  [[nodiscard]] bool connected() const { return connected_.load(std::memory_order_acquire); }

  // Numbers the packet (client to server packets are 1, 2, 3, ...) and sends it. False: the
  // connection is over. Several threads may send; the numbers follow the order of the sends.
  bool Send(const Protocol::C_LOGIN& pkt);
  bool Send(const Protocol::C_ENTER_GAME& pkt);
  bool Send(const Protocol::C_CHAT& pkt);
  bool Send(const Protocol::C_LEAVE_GAME& pkt);
  bool Send(const Protocol::C_MOVE_SECTOR& pkt);
  bool Send(const Protocol::C_SECTOR_CHAT& pkt);
  bool Send(const Protocol::C_HEARTBEAT& pkt);
  bool SendPacket(const net::PacketRef& packet);

  // Begins to close the connection; OnDisconnected follows.
  void Close();

  // --- what happens
  virtual void OnConnected() {}
  virtual void OnDisconnected(std::string_view reason) { static_cast<void>(reason); }
  virtual void OnLogin(const Protocol::S_LOGIN& pkt) { static_cast<void>(pkt); }
  virtual void OnEnterGame(const Protocol::S_ENTER_GAME& pkt) { static_cast<void>(pkt); }
  virtual void OnLeaveGame(const Protocol::S_LEAVE_GAME& pkt) { static_cast<void>(pkt); }
  virtual void OnChat(const Protocol::S_CHAT& pkt) { static_cast<void>(pkt); }
  virtual void OnPlayerJoined(const Protocol::S_PLAYER_JOINED& pkt) { static_cast<void>(pkt); }
  virtual void OnPlayerLeft(const Protocol::S_PLAYER_LEFT& pkt) { static_cast<void>(pkt); }
  virtual void OnMoveSector(const Protocol::S_MOVE_SECTOR& pkt) { static_cast<void>(pkt); }
  virtual void OnSectorChat(const Protocol::S_SECTOR_CHAT& pkt) { static_cast<void>(pkt); }
  virtual void OnHeartbeat(const Protocol::S_HEARTBEAT& pkt) { static_cast<void>(pkt); }

  // A packet to its handler. Connections to the other services (auth, monitor) have handlers of
  // their own.
  virtual proto::Dispatched Dispatch(std::uint16_t id, std::span<const std::uint8_t> body);

  // Inside the functions above: the number of the packet. 0, or the room's number of a broadcast.
  [[nodiscard]] std::uint32_t sequence() const { return sequence_; }

 private:
  friend class ClientService;

  ClientService* service_ = nullptr;    // set before OnConnected, then constant
  net::SessionId id_;                   // set before OnConnected, then constant
  std::atomic<bool> connected_{false};  // set before OnConnected, cleared before OnDisconnected
  std::uint32_t sequence_ = 0;          // the worker that handles a packet of this session

  std::mutex send_lock_;
  std::uint32_t next_sequence_ = 1;  // guarded by send_lock_
};

}  // namespace client

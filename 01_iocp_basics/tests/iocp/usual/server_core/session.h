#pragma once

#include <atomic>

#include "iocp_core.h"
#include "socket_utils.h"

using SessionFactory = std::function<SessionRef(void)>;

class Session : public IocpObject {
  friend class Listener;
  enum { BUFFER_SIZE = 0x1000 };

 public:
  Session() { _socket = SocketUtils::CreateSocket(); }
  virtual ~Session() { SocketUtils::Close(_socket); }

  void Send(std::shared_ptr<std::string> sendBuffer);
  void Disconnect(const WCHAR* cause);
  void SetService(ServiceRef service) { _service = service; }
  ServiceRef GetService() { return _service.lock(); }
  void SetNetAddress(NetAddress address) { _netAddress = address; }
  SOCKET GetSocket() { return _socket; }
  bool IsConnected() { return _connected; }
  SessionRef GetSessionRef() { return std::static_pointer_cast<Session>(shared_from_this()); }

 protected:
  virtual void OnConnected() {}
  virtual int32 OnRecv(const char* /*buffer*/, int32 len) { return len; }
  virtual void OnDisconnected() {}

 private:
  virtual HANDLE GetHandle() override { return reinterpret_cast<HANDLE>(_socket); }
  virtual void Dispatch(IocpEvent* iocpEvent, int32 numOfBytes = 0) override;

  void RegisterDisconnect();
  void RegisterRecv();
  void RegisterSend();
  void ProcessConnect();
  void ProcessDisconnect();
  void ProcessRecv(int32 numOfBytes);
  void ProcessSend(int32 numOfBytes);
  void HandleError(int32 errorCode);

  std::weak_ptr<Service> _service;
  SOCKET _socket = INVALID_SOCKET;
  NetAddress _netAddress;
  std::atomic<bool> _connected{false};
  char _recvBuffer[BUFFER_SIZE];
  USE_LOCK;
  std::vector<std::shared_ptr<std::string>> _sendQueue;  // guarded by the lock
  std::atomic<bool> _sendRegistered{false};
  RecvEvent _recvEvent;
  SendEvent _sendEvent;
  DisconnectEvent _disconnectEvent;
};

class Listener : public IocpObject {
 public:
  ~Listener() { SocketUtils::Close(_socket); }
  bool StartAccept(ServiceRef service);
  void CloseSocket() { SocketUtils::Close(_socket); }
  uint16 GetPort();

 private:
  virtual HANDLE GetHandle() override { return reinterpret_cast<HANDLE>(_socket); }
  virtual void Dispatch(IocpEvent* iocpEvent, int32 numOfBytes = 0) override;
  void RegisterAccept(AcceptEvent* acceptEvent);
  void ProcessAccept(AcceptEvent* acceptEvent);

  SOCKET _socket = INVALID_SOCKET;
  std::vector<std::unique_ptr<AcceptEvent>> _acceptEvents;
  std::vector<std::unique_ptr<BYTE_[]>> _buffers;
  ServiceRef _service;
};

class Service : public std::enable_shared_from_this<Service> {
 public:
  Service(NetAddress address, SessionFactory factory, int32 maxSessionCount)
      : _netAddress(address), _sessionFactory(factory), _maxSessionCount(maxSessionCount) {}

  bool Start();
  SessionRef CreateSession();
  void AddSession(SessionRef session);
  void ReleaseSession(SessionRef session);
  void Broadcast(std::shared_ptr<std::string> sendBuffer);
  int32 GetCurrentSessionCount();
  int32 GetMaxSessionCount() { return _maxSessionCount; }
  NetAddress GetNetAddress() { return _netAddress; }
  IocpCore& GetIocpCore() { return _iocpCore; }
  ListenerRef GetListener() { return _listener; }

 private:
  NetAddress _netAddress;
  IocpCore _iocpCore;
  SessionFactory _sessionFactory;
  int32 _maxSessionCount;
  ListenerRef _listener;
  USE_LOCK;
  std::set<SessionRef> _sessions;  // guarded by the lock
};

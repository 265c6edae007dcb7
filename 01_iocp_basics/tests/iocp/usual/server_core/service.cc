#include "session.h"

bool Listener::StartAccept(ServiceRef service) {
  _service = service;
  _socket = SocketUtils::CreateSocket();
  if (_socket == INVALID_SOCKET) return false;
  if (_service->GetIocpCore().Register(shared_from_this()) == false) return false;
  if (SocketUtils::SetReuseAddress(_socket, true) == false) return false;
  if (SocketUtils::SetLinger(_socket, 0, 0) == false) return false;
  if (SocketUtils::Bind(_socket, _service->GetNetAddress()) == false) return false;
  if (SocketUtils::Listen(_socket) == false) return false;
  const int32 acceptCount = _service->GetMaxSessionCount();
  for (int32 i = 0; i < acceptCount; i++) {
    _buffers.push_back(std::make_unique<BYTE_[]>(2 * (sizeof(SOCKADDR_IN) + 16)));
    AcceptEvent* acceptEvent = new AcceptEvent();
    acceptEvent->owner = shared_from_this();
    _acceptEvents.emplace_back(acceptEvent);
    RegisterAccept(acceptEvent);
  }
  return true;
}

uint16 Listener::GetPort() {
  SOCKADDR_IN sockAddress;
  int32 length = sizeof(sockAddress);
  ::getsockname(_socket, reinterpret_cast<SOCKADDR*>(&sockAddress), &length);
  return NetAddress(sockAddress).GetPort();
}

void Listener::Dispatch(IocpEvent* iocpEvent, int32) {
  ASSERT_CRASH(iocpEvent->eventType == EventType::Accept);
  ProcessAccept(static_cast<AcceptEvent*>(iocpEvent));
}

void Listener::RegisterAccept(AcceptEvent* acceptEvent) {
  SessionRef session = _service->CreateSession();
  acceptEvent->Init();
  acceptEvent->session = session;
  DWORD bytesReceived = 0;
  // The addresses go where the first data will be.
  if (false == SocketUtils::AcceptEx(_socket, session->GetSocket(), session->_recvBuffer, 0,
                                     sizeof(SOCKADDR_IN) + 16, sizeof(SOCKADDR_IN) + 16,
                                     OUT & bytesReceived, static_cast<LPOVERLAPPED>(acceptEvent))) {
    const int32 errorCode = ::WSAGetLastError();
    if (errorCode != WSA_IO_PENDING && _socket != INVALID_SOCKET) RegisterAccept(acceptEvent);
  }
}

void Listener::ProcessAccept(AcceptEvent* acceptEvent) {
  if (_socket == INVALID_SOCKET) return;  // closing
  SessionRef session = acceptEvent->session;
  SOCKADDR_IN sockAddress;
  int32 sizeOfSockAddr = sizeof(sockAddress);
  if (false == SocketUtils::SetUpdateAcceptSocket(session->GetSocket(), _socket) ||
      SOCKET_ERROR == ::getpeername(session->GetSocket(),
                                    OUT reinterpret_cast<SOCKADDR*>(&sockAddress),
                                    &sizeOfSockAddr)) {
    RegisterAccept(acceptEvent);
    return;
  }
  session->SetNetAddress(NetAddress(sockAddress));
  ASSERT_CRASH(NetAddress(sockAddress).GetIpAddress() == L"127.0.0.1");
  SocketUtils::SetTcpNoDelay(session->GetSocket(), true);
  session->ProcessConnect();
  RegisterAccept(acceptEvent);
}

bool Service::Start() {
  _listener = std::make_shared<Listener>();
  return _listener->StartAccept(shared_from_this());
}

SessionRef Service::CreateSession() {
  SessionRef session = _sessionFactory();
  session->SetService(shared_from_this());
  if (_iocpCore.Register(session) == false) return nullptr;
  return session;
}

void Service::AddSession(SessionRef session) {
  WRITE_LOCK;
  _sessions.insert(session);
}

void Service::ReleaseSession(SessionRef session) {
  WRITE_LOCK;
  ASSERT_CRASH(_sessions.erase(session) != 0);
}

void Service::Broadcast(std::shared_ptr<std::string> sendBuffer) {
  READ_LOCK;
  for (const SessionRef& session : _sessions) session->Send(sendBuffer);
}

int32 Service::GetCurrentSessionCount() {
  READ_LOCK;
  return static_cast<int32>(_sessions.size());
}

#include "session.h"

void Session::Send(std::shared_ptr<std::string> sendBuffer) {
  if (!IsConnected()) return;
  bool registerSend = false;
  {
    WRITE_LOCK;
    _sendQueue.push_back(sendBuffer);
    if (_sendRegistered.exchange(true) == false) registerSend = true;
  }
  if (registerSend) RegisterSend();
}

void Session::Disconnect(const WCHAR*) {
  if (_connected.exchange(false) == false) return;
  RegisterDisconnect();
}

void Session::Dispatch(IocpEvent* iocpEvent, int32 numOfBytes) {
  switch (iocpEvent->eventType) {
    case EventType::Disconnect:
      ProcessDisconnect();
      break;
    case EventType::Recv:
      ProcessRecv(numOfBytes);
      break;
    case EventType::Send:
      ProcessSend(numOfBytes);
      break;
    default:
      break;
  }
}

void Session::RegisterDisconnect() {
  _disconnectEvent.Init();
  _disconnectEvent.owner = shared_from_this();
  if (false == SocketUtils::DisconnectEx(_socket, &_disconnectEvent, TF_REUSE_SOCKET, 0)) {
    int32 errorCode = ::WSAGetLastError();
    if (errorCode != WSA_IO_PENDING) _disconnectEvent.owner = nullptr;
  }
}

void Session::RegisterRecv() {
  if (!IsConnected()) return;
  _recvEvent.Init();
  _recvEvent.owner = shared_from_this();
  WSABUF wsaBuf;
  wsaBuf.buf = _recvBuffer;
  wsaBuf.len = BUFFER_SIZE;
  DWORD numOfBytes = 0;
  DWORD flags = 0;
  if (SOCKET_ERROR ==
      ::WSARecv(_socket, &wsaBuf, 1, OUT & numOfBytes, OUT & flags, &_recvEvent, nullptr)) {
    int32 errorCode = ::WSAGetLastError();
    if (errorCode != WSA_IO_PENDING) {
      HandleError(errorCode);
      _recvEvent.owner = nullptr;
    }
  }
}

void Session::RegisterSend() {
  if (!IsConnected()) return;
  _sendEvent.Init();
  _sendEvent.owner = shared_from_this();
  {
    WRITE_LOCK;
    _sendEvent.sendBuffers.swap(_sendQueue);
  }
  // Scatter-gather: everything that waits, in one call.
  std::vector<WSABUF> wsaBufs;
  wsaBufs.reserve(_sendEvent.sendBuffers.size());
  for (std::shared_ptr<std::string>& sendBuffer : _sendEvent.sendBuffers) {
    WSABUF wsaBuf;
    wsaBuf.buf = reinterpret_cast<char*>(sendBuffer->data());
    wsaBuf.len = static_cast<ULONG>(sendBuffer->size());
    wsaBufs.push_back(wsaBuf);
  }
  DWORD numOfBytes = 0;
  if (SOCKET_ERROR == ::WSASend(_socket, wsaBufs.data(), static_cast<DWORD>(wsaBufs.size()),
                                OUT & numOfBytes, 0, &_sendEvent, nullptr)) {
    int32 errorCode = ::WSAGetLastError();
    if (errorCode != WSA_IO_PENDING) {
      HandleError(errorCode);
      _sendEvent.owner = nullptr;
      _sendEvent.sendBuffers.clear();
      _sendRegistered.store(false);
    }
  }
}

void Session::ProcessConnect() {
  _connected.store(true);
  GetService()->AddSession(GetSessionRef());
  OnConnected();
  RegisterRecv();
}

void Session::ProcessDisconnect() {
  _disconnectEvent.owner = nullptr;
  OnDisconnected();
  if (ServiceRef service = GetService()) service->ReleaseSession(GetSessionRef());
}

void Session::ProcessRecv(int32 numOfBytes) {
  _recvEvent.owner = nullptr;
  if (numOfBytes == 0) {
    Disconnect(L"Recv 0");
    return;
  }
  if (OnRecv(_recvBuffer, numOfBytes) != numOfBytes) {
    Disconnect(L"OnRead Overflow");
    return;
  }
  RegisterRecv();
}

void Session::ProcessSend(int32 numOfBytes) {
  _sendEvent.owner = nullptr;
  _sendEvent.sendBuffers.clear();
  if (numOfBytes == 0) {
    Disconnect(L"Send 0");
    return;
  }
  bool registerSend = true;
  {
    WRITE_LOCK;
    if (_sendQueue.empty()) {
      _sendRegistered.store(false);
      registerSend = false;
    }
  }
  if (registerSend) RegisterSend();
}

void Session::HandleError(int32 errorCode) {
  switch (errorCode) {
    case WSAECONNRESET:
    case WSAECONNABORTED:
      Disconnect(L"HandleError");
      break;
    default:
      fprintf(stderr, "Handle Error : %d\n", errorCode);
      break;
  }
}

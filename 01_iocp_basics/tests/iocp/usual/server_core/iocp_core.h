#pragma once

#include "core_pch.h"

enum class EventType : unsigned char { Connect, Disconnect, Accept, Recv, Send };

// An operation is an OVERLAPPED, and keeps its owner alive.
class IocpEvent : public OVERLAPPED {
 public:
  IocpEvent(EventType type) : eventType(type) { Init(); }
  void Init() {
    OVERLAPPED::hEvent = 0;
    OVERLAPPED::Internal = 0;
    OVERLAPPED::InternalHigh = 0;
    OVERLAPPED::Offset = 0;
    OVERLAPPED::OffsetHigh = 0;
  }

  EventType eventType;
  IocpObjectRef owner;
};

class DisconnectEvent : public IocpEvent {
 public:
  DisconnectEvent() : IocpEvent(EventType::Disconnect) {}
};

class AcceptEvent : public IocpEvent {
 public:
  AcceptEvent() : IocpEvent(EventType::Accept) {}
  SessionRef session;
};

class RecvEvent : public IocpEvent {
 public:
  RecvEvent() : IocpEvent(EventType::Recv) {}
};

class SendEvent : public IocpEvent {
 public:
  SendEvent() : IocpEvent(EventType::Send) {}
  std::vector<std::shared_ptr<std::string>> sendBuffers;
};

// What can be registered with the port.
class IocpObject : public std::enable_shared_from_this<IocpObject> {
 public:
  virtual ~IocpObject() = default;
  virtual HANDLE GetHandle() = 0;
  virtual void Dispatch(IocpEvent* iocpEvent, int32 numOfBytes = 0) = 0;
};

class IocpCore {
 public:
  IocpCore() { _iocpHandle = ::CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0); }
  ~IocpCore() { ::CloseHandle(_iocpHandle); }

  bool Register(IocpObjectRef iocpObject) {
    return NULL != ::CreateIoCompletionPort(iocpObject->GetHandle(), _iocpHandle, /*key*/ 0, 0);
  }

  bool Dispatch(uint32 timeoutMs = INFINITE) {
    DWORD numOfBytes = 0;
    ULONG_PTR key = 0;
    IocpEvent* iocpEvent = nullptr;
    if (::GetQueuedCompletionStatus(_iocpHandle, OUT & numOfBytes, OUT & key,
                                    OUT reinterpret_cast<LPOVERLAPPED*>(&iocpEvent), timeoutMs)) {
      IocpObjectRef iocpObject = iocpEvent->owner;
      iocpObject->Dispatch(iocpEvent, static_cast<int32>(numOfBytes));
      return true;
    }
    int32 errCode = ::WSAGetLastError();
    switch (errCode) {
      case WAIT_TIMEOUT:
        return false;
      default:
        if (iocpEvent == nullptr) return false;
        IocpObjectRef iocpObject = iocpEvent->owner;
        iocpObject->Dispatch(iocpEvent, static_cast<int32>(numOfBytes));
        break;
    }
    return true;
  }

 private:
  HANDLE _iocpHandle;
};

// An echo server in the structure of the completion-port samples of the platform's SDK: per-socket
// and per-operation contexts, AcceptEx on one listening socket, worker threads made by
// CreateThread, a list of the connections under a critical section, an event that ends the program.
//
// Written for Windows in the usual way; it must build with iocp.h unchanged.
#include <stdio.h>

#include "iocp/iocp.h"
#include "iocp/win32_threads.h"

#define MAX_BUFF_SIZE 4096
#define MAX_WORKER_THREAD 16
#define ADDRESS_ROOM (sizeof(SOCKADDR_STORAGE) + 16)

typedef enum _IO_OPERATION { ClientIoAccept, ClientIoRead, ClientIoWrite } IO_OPERATION;

// One operation. The OVERLAPPED is not the first member, so that it takes CONTAINING_RECORD.
typedef struct _PER_IO_CONTEXT {
  IO_OPERATION IOOperation;
  WSAOVERLAPPED Overlapped;
  char Buffer[MAX_BUFF_SIZE];
  WSABUF wsabuf;
  DWORD nTotalBytes;
  DWORD nSentBytes;
  SOCKET SocketAccept;
} PER_IO_CONTEXT, *PPER_IO_CONTEXT;

// One connection: what the completion key points to. The listening socket has one, too.
typedef struct _PER_SOCKET_CONTEXT {
  SOCKET Socket;
  PER_IO_CONTEXT IOContext;
  struct _PER_SOCKET_CONTEXT* pCtxtBack;
  struct _PER_SOCKET_CONTEXT* pCtxtForward;
} PER_SOCKET_CONTEXT, *PPER_SOCKET_CONTEXT;

static HANDLE g_hIOCP = NULL;
static WSAEVENT g_hCleanupEvent = WSA_INVALID_EVENT;
static SOCKET g_sdListen = INVALID_SOCKET;
static PPER_SOCKET_CONTEXT g_pCtxtListenSocket = NULL;
static PPER_SOCKET_CONTEXT g_pCtxtList = NULL;  // guarded by g_CriticalSection
static CRITICAL_SECTION g_CriticalSection;
static LPFN_ACCEPTEX g_fnAcceptEx = NULL;
static volatile LONG g_nConnections = 0;
static volatile LONG g_bEndServer = FALSE;

static BOOL EndServer(void) {
  return InterlockedCompareExchange(&g_bEndServer, FALSE, FALSE);
}

static PPER_SOCKET_CONTEXT CtxtAllocate(SOCKET sd, IO_OPERATION operation) {
  PPER_SOCKET_CONTEXT context = new PER_SOCKET_CONTEXT;
  ZeroMemory(context, sizeof(PER_SOCKET_CONTEXT));
  context->Socket = sd;
  context->IOContext.IOOperation = operation;
  context->IOContext.SocketAccept = INVALID_SOCKET;
  context->IOContext.wsabuf.buf = context->IOContext.Buffer;
  context->IOContext.wsabuf.len = sizeof(context->IOContext.Buffer);
  return context;
}

static void CtxtListAddTo(PPER_SOCKET_CONTEXT context) {
  EnterCriticalSection(&g_CriticalSection);
  context->pCtxtForward = g_pCtxtList;
  if (g_pCtxtList != NULL) g_pCtxtList->pCtxtBack = context;
  g_pCtxtList = context;
  LeaveCriticalSection(&g_CriticalSection);
  InterlockedIncrement(&g_nConnections);
}

static VOID CloseClient(PPER_SOCKET_CONTEXT context, BOOL graceful) {
  EnterCriticalSection(&g_CriticalSection);
  if (context->pCtxtForward != NULL) context->pCtxtForward->pCtxtBack = context->pCtxtBack;
  if (context->pCtxtBack != NULL) {
    context->pCtxtBack->pCtxtForward = context->pCtxtForward;
  } else {
    g_pCtxtList = context->pCtxtForward;
  }
  LeaveCriticalSection(&g_CriticalSection);
  if (!graceful) {
    LINGER linger_on;
    linger_on.l_onoff = 1;
    linger_on.l_linger = 0;
    setsockopt(context->Socket, SOL_SOCKET, SO_LINGER, (char*)&linger_on, sizeof(linger_on));
  }
  closesocket(context->Socket);
  InterlockedDecrement(&g_nConnections);
  delete context;
}

static SOCKET CreateSocket(void) {
  SOCKET sd = WSASocket(AF_INET, SOCK_STREAM, IPPROTO_IP, NULL, 0, WSA_FLAG_OVERLAPPED);
  if (sd == INVALID_SOCKET) {
    printf("WSASocket(sd) failed: %d\n", WSAGetLastError());
  }
  return sd;
}

static BOOL CreateListenSocket(void) {
  g_sdListen = CreateSocket();
  if (g_sdListen == INVALID_SOCKET) return FALSE;
  SOCKADDR_IN address;
  ZeroMemory(&address, sizeof(address));
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(g_sdListen, (LPSOCKADDR)&address, sizeof(address)) == SOCKET_ERROR ||
      listen(g_sdListen, SOMAXCONN) == SOCKET_ERROR) {
    printf("bind or listen failed: %d\n", WSAGetLastError());
    return FALSE;
  }
  GUID acceptex_guid = WSAID_ACCEPTEX;
  DWORD bytes = 0;
  if (WSAIoctl(g_sdListen, SIO_GET_EXTENSION_FUNCTION_POINTER, &acceptex_guid,
               sizeof(acceptex_guid), &g_fnAcceptEx, sizeof(g_fnAcceptEx), &bytes, NULL,
               NULL) == SOCKET_ERROR) {
    printf("failed to load AcceptEx: %d\n", WSAGetLastError());
    return FALSE;
  }
  int length = sizeof(address);
  getsockname(g_sdListen, (LPSOCKADDR)&address, &length);
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return TRUE;
}

static BOOL CreateAcceptSocket(BOOL update_port) {
  if (update_port) {
    g_pCtxtListenSocket = CtxtAllocate(g_sdListen, ClientIoAccept);
    if (CreateIoCompletionPort((HANDLE)g_sdListen, g_hIOCP, (DWORD_PTR)g_pCtxtListenSocket, 0) ==
        NULL) {
      return FALSE;
    }
  }
  PPER_IO_CONTEXT io = &g_pCtxtListenSocket->IOContext;
  io->SocketAccept = CreateSocket();
  if (io->SocketAccept == INVALID_SOCKET) return FALSE;
  // The client's first data comes with the connection.
  DWORD received = 0;
  ZeroMemory(&io->Overlapped, sizeof(io->Overlapped));
  BOOL done = g_fnAcceptEx(g_sdListen, io->SocketAccept, (LPVOID)io->Buffer,
                           MAX_BUFF_SIZE - 2 * ADDRESS_ROOM, ADDRESS_ROOM, ADDRESS_ROOM, &received,
                           (LPOVERLAPPED)&io->Overlapped);
  if (!done && WSAGetLastError() != ERROR_IO_PENDING) {
    if (!EndServer()) printf("AcceptEx failed: %d\n", WSAGetLastError());
    closesocket(io->SocketAccept);
    return FALSE;
  }
  return TRUE;
}

// The contents of the buffer, or the rest of it.
static BOOL PostWrite(PPER_SOCKET_CONTEXT context) {
  PPER_IO_CONTEXT io = &context->IOContext;
  io->IOOperation = ClientIoWrite;
  io->wsabuf.buf = io->Buffer + io->nSentBytes;
  io->wsabuf.len = io->nTotalBytes - io->nSentBytes;
  ZeroMemory(&io->Overlapped, sizeof(io->Overlapped));
  DWORD sent = 0;
  int result = WSASend(context->Socket, &io->wsabuf, 1, &sent, 0, &io->Overlapped, NULL);
  return result != SOCKET_ERROR || WSAGetLastError() == ERROR_IO_PENDING;
}

static BOOL PostRead(PPER_SOCKET_CONTEXT context) {
  PPER_IO_CONTEXT io = &context->IOContext;
  io->IOOperation = ClientIoRead;
  io->wsabuf.buf = io->Buffer;
  io->wsabuf.len = MAX_BUFF_SIZE;
  ZeroMemory(&io->Overlapped, sizeof(io->Overlapped));
  DWORD received = 0;
  DWORD flags = 0;
  int result = WSARecv(context->Socket, &io->wsabuf, 1, &received, &flags, &io->Overlapped, NULL);
  return result != SOCKET_ERROR || WSAGetLastError() == ERROR_IO_PENDING;
}

static void OnAccepted(PPER_IO_CONTEXT io, DWORD bytes) {
  if (setsockopt(io->SocketAccept, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char*)&g_sdListen,
                 sizeof(g_sdListen)) == SOCKET_ERROR) {
    closesocket(io->SocketAccept);
    CreateAcceptSocket(FALSE);
    return;
  }
  PPER_SOCKET_CONTEXT client = CtxtAllocate(io->SocketAccept, ClientIoRead);
  client->IOContext.nTotalBytes = bytes;
  CopyMemory(client->IOContext.Buffer, io->Buffer, bytes);
  CtxtListAddTo(client);
  BOOL ok = CreateIoCompletionPort((HANDLE)client->Socket, g_hIOCP, (DWORD_PTR)client, 0) != NULL;
  if (!ok || (bytes == 0) || !PostWrite(client)) {
    CloseClient(client, TRUE);
  }
  CreateAcceptSocket(FALSE);
}

static DWORD WINAPI WorkerThread(LPVOID) {
  for (;;) {
    PPER_SOCKET_CONTEXT context = NULL;
    LPWSAOVERLAPPED overlapped = NULL;
    DWORD io_size = 0;
    BOOL success = GetQueuedCompletionStatus(g_hIOCP, &io_size, (PDWORD_PTR)&context,
                                             (LPOVERLAPPED*)&overlapped, INFINITE);
    if (context == NULL) return 0;  // posted by main: the end
    if (overlapped == NULL) continue;
    PPER_IO_CONTEXT io = CONTAINING_RECORD(overlapped, PER_IO_CONTEXT, Overlapped);
    if (EndServer()) continue;  // main frees everything
    if (io->IOOperation == ClientIoAccept) {
      if (success) {
        OnAccepted(io, io_size);
      } else {
        closesocket(io->SocketAccept);
        CreateAcceptSocket(FALSE);
      }
      continue;
    }
    if (!success || io_size == 0) {
      CloseClient(context, success);
      continue;
    }
    if (io->IOOperation == ClientIoRead) {
      io->nTotalBytes = io_size;
      io->nSentBytes = 0;
      if (!PostWrite(context)) CloseClient(context, FALSE);
    } else {
      io->nSentBytes += io_size;
      BOOL whole = io->nSentBytes >= io->nTotalBytes;
      if (!(whole ? PostRead(context) : PostWrite(context))) CloseClient(context, FALSE);
    }
  }
}

// In place of a console handler: the end of the input ends the server.
static DWORD WINAPI WatchInput(LPVOID) {
  while (getchar() != EOF) {
  }
  WSASetEvent(g_hCleanupEvent);
  return 0;
}

int main() {
  WSADATA wsaData;
  if (WSAStartup(MAKEWORD(2, 2), &wsaData) != 0) return 1;
  InitializeCriticalSection(&g_CriticalSection);
  g_hCleanupEvent = WSACreateEvent();
  g_hIOCP = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);

  SYSTEM_INFO systemInfo;
  GetSystemInfo(&systemInfo);
  DWORD threads = systemInfo.dwNumberOfProcessors * 2;
  if (threads > MAX_WORKER_THREAD) threads = MAX_WORKER_THREAD;
  HANDLE thread_handles[MAX_WORKER_THREAD];
  for (DWORD i = 0; i < threads; ++i) {
    DWORD thread_id;
    thread_handles[i] = CreateThread(NULL, 0, WorkerThread, g_hIOCP, 0, &thread_id);
    if (thread_handles[i] == NULL) return 1;
  }
  if (!CreateListenSocket() || !CreateAcceptSocket(TRUE)) return 1;

  HANDLE input = CreateThread(NULL, 0, WatchInput, NULL, 0, NULL);
  WSAWaitForMultipleEvents(1, &g_hCleanupEvent, TRUE, WSA_INFINITE, FALSE);

  InterlockedExchange(&g_bEndServer, TRUE);
  for (DWORD i = 0; i < threads; ++i) PostQueuedCompletionStatus(g_hIOCP, 0, 0, NULL);
  if (WaitForMultipleObjects(threads, thread_handles, TRUE, 10000) != WAIT_OBJECT_0) {
    printf("the workers did not end: %d\n", (int)GetLastError());
    return 1;
  }
  for (DWORD i = 0; i < threads; ++i) CloseHandle(thread_handles[i]);
  WaitForSingleObject(input, INFINITE);
  CloseHandle(input);

  closesocket(g_sdListen);
  closesocket(g_pCtxtListenSocket->IOContext.SocketAccept);
  while (!HasOverlappedIoCompleted(&g_pCtxtListenSocket->IOContext.Overlapped)) Sleep(0);
  while (g_pCtxtList != NULL) {
    PPER_IO_CONTEXT io = &g_pCtxtList->IOContext;
    shutdown(g_pCtxtList->Socket, SD_BOTH);
    CancelIoEx((HANDLE)g_pCtxtList->Socket, NULL);
    while (!HasOverlappedIoCompleted(&io->Overlapped)) Sleep(0);
    CloseClient(g_pCtxtList, TRUE);
  }
  delete g_pCtxtListenSocket;
  CloseHandle(g_hIOCP);
  WSACloseEvent(g_hCleanupEvent);
  DeleteCriticalSection(&g_CriticalSection);
  printf("stopped with %d connections\n", (int)g_nConnections);
  WSACleanup();
  return 0;
}

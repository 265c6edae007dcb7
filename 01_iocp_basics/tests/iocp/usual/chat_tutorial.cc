// A chat server as tutorials write it: a thread that accepts, worker threads made by
// _beginthreadex, PER_HANDLE_DATA and PER_IO_DATA, and a list of clients under a critical section.
//
// Written for Windows in the usual way; it must build with iocp.h unchanged.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iocp/iocp.h"
#include "iocp/win32_threads.h"

#define BUF_SIZE 1024
#define MAX_CLNT 256
#define READ 3
#define WRITE 5

typedef struct {
  SOCKET hClntSock;
  SOCKADDR_IN clntAdr;
} PER_HANDLE_DATA, *LPPER_HANDLE_DATA;

typedef struct {
  OVERLAPPED overlapped;
  WSABUF wsaBuf;
  char buffer[BUF_SIZE];
  int rwMode;
} PER_IO_DATA, *LPPER_IO_DATA;

static CRITICAL_SECTION g_cs;
static SOCKET g_clients[MAX_CLNT];  // guarded by g_cs
static int g_count = 0;             // guarded by g_cs
static SOCKET g_servSock;
static HANDLE g_comPort;

static void ErrorHandling(const char* message) {
  fprintf(stderr, "%s: %d\n", message, WSAGetLastError());
  exit(1);
}

static void AddClient(SOCKET sock) {
  EnterCriticalSection(&g_cs);
  if (g_count < MAX_CLNT) g_clients[g_count++] = sock;
  LeaveCriticalSection(&g_cs);
}

static void RemoveClient(SOCKET sock) {
  EnterCriticalSection(&g_cs);
  for (int i = 0; i < g_count; ++i) {
    if (g_clients[i] == sock) {
      g_clients[i] = g_clients[--g_count];
      break;
    }
  }
  LeaveCriticalSection(&g_cs);
  closesocket(sock);
}

static void PostRecv(SOCKET sock, LPPER_IO_DATA ioInfo) {
  DWORD flags = 0;
  memset(&ioInfo->overlapped, 0, sizeof(OVERLAPPED));
  ioInfo->wsaBuf.len = BUF_SIZE;
  ioInfo->wsaBuf.buf = ioInfo->buffer;
  ioInfo->rwMode = READ;
  if (WSARecv(sock, &(ioInfo->wsaBuf), 1, NULL, &flags, &(ioInfo->overlapped), NULL) ==
          SOCKET_ERROR &&
      WSAGetLastError() != WSA_IO_PENDING) {
    RemoveClient(sock);
    free(ioInfo);
  }
}

static void SendToAll(const char* message, DWORD length) {
  EnterCriticalSection(&g_cs);
  for (int i = 0; i < g_count; ++i) {
    LPPER_IO_DATA ioInfo = (LPPER_IO_DATA)malloc(sizeof(PER_IO_DATA));
    memset(&ioInfo->overlapped, 0, sizeof(OVERLAPPED));
    memcpy(ioInfo->buffer, message, length);
    ioInfo->wsaBuf.buf = ioInfo->buffer;
    ioInfo->wsaBuf.len = length;
    ioInfo->rwMode = WRITE;
    if (WSASend(g_clients[i], &(ioInfo->wsaBuf), 1, NULL, 0, &(ioInfo->overlapped), NULL) ==
            SOCKET_ERROR &&
        WSAGetLastError() != WSA_IO_PENDING) {
      free(ioInfo);
    }
  }
  LeaveCriticalSection(&g_cs);
}

static unsigned WINAPI ChatThreadMain(void* pComPort) {
  HANDLE hComPort = (HANDLE)pComPort;
  DWORD bytesTrans;
  LPPER_HANDLE_DATA handleInfo;
  LPPER_IO_DATA ioInfo;
  while (1) {
    BOOL ok = GetQueuedCompletionStatus(hComPort, &bytesTrans, (PULONG_PTR)&handleInfo,
                                        (LPOVERLAPPED*)&ioInfo, INFINITE);
    if (ioInfo == NULL) break;
    if (ioInfo->rwMode == WRITE) {
      free(ioInfo);
      continue;
    }
    SOCKET sock = handleInfo->hClntSock;
    if (!ok || bytesTrans == 0) {
      RemoveClient(sock);
      free(handleInfo);
      free(ioInfo);
      continue;
    }
    SendToAll(ioInfo->buffer, bytesTrans);
    PostRecv(sock, ioInfo);
  }
  return 0;
}

static unsigned __stdcall AcceptThread(void*) {
  while (1) {
    SOCKADDR_IN clntAdr;
    int addrLen = sizeof(clntAdr);
    SOCKET hClntSock = accept(g_servSock, (SOCKADDR*)&clntAdr, &addrLen);
    if (hClntSock == INVALID_SOCKET) return 0;  // main has closed the listening socket
    bool noDelay = true;
    setsockopt(hClntSock, IPPROTO_TCP, TCP_NODELAY, (const char*)&noDelay, sizeof(noDelay));
    LPPER_HANDLE_DATA handleInfo = (LPPER_HANDLE_DATA)malloc(sizeof(PER_HANDLE_DATA));
    handleInfo->hClntSock = hClntSock;
    memcpy(&(handleInfo->clntAdr), &clntAdr, (size_t)addrLen);
    CreateIoCompletionPort((HANDLE)hClntSock, g_comPort, (DWORD_PTR)handleInfo, 0);
    AddClient(hClntSock);
    LPPER_IO_DATA ioInfo = (LPPER_IO_DATA)malloc(sizeof(PER_IO_DATA));
    PostRecv(hClntSock, ioInfo);
  }
}

int main() {
  WSADATA wsaData;
  if (WSAStartup(MAKEWORD(2, 2), &wsaData) != 0) ErrorHandling("WSAStartup() error!");
  InitializeCriticalSection(&g_cs);
  g_comPort = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
  SYSTEM_INFO sysInfo;
  GetSystemInfo(&sysInfo);
  HANDLE threads[8];
  DWORD count = sysInfo.dwNumberOfProcessors < 8 ? sysInfo.dwNumberOfProcessors : 8;
  for (DWORD i = 0; i < count; i++)
    threads[i] = (HANDLE)_beginthreadex(NULL, 0, ChatThreadMain, (LPVOID)g_comPort, 0, NULL);

  g_servSock = socket(AF_INET, SOCK_STREAM, 0);
  SOCKADDR_IN servAdr;
  memset(&servAdr, 0, sizeof(servAdr));
  servAdr.sin_family = AF_INET;
  servAdr.sin_port = htons(0);
  if (inet_pton(AF_INET, "127.0.0.1", &servAdr.sin_addr) != 1) ErrorHandling("inet_pton() error!");
  if (bind(g_servSock, (SOCKADDR*)&servAdr, sizeof(servAdr)) == SOCKET_ERROR)
    ErrorHandling("bind() error!");
  if (listen(g_servSock, 5) == SOCKET_ERROR) ErrorHandling("listen() error!");
  int length = sizeof(servAdr);
  getsockname(g_servSock, (SOCKADDR*)&servAdr, &length);
  printf("listening on 127.0.0.1:%d\n", ntohs(servAdr.sin_port));
  fflush(stdout);

  unsigned threadId = 0;
  HANDLE acceptThread = (HANDLE)_beginthreadex(NULL, 0, AcceptThread, NULL, 0, &threadId);
  while (getchar() != EOF) {
  }
  closesocket(g_servSock);
  WaitForSingleObject(acceptThread, INFINITE);
  CloseHandle(acceptThread);
  for (DWORD i = 0; i < count; i++) PostQueuedCompletionStatus(g_comPort, 0, 0, NULL);
  WaitForMultipleObjects(count, threads, TRUE, INFINITE);
  DWORD code = 1;
  for (DWORD i = 0; i < count; i++) {
    GetExitCodeThread(threads[i], &code);
    if (code != 0) return 1;
    CloseHandle(threads[i]);
  }
  printf("stopped\n");
  return 0;
}

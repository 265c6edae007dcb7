#include "net/error_text.h"

namespace net {

namespace {

const char* Words(DWORD error) {
  switch (error) {
    case ERROR_NETNAME_DELETED:
      return "connection reset by the peer";
    case ERROR_OPERATION_ABORTED:
      return "operation cancelled";
    case ERROR_CONNECTION_ABORTED:
      return "connection aborted by this side";
    case WSAECONNRESET:
      return "connection reset by the peer";
    case WSAECONNABORTED:
      return "connection aborted";
    case ERROR_CONNECTION_REFUSED:
    case WSAECONNREFUSED:
      return "connection refused: nobody listens there";
    case WSAETIMEDOUT:
      return "timed out";
    case WSAENETUNREACH:
      return "network unreachable";
    case WSAEHOSTUNREACH:
      return "host unreachable";
    case WSAEADDRINUSE:
      return "address already in use";
    case WSAEADDRNOTAVAIL:
      return "address not available on this machine";
    case WSAEACCES:
      return "permission denied";
    case WSAEMFILE:
      return "too many open sockets";
    case WSAENOBUFS:
      return "no buffer space";
    case WSAENOTSOCK:
      return "not a socket";
    case WSAESHUTDOWN:
      return "socket was shut down";
    case ERROR_ABANDONED_WAIT_0:
      return "the port was closed";
    case ERROR_INVALID_HANDLE:
      return "invalid handle";
    default:
      return "error";
  }
}

}  // namespace

std::string ErrorText(DWORD error) {
  return std::string(Words(error)) + " (" + std::to_string(error) + ")";
}

bool IsConnectionOver(DWORD error) {
  // [connection-over]
  switch (error) {
    case ERROR_NETNAME_DELETED:  // 64: the peer's reset while the operation was pending (P26, P29)
    case ERROR_OPERATION_ABORTED:   // 995: cancelled by CancelIoEx, or the socket closed (P29, P31)
    case ERROR_CONNECTION_ABORTED:  // 1236: the socket closed, current Windows (P29)
    case WSAECONNRESET:             // 10054, 10053: the same news at the time of issue (P26)
    case WSAECONNABORTED:
      return true;
    default:
      return false;
  }
  // [/connection-over]
}

bool IsResourceShortage(DWORD error) {
  return error == WSAEMFILE || error == WSAENOBUFS || error == ERROR_NOT_ENOUGH_MEMORY;
}

}  // namespace net

// Error codes in words, and the classes that the server makes of them.
#pragma once

#include <string>

#include "iocp/iocp.h"

namespace net {

// "address already in use (10048)"; unknown codes as "error 12345". Same text on both systems.
std::string ErrorText(DWORD error);

// The connection is over, and that is ordinary: the peer reset it (64, and 10054/10053 when seen at
// issue), we closed the socket (1236, P29) or cancelled the operation (995, P31). Which of them
// arrives depends on the system's version and on timing, so a server treats them as one class.
bool IsConnectionOver(DWORD error);

// accept() failed for lack of descriptors, buffers or memory: wait, then try again.
bool IsResourceShortage(DWORD error);

}  // namespace net

// What the subset leaves out does not compile, and the compiler's message names what to use: each
// of these is chosen for a SOCKET (or for a pointer of the wrong type) before the C library's
// function that would take it narrowed to a descriptor, and is deleted. Its result type is the
// advice; GCC and Clang both print it. (Included at the end of win32_sockets.h.)
#pragma once

#include "iocp/linux/win32_sockets.h"

// A call `function(socket, ...)`.
#define IOCP_LEFT_OUT(function, advice)                    \
  template <std::same_as<SOCKET> Socket, typename... Rest> \
  struct advice* function(Socket, Rest...) = delete

IOCP_LEFT_OUT(close, use_closesocket_for_a_SOCKET);
IOCP_LEFT_OUT(read, use_WSARecv_or_recv_for_a_SOCKET);
IOCP_LEFT_OUT(readv, use_WSARecv_for_a_SOCKET);
IOCP_LEFT_OUT(recvmsg, use_WSARecv_for_a_SOCKET);
IOCP_LEFT_OUT(write, use_WSASend_or_send_for_a_SOCKET);
IOCP_LEFT_OUT(writev, use_WSASend_for_a_SOCKET);
IOCP_LEFT_OUT(sendmsg, use_WSASend_for_a_SOCKET);
IOCP_LEFT_OUT(accept4, use_AcceptEx_or_accept_for_a_SOCKET);
IOCP_LEFT_OUT(dup, use_the_same_SOCKET_it_cannot_be_duplicated);
IOCP_LEFT_OUT(dup2, use_the_same_SOCKET_it_cannot_be_duplicated);
IOCP_LEFT_OUT(fcntl, use_ioctlsocket_with_FIONBIO_for_a_SOCKET);
IOCP_LEFT_OUT(ioctl, use_ioctlsocket_for_a_SOCKET);
IOCP_LEFT_OUT(fdopen, use_WSARecv_and_WSASend_for_a_SOCKET);

// Pointers of another type, which Windows' declarations refuse as well.
template <typename T>
concept IocpNotChar = !std::same_as<std::remove_cv_t<T>, char>;
template <IocpNotChar T, std::integral Length>
struct cast_the_data_to_const_char_pointer* send(SOCKET s, T* data, Length length,
                                                 int flags) = delete;
template <IocpNotChar T, std::integral Length>
struct cast_the_data_to_char_pointer* recv(SOCKET s, T* data, Length length, int flags) = delete;
template <IocpNotChar T, std::integral Length, typename ToLength>
struct cast_the_data_to_const_char_pointer* sendto(SOCKET s, T* data, Length length, int flags,
                                                   const sockaddr* to, ToLength to_length) = delete;
template <typename T, std::integral Length, typename FromLength>
struct cast_the_data_to_char_pointer_and_use_an_int_for_the_length* recvfrom(
    SOCKET s, T* data, Length length, int flags, sockaddr* from, FromLength* from_length) = delete;
template <IocpNotChar T, std::integral Length>
struct cast_the_value_to_const_char_pointer* setsockopt(SOCKET s, int level, int name, T* value,
                                                        Length length) = delete;
template <IocpNotChar T, typename Length>
struct cast_the_value_to_char_pointer* getsockopt(SOCKET s, int level, int name, T* value,
                                                  Length* length) = delete;
template <typename Length>
struct use_an_int_for_the_length* accept(SOCKET s, sockaddr* name, Length* length) = delete;
template <typename Length>
struct use_an_int_for_the_length* getsockname(SOCKET s, sockaddr* name, Length* length) = delete;
template <typename Length>
struct use_an_int_for_the_length* getpeername(SOCKET s, sockaddr* name, Length* length) = delete;
template <typename Length>
struct use_an_int_for_the_length* getsockopt(SOCKET s, int level, int name, char* value,
                                             Length* length) = delete;

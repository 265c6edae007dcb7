// P100: every type has Windows' size and sign, on both systems. What compiles here is proved; the
// one test that runs is there so that the list has an entry.
#include <type_traits>

#include "iocp/iocp.h"
#include "iocp/win32_threads.h"
#include "tests/support/test_support.h"

namespace {

template <typename T, std::size_t kSize, bool kSigned>
constexpr bool kInteger = std::is_integral_v<T> &&
                          sizeof(T) == kSize&& std::is_signed_v<T> == kSigned;

static_assert(kInteger<BOOL, 4, true> && kInteger<BOOLEAN, 1, false> && kInteger<BYTE, 1, false>);
static_assert(sizeof(CHAR) == 1 && kInteger<UCHAR, 1, false>);
static_assert(kInteger<SHORT, 2, true> && kInteger<USHORT, 2, false> && kInteger<WORD, 2, false>);
static_assert(kInteger<INT, 4, true> && kInteger<UINT, 4, false>);
static_assert(kInteger<LONG, 4, true> && kInteger<ULONG, 4, false> && kInteger<DWORD, 4, false>);
static_assert(kInteger<u_long, 4, false> && kInteger<u_short, 2, false>);
static_assert(kInteger<u_int, 4, false> && kInteger<u_char, 1, false>);
static_assert(kInteger<LONGLONG, 8, true> && kInteger<ULONGLONG, 8, false>);
static_assert(kInteger<DWORD64, 8, false> && kInteger<LONG64, 8, true>);
static_assert(kInteger<INT8, 1, true> && kInteger<UINT8, 1, false>);
static_assert(kInteger<INT16, 2, true> && kInteger<UINT16, 2, false>);
static_assert(kInteger<INT32, 4, true> && kInteger<UINT32, 4, false>);
static_assert(kInteger<INT64, 8, true> && kInteger<UINT64, 8, false>);
static_assert(kInteger<ULONG64, 8, false>);
static_assert(kInteger<__int8, 1, std::is_signed_v<char>> && kInteger<__int16, 2, true>);
static_assert(kInteger<__int32, 4, true> && kInteger<__int64, 8, true>);
static_assert(kInteger<INT_PTR, 8, true> && kInteger<UINT_PTR, 8, false>);
static_assert(kInteger<LONG_PTR, 8, true> && kInteger<ULONG_PTR, 8, false>);
static_assert(kInteger<DWORD_PTR, 8, false> && kInteger<SIZE_T, 8, false>);
static_assert(kInteger<SSIZE_T, 8, true> && kInteger<HRESULT, 4, true>);
static_assert(kInteger<SOCKET, 8, false> && kInteger<GROUP, 4, false>);
static_assert(std::is_void_v<VOID> && sizeof(FLOAT) == 4);
static_assert(std::is_same_v<PVOID, void*> && std::is_same_v<LPVOID, void*>);
static_assert(std::is_same_v<LPDWORD, DWORD*> && std::is_same_v<PDWORD_PTR, DWORD_PTR*>);
static_assert(std::is_same_v<PULONG_PTR, ULONG_PTR*> && sizeof(HANDLE) == 8);
static_assert(std::is_same_v<LPSOCKADDR_IN, SOCKADDR_IN*>);
static_assert(std::is_same_v<LPCSTR, const char*> && std::is_same_v<LPCWSTR, const WCHAR*>);

static_assert(sizeof(GUID) == 16 && sizeof(LARGE_INTEGER) == 8 && sizeof(ULARGE_INTEGER) == 8);
static_assert(sizeof(OVERLAPPED) == 32 && sizeof(OVERLAPPED_ENTRY) == 32 && sizeof(WSABUF) == 16);
static_assert(offsetof(OVERLAPPED, hEvent) == 24 && offsetof(WSABUF, buf) == 8);
static_assert(sizeof(LINGER) == 4 && sizeof(tcp_keepalive) == 12 && sizeof(SYSTEM_INFO) == 48);
static_assert(sizeof(SOCKADDR_IN) == 16 && sizeof(SOCKADDR_IN6) == 28);
static_assert(sizeof(SOCKADDR_STORAGE) == 128 && sizeof(IN_ADDR) == 4 && sizeof(IN6_ADDR) == 16);
static_assert(sizeof(CRITICAL_SECTION) == 40 && sizeof(SRWLOCK) == 8);
static_assert(sizeof(CONDITION_VARIABLE) == 8 && sizeof(SLIST_HEADER) == 16);
static_assert(alignof(SLIST_HEADER) == 16);
static_assert(sizeof(WAIT_TIMEOUT) == 4 && MAXIMUM_WAIT_OBJECTS == 64);

TEST(Conformance, P100_TypesHaveWindowsSizes) {
  LARGE_INTEGER number;
  number.QuadPart = -1;
  EXPECT_EQ(number.LowPart, 0xFFFFFFFFu);
  EXPECT_EQ(number.HighPart, -1);
  struct Record {
    int before;
    OVERLAPPED overlapped;
  } record{};
  OVERLAPPED* const overlapped = &record.overlapped;
  EXPECT_EQ(CONTAINING_RECORD(overlapped, Record, overlapped), &record);
}

TEST(Conformance, P101_SystemInfoAndTicks) {
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  EXPECT_GE(info.dwNumberOfProcessors, 1u);
  EXPECT_GE(info.dwPageSize, 4096u);
  EXPECT_NE(info.dwActiveProcessorMask, 0u);
  LARGE_INTEGER frequency{};
  LARGE_INTEGER first{};
  LARGE_INTEGER second{};
  ASSERT_TRUE(QueryPerformanceFrequency(&frequency));
  QueryPerformanceCounter(&first);
  const ULONGLONG before = GetTickCount64();
  Sleep(30);
  const ULONGLONG passed = GetTickCount64() - before;
  QueryPerformanceCounter(&second);
  EXPECT_GE((second.QuadPart - first.QuadPart) * 1000 / frequency.QuadPart, 15);
  EXPECT_GE(passed, 15u);
  EXPECT_LT(passed, static_cast<ULONGLONG>(course_test::kDeadlineMs));
}

TEST(Conformance, P101_MemoryFunctions) {
  char bytes[8];
  FillMemory(bytes, sizeof bytes, 'x');
  EXPECT_EQ(std::string(bytes, 8), "xxxxxxxx");
  CopyMemory(bytes, "abcdefgh", 8);
  MoveMemory(bytes + 2, bytes, 4);
  EXPECT_EQ(std::string(bytes, 8), "ababcdgh");
  ZeroMemory(bytes, sizeof bytes);
  EXPECT_EQ(std::string(bytes, 8), std::string(8, '\0'));
}

TEST(Conformance, P101_AddressesAsWideText) {
  IN_ADDR address{};
  ASSERT_EQ(InetPtonW(AF_INET, L"127.0.0.1", &address), 1);
  EXPECT_EQ(address.s_addr, htonl(INADDR_LOOPBACK));
  EXPECT_EQ(InetPtonW(AF_INET, L"127.0.0.256", &address), 0);
  WCHAR text[INET6_ADDRSTRLEN];
  ASSERT_NE(InetNtopW(AF_INET, &address, text, INET6_ADDRSTRLEN), nullptr);
  EXPECT_EQ(std::wstring(text), L"127.0.0.1");
  EXPECT_EQ(InetNtopW(AF_INET, &address, text, 9), nullptr) << "nine characters and no end";
  EXPECT_CODE(WSAGetLastError(), WSA_INVALID_PARAMETER);
  IN6_ADDR six{};
  ASSERT_EQ(InetPtonW(AF_INET6, L"::1", &six), 1);
  EXPECT_EQ(six.s6_addr[15], 1);
}

}  // namespace

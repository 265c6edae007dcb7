// The function that logging_pch.h says libfmt has, once more for Clang. The library was compiled
// with GCC, and the two put the is_same<...>::value in this function's type into its symbol
// differently ("sr3std7is_same" here, "srSt7is_same" there), so that the linker does not find one
// under the name of the other.
#include <spdlog/spdlog.h>

#if FMT_VERSION / 10000 == 9 && !defined(FMT_HEADER_ONLY)
template void fmt::detail::vformat_to<char>(fmt::detail::buffer<char>&, fmt::string_view,
                                            fmt::basic_format_args<fmt::buffer_context<char>>,
                                            fmt::detail::locale_ref);
#endif

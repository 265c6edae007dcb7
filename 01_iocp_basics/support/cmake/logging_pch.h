// Precompiled for everything that logs. Not a header of the course's code: no source includes it.
//
// spdlog::info("...", x) instantiates fmt's whole formatter in the file that says it, which is
// three quarters of the time such a file takes to compile. libfmt has that instantiation: fmt 9
// only does not say so.
#pragma once

#include <spdlog/spdlog.h>

#if defined(FMT_VERSION) && FMT_VERSION / 10000 == 9 && !defined(FMT_HEADER_ONLY)
extern template void fmt::detail::vformat_to<char>(
    fmt::detail::buffer<char>&, fmt::string_view, fmt::basic_format_args<fmt::buffer_context<char>>,
    fmt::detail::locale_ref);
#endif

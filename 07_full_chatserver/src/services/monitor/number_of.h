// A number that is all of a text, whatever the locale says; nothing otherwise.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace services {

template <class T>
std::optional<T> NumberOf(std::string_view text) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace services

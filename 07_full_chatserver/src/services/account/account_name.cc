#include "services/account/account_name.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "auth/auth_options.h"

namespace account {

namespace {

constexpr std::size_t kMostKeyBytes = 255;  // one letter can become many; the column's width
constexpr utf8proc_int32_t kBlankBraille = 0x2800;

// `text` is good UTF-8.
std::string Map(std::string_view text, int options) {
  utf8proc_uint8_t* result = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &result,
                   static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  return size < 0
             ? std::string()
             : std::string(reinterpret_cast<const char*>(result), static_cast<std::size_t>(size));
}

bool IsMark(utf8proc_category_t category) {
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
         category == UTF8PROC_CATEGORY_ME;
}

bool IsVisible(utf8proc_int32_t code_point) {
  const utf8proc_property_t* const property = utf8proc_get_property(code_point);
  if (property->ignorable || code_point == kBlankBraille) return false;
  switch (property->category) {
    case UTF8PROC_CATEGORY_CN:  // unknown
    case UTF8PROC_CATEGORY_CC:  // controls
    case UTF8PROC_CATEGORY_CF:  // format: zero-width, bidi
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    case UTF8PROC_CATEGORY_ZS:
      return code_point == ' ';
    default:
      return true;
  }
}

bool IsAllowed(std::string_view text) {
  if (text.empty() || text.size() > auth::kNameBytesMax || text.back() == ' ') return false;
  utf8proc_int32_t before = ' ';  // so that it does not begin with one
  while (!text.empty()) {
    utf8proc_int32_t code_point = -1;
    const utf8proc_ssize_t bytes =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                         static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    if (bytes <= 0 || !IsVisible(code_point)) return false;
    // A second space, and a mark that has nothing to stand on, are not seen either.
    if (before == ' ' && (code_point == ' ' || IsMark(utf8proc_category(code_point)))) return false;
    before = code_point;
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return true;
}

}  // namespace

std::optional<AccountName> MakeAccountName(std::string_view text) {
  if (!IsAllowed(text)) return std::nullopt;
  AccountName name;
  name.shown = Map(text, UTF8PROC_COMPOSE);
  name.key = Map(name.shown, UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
  if (!IsAllowed(name.shown) || name.key.empty() || name.key.size() > kMostKeyBytes) {
    return std::nullopt;
  }
  return name;
}

}  // namespace account

// The option table: every key once, with where it lives in Config, what is allowed and what it does
// (in both languages of the course). Read-only; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "services/config/config.h"

namespace config {

using Names = std::span<const std::string_view>;

// A number of the file in a member of whatever type its part likes: an integer of any width, a
// time, a rate.
struct NumberField {
  void* member;
  std::uint64_t (*get)(const void* member);
  void (*set)(void* member, std::uint64_t value);
};
// An enum by its bytes; the names are in the order of the enumerators. (Every enum there has
// unsigned char below it, and unsigned char may look at any object.)
struct ChoiceField {
  unsigned char* value;
};
using Field =
    std::variant<bool*, NumberField, std::string*, std::vector<std::string>*, ChoiceField>;

enum class Text : unsigned char {
  kAny,
  kNotEmpty,
  kIpv4,     // "127.0.0.1"
  kCountry,  // two capital letters
};

struct Option {
  std::string_view key;  // "section.name"
  Field (*field)(Config&);
  std::uint64_t min = 0;  // of integers
  std::uint64_t max = 0;
  Names names;             // of choices, and of strings that are one of them
  Text text = Text::kAny;  // of strings and of the elements of a list
  bool secret = false;     // never printed
  std::string_view en;
  std::string_view ko;

  std::string_view section() const { return key.substr(0, key.find('.')); }
  std::string_view name() const { return key.substr(key.find('.') + 1); }
};

struct Section {
  std::string_view name;
  std::string_view en;
  std::string_view ko;
};

// All options, in the order of the default file: those of a section are neighbours.
std::span<const Option> AllOptions();
std::span<const Section> AllSections();

// nullptr when there is none of that name.
const Option* FindOption(std::string_view key);

// "0 .. 65535", "one of: thread, acceptex", "true or false", ...
std::string AllowedText(const Option& option);

// The value as TOML writes it. A secret that is set becomes "<hidden>" when `hide_secrets`.
std::string ValueText(const Option& option, Config& config, bool hide_secrets);

// --- what the tables are written with -----------------------------------------------------------------

using FieldOf = Field (*)(Config&);

inline constexpr std::uint64_t kMinuteMs = 60'000;

// kPath: pointers to members, from Config inwards. A time is counted in Unit.
template <class Unit, auto... kPath>
Field In(Config& config) {
  auto& member = (config.*....*kPath);
  using Member = std::remove_reference_t<decltype(member)>;
  if constexpr (std::is_arithmetic_v<Unit>) {
    return NumberField{
        &member,
        [](const void* from) { return static_cast<Unit>(*static_cast<const Member*>(from)); },
        [](void* to, Unit value) { *static_cast<Member*>(to) = static_cast<Member>(value); }};
  } else {
    return NumberField{
        &member,
        [](const void* from) {
          return static_cast<std::uint64_t>(
              std::chrono::duration_cast<Unit>(*static_cast<const Member*>(from)).count());
        },
        [](void* to, std::uint64_t value) {
          *static_cast<Member*>(to) = Unit(static_cast<typename Unit::rep>(value));
        }};
  }
}

// By the member's own type: its unit is the file's.
template <auto... kPath>
Field At(Config& config) {
  auto& member = (config.*....*kPath);
  using Member = std::remove_reference_t<decltype(member)>;
  if constexpr (std::is_enum_v<Member>) {
    static_assert(sizeof(member) == 1);
    return ChoiceField{reinterpret_cast<unsigned char*>(&member)};
  } else if constexpr (std::is_constructible_v<Field, Member*>) {
    return &member;
  } else if constexpr (std::is_integral_v<Member>) {
    return In<std::uint64_t, kPath...>(config);
  } else {
    return In<Member, kPath...>(config);
  }
}

// A flag that the file calls by two names: that of false, that of true.
template <auto... kPath>
Field Either(Config& config) {
  bool& member = (config.*....*kPath);
  static_assert(sizeof(bool) == 1);
  return ChoiceField{reinterpret_cast<unsigned char*>(&member)};
}

constexpr Option Number(std::string_view key, FieldOf field, std::uint64_t min, std::uint64_t max,
                        std::string_view en, std::string_view ko) {
  Option option;
  option.key = key;
  option.field = field;
  option.min = min;
  option.max = max;
  option.en = en;
  option.ko = ko;
  return option;
}

constexpr Option Flag(std::string_view key, FieldOf field, std::string_view en,
                      std::string_view ko) {
  return Number(key, field, 0, 0, en, ko);
}

constexpr Option String(std::string_view key, FieldOf field, Text text, std::string_view en,
                        std::string_view ko) {
  Option option = Number(key, field, 0, 0, en, ko);
  option.text = text;
  return option;
}

constexpr Option Secret(std::string_view key, FieldOf field, std::string_view en,
                        std::string_view ko) {
  Option option = Number(key, field, 0, 0, en, ko);
  option.secret = true;
  return option;
}

constexpr Option Choice(std::string_view key, FieldOf field, Names names, std::string_view en,
                        std::string_view ko) {
  Option option = Number(key, field, 0, 0, en, ko);
  option.names = names;
  return option;
}

// The tables, one per file.
std::span<const Option> ServerOptions();
std::span<const Option> ServiceOptions();
std::span<const Option> OperationOptions();

}  // namespace config

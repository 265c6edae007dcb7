// A visitor of std::visit put together from one lambda for each case.
#pragma once

namespace config {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

// Said in so many words, because not every compiler finds it by itself for an aggregate yet
// (P1816).
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace config

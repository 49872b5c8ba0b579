#pragma once
#include <expected>

namespace meent::domain {

/// A value, or why the rules refuse it. Failures of disk or broker are exceptions, never this.
template <class T, class E>
using Result = std::expected<T, E>;

template <class E>
std::unexpected<E> refuse(E why) {
  return std::unexpected<E>(why);
}

/// For std::visit: one lambda per case; a forgotten case does not compile.
template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace meent::domain

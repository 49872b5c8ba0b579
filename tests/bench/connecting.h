#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <unistd.h>

namespace meent::bench {

/// A file descriptor that is closed when it goes.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

/// Connected, non-blocking, without Nagle. Throws std::system_error.
Descriptor connect_to(const std::string& address, std::uint16_t port);

}  // namespace meent::bench

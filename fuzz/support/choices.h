// Choices taken from a fuzzer's input: every byte decides something; behind the end every choice is the first one.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>

namespace ashlar::fuzz {

class Choices {
 public:
  explicit Choices(std::span<const uint8_t> input) : input_(input) {}

  bool empty() const { return at_ == input_.size(); }
  /// The next of `parts` equal parts of what is left.
  Choices part(size_t parts) {
    const size_t size = (input_.size() - at_) / parts;
    at_ += size;
    return Choices(input_.subspan(at_ - size, size));
  }
  uint8_t byte() { return empty() ? 0 : input_[at_++]; }
  uint64_t bytes(int count) {
    uint64_t out = 0;
    for (int i = 0; i < count; ++i) out = out << 8 | byte();
    return out;
  }
  /// In [0, n); n is at least 1.
  uint32_t below(uint32_t n) {
    if (n <= 1) return 0;
    return static_cast<uint32_t>((n <= 256 ? byte() : bytes(3)) % n);
  }
  uint32_t between(uint32_t low, uint32_t high) { return low + below(high - low + 1); }
  /// Once in n times; never behind the end (n > 1).
  bool one_in(uint32_t n) { return below(n) == n - 1; }
  template <class List>
  auto& of(List& list) {
    return list[below(static_cast<uint32_t>(std::size(list)))];
  }

 private:
  std::span<const uint8_t> input_;
  size_t at_ = 0;
};

}  // namespace ashlar::fuzz

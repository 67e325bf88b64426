// Writing of binary tables: numbers of fixed and variable size, text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ashlar::inspect {

/// Bytes in the order of this machine, which is that of what reads them.
class Bytes {
 public:
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put(T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof value);
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void set(size_t at, T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    for (size_t i = 0; i < sizeof value; ++i) out_[at + i] = bytes[i];
  }
  void byte(uint8_t value) { out_.push_back(value); }
  void uleb(uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<uint8_t>(value | 0x80));
    byte(static_cast<uint8_t>(value));
  }
  void sleb(int64_t value) {
    for (;;) {
      const auto low = static_cast<uint8_t>(value & 0x7f);
      value >>= 7;
      if (value == ((low & 0x40) != 0 ? -1 : 0)) return byte(low);
      byte(low | 0x80);
    }
  }
  /// With a zero behind it; ends at its own first one.
  void text(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    out_.insert(out_.end(), text.begin(), text.end());
    byte(0);
  }
  void append(std::span<const uint8_t> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void pad_to(size_t alignment, uint8_t with = 0) {
    while (out_.size() % alignment != 0) byte(with);
  }
  size_t size() const { return out_.size(); }
  std::span<const uint8_t> bytes() const { return out_; }
  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  std::vector<uint8_t> out_;
};

}  // namespace ashlar::inspect

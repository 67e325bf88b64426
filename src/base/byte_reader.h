// A cursor over bytes with a sticky error: reads after a failure give zeros, the first error is kept.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/leb128.h"

namespace ashlar::base {

/// Reads all[from, to). Offsets in errors and of pos() count from all's begin.
class ByteReader {
 public:
  ByteReader(std::span<const uint8_t> all, size_t from, size_t to)
      : begin_(all.data()), pos_(all.data() + from), end_(all.data() + to) {}
  explicit ByteReader(std::span<const uint8_t> all) : ByteReader(all, 0, all.size()) {}

  size_t pos() const { return static_cast<size_t>(pos_ - begin_); }
  size_t remaining() const { return static_cast<size_t>(end_ - pos_); }
  bool at_end() const { return pos_ == end_; }

  /// Continues at `pos` (in the range given to the constructor) unless the reader has failed.
  void seek(size_t pos) {
    if (ok()) pos_ = begin_ + pos;
  }

  bool ok() const { return !error_; }
  /// Records the first error and ends the input.
  [[gnu::cold, gnu::noinline]] void fail(Error error) {
    if (!error_) error_ = std::move(error);
    pos_ = end_;
  }
  [[gnu::cold, gnu::noinline]] void fail_at(ErrorCode code, size_t offset, std::string arg0 = {},
                                            std::string arg1 = {}) {
    fail(Error(code, offset, std::move(arg0), std::move(arg1)));
  }
  [[gnu::cold, gnu::noinline]] void fail(ErrorCode code) { fail_at(code, pos()); }
  /// The sticky error (a copy is not kept), or success.
  Status status() {
    if (!error_) return {};
    return std::unexpected(std::move(*error_));
  }
  Error take_error() { return std::move(*error_); }

  uint8_t u8() {
    if (pos_ == end_) [[unlikely]] {
      fail(ErrorCode::unexpected_end);
      return 0;
    }
    return *pos_++;
  }
  /// The next byte without reading it; 0 at the end.
  uint8_t peek() const { return pos_ == end_ ? 0 : *pos_; }

  uint32_t leb_u32() { return leb<uint32_t>(); }
  uint64_t leb_u64() { return leb<uint64_t>(); }
  int32_t leb_s32() { return leb_signed<int32_t, 32>(); }
  int64_t leb_s64() { return leb_signed<int64_t, 64>(); }
  int64_t leb_s33() { return leb_signed<int64_t, 33>(); }

  /// Passes over so many LEB128 numbers, which are known to be well-formed.
  void skip_lebs(size_t count) {
    // Each ends with its only byte below 0x80: while at least eight are left, eight bytes end no more than there are.
    for (; count >= 8 && remaining() >= 8; pos_ += 8) {
      uint64_t eight;
      std::memcpy(&eight, pos_, sizeof eight);
      count -= static_cast<size_t>(std::popcount(~eight & 0x8080'8080'8080'8080));
    }
    for (; count != 0 && pos_ != end_; ++pos_) count -= *pos_ < 0x80 ? 1 : 0;
    if (count != 0) [[unlikely]]
      fail(ErrorCode::unexpected_end);
  }

  /// Little-endian integers of fixed width.
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }

  /// The next `size` bytes.
  std::span<const uint8_t> take(size_t size) {
    if (size > remaining()) [[unlikely]] {
      fail(ErrorCode::unexpected_end);
      return {};
    }
    std::span<const uint8_t> out(pos_, size);
    pos_ += size;
    return out;
  }

 private:
  template <class T>
  T leb() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return leb_slow<T, static_cast<int>(sizeof(T)) * 8>();
  }
  template <class T, int bits>
  T leb_signed() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return static_cast<T>(static_cast<int8_t>(static_cast<uint8_t>(*pos_++ << 1)) >> 1);
    return leb_slow<T, bits>();
  }
  template <class T, int bits>
  [[gnu::noinline]] T leb_slow() {
    const Leb<T> out = decode_leb<T, bits>(pos_, end_);
    if (out.status != LebStatus::Ok) [[unlikely]] {
      fail_leb(out.status, static_cast<size_t>(out.next - begin_));
      return 0;
    }
    pos_ = out.next;
    return out.value;
  }
  [[gnu::cold, gnu::noinline]] void fail_leb(LebStatus status, size_t offset) {
    fail_at(status == LebStatus::End       ? ErrorCode::unexpected_end
            : status == LebStatus::TooLong ? ErrorCode::integer_too_long
                                           : ErrorCode::integer_too_large,
            offset);
  }
  template <class T>
  T fixed() {
    T out = 0;
    if (remaining() < sizeof(T)) [[unlikely]] {
      fail(ErrorCode::unexpected_end);
      return 0;
    }
    // Assembled by byte: compilers make one load of it on little-endian machines.
    for (size_t i = 0; i < sizeof(T); ++i) out |= static_cast<T>(pos_[i]) << (8 * i);
    pos_ += sizeof(T);
    return out;
  }

  const uint8_t* begin_;
  const uint8_t* pos_;
  const uint8_t* end_;
  std::optional<Error> error_;
};

}  // namespace ashlar::base

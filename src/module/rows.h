// Rows: a table of plain structures, either owned or lying in an artifact that somebody else keeps mapped.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace ashlar::module {

/// Reads like a vector. What changes it works on owned rows only: borrowed ones are never written.
template <class T>
  requires std::is_trivially_copyable_v<T>
class Rows {
 public:
  Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  Rows(Rows&& other) noexcept : owned_(std::move(other.owned_)), rows_(std::exchange(other.rows_, {})) {}
  Rows& operator=(Rows&& other) noexcept {
    owned_ = std::move(other.owned_);
    rows_ = std::exchange(other.rows_, {});
    return *this;
  }

  /// From now on these; what it owned is gone.
  void borrow(std::span<const T> rows) {
    owned_.clear();
    owned_.shrink_to_fit();
    rows_ = rows;
  }

  size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  const T& operator[](size_t i) const { return rows_[i]; }
  operator std::span<const T>() const { return rows_; }
  const T* begin() const { return rows_.data(); }
  const T* end() const { return rows_.data() + rows_.size(); }

  void reserve(size_t count) {
    owned_.reserve(count);
    rows_ = owned_;
  }
  void push_back(T row) {
    owned_.push_back(row);
    rows_ = owned_;
  }
  /// Row i of owned rows, to be changed.
  T& edit(size_t i) { return owned_[i]; }

 private:
  std::vector<T> owned_;
  std::span<const T> rows_;
};

}  // namespace ashlar::module

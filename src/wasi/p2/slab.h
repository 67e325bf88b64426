// What guests hold of the host, by number.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ashlar::wasi::p2 {

/// Objects by number, which is the representation that handles carry. Numbers that guests pass were checked by their
/// handle table, whose resource types were checked when the component was linked (HostFunction::matches): aborts when
/// there is no such object.
template <class T>
class Slab {
 public:
  uint32_t add(T value) {
    if (free_.empty()) {
      items_.push_back(std::make_unique<T>(std::move(value)));
      return static_cast<uint32_t>(items_.size() - 1);
    }
    const uint32_t at = free_.back();
    free_.pop_back();
    items_[at] = std::make_unique<T>(std::move(value));
    return at;
  }
  T& operator[](uint32_t at) {
    CHECK(at < items_.size() && items_[at] != nullptr);
    return *items_[at];
  }
  void drop(uint32_t at) {
    CHECK(at < items_.size() && items_[at] != nullptr);
    items_[at].reset();
    free_.push_back(at);
  }

 private:
  std::vector<std::unique_ptr<T>> items_;
  std::vector<uint32_t> free_;
};

}  // namespace ashlar::wasi::p2

// Allocation and growth of tables.
#include "runtime/table.h"

#include <algorithm>
#include <utility>

namespace ashlar::runtime {

Table::Table(const module::TableType& type, Slot init) : type_(type) {
  if (!reserve(type.limits.min)) return;
  size_ = type.limits.min;
  if (init != 0) std::fill_n(elems_, size_, init);
}

/// Moves the elements to room for `capacity`; what is behind them reads as null.
bool Table::reserve(uint64_t capacity) {
  if (capacity <= capacity_) return true;
  std::unique_ptr<Slot[], Free> fresh(static_cast<Slot*>(std::calloc(capacity, sizeof(Slot))));
  if (!fresh) return false;
  std::copy_n(elems_, size_, fresh.get());
  storage_ = std::move(fresh);
  elems_ = storage_.get();
  capacity_ = capacity;
  return true;
}

int64_t Table::grow(uint64_t delta, Slot init) {
  const uint64_t old_size = size_;
  const uint64_t max = std::min(type_.limits.max.value_or(kMaxElements), kMaxElements);
  if (old_size > max || delta > max - old_size) return -1;
  const uint64_t new_size = old_size + delta;
  // Doubling keeps growth by one cheap.
  if (new_size > capacity_ && !reserve(std::max(new_size, std::min(max, capacity_ * 2)))) return -1;
  if (init != 0) std::fill_n(elems_ + old_size, delta, init);  // what was never used is null
  size_ = new_size;
  return static_cast<int64_t>(old_size);
}

}  // namespace ashlar::runtime

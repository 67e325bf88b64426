// Allocation and growth of tables, and their deferred elements.
#include "runtime/table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "os/pages.h"
#include "runtime/store.h"

namespace ashlar::runtime {

namespace {

/// From here on pages of the system's own are cheaper than zeros that are written.
constexpr uint64_t kOwnPages = 16 << 10;
/// Toolchains write one segment. With more than these, looking for the one that has an element would take long.
constexpr size_t kMostDeferred = 16;

/// `count` nulls; null when there is no memory.
Elements allocate(uint64_t count) {
  uint64_t bytes = count * sizeof(Slot);
  if (bytes < kOwnPages) return {static_cast<Slot*>(std::calloc(count + 1, sizeof(Slot))), FreeElements{bytes}};
  bytes = os::round_up_to_pages(bytes);
  return {reinterpret_cast<Slot*>(os::map_pages(bytes)), FreeElements{bytes}};
}

}  // namespace

void FreeElements::operator()(Slot* p) const {
  if (bytes < kOwnPages) return std::free(p);
  os::release_pages(reinterpret_cast<uint8_t*>(p), bytes);
}

Table::Table(const module::TableType& type, Slot init) : type_(type), untouched_(init == 0) {
  if (!reserve(type.limits.min)) return;
  size_ = type.limits.min;
  if (storage_.get_deleter().bytes >= kOwnPages) {
    noted_.reset(new (std::nothrow) uint32_t[kMostNoted]);
    if (noted_ != nullptr) noted_count_ = 0;
  }
  if (init == 0) return;
  std::fill_n(elems_, size_, init);
  note_all();
}

/// Moves the elements to room for `capacity`; what is behind them reads as null.
bool Table::reserve(uint64_t capacity) {
  if (capacity <= capacity_) return true;
  Elements fresh = allocate(capacity);
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
  if (init != 0) {  // what was never used is null
    std::fill_n(elems_ + old_size, delta, init);
    note_all();
    written_ = true;
  }
  size_ = new_size;
  return static_cast<int64_t>(old_size);
}

/// Nulls everywhere.
bool Table::clear() {
  if (noted_count_ != kNotNoted) {
    for (uint32_t k = 0; k < noted_count_; ++k) elems_[noted_[k]] = 0;
    return true;
  }
  const uint64_t own_pages = storage_.get_deleter().bytes;
  if (own_pages >= kOwnPages) return os::discard_pages(reinterpret_cast<uint8_t*>(elems_), own_pages);
  if (elems_ != nullptr) std::memset(elems_, 0, capacity_ * sizeof(Slot));
  return true;
}

bool Table::reset() {
  if (capacity_ < type_.limits.min) return false;  // there was no memory for it
  deferred_.clear();
  if (!untouched_ && !clear()) return false;
  size_ = type_.limits.min;
  untouched_ = true;
  noted_count_ = noted_ != nullptr ? 0 : kNotNoted;
  written_ = true;
  return true;
}

bool Table::defer(Instance& instance, std::span<const module::FuncIdx> funcs, uint64_t at) {
  if (!untouched_ || deferred_.size() == kMostDeferred) return false;
  if (!funcs.empty()) deferred_.push_back({&instance, funcs, at});
  return true;
}

Slot Table::get_deferred(uint64_t i) {
  for (size_t k = deferred_.size(); k-- != 0;) {
    const Deferred& d = deferred_[k];
    if (i < d.at || i - d.at >= d.funcs.size()) continue;
    note(i);
    elems_[i] = from_func(d.instance->func_cell(d.funcs[i - d.at]));
    return elems_[i];
  }
  return 0;
}

void Table::settle_deferred() {
  note_all();
  // Those that were asked for, and what was written over one, are there already.
  for (size_t k = deferred_.size(); k-- != 0;) {
    const Deferred& d = deferred_[k];
    for (size_t j = 0; j < d.funcs.size(); ++j) {
      Slot& elem = elems_[d.at + j];
      if (elem == 0) elem = from_func(d.instance->func_cell(d.funcs[j]));
    }
  }
  deferred_.clear();
}

}  // namespace ashlar::runtime

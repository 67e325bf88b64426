// Reservation and growth of linear memories.
#include "runtime/memory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "os/pages.h"
#include "runtime/ledger.h"
#include "runtime/memory_image.h"
#include "runtime/memory_ranges.h"
#include "runtime/wait_queue.h"

namespace ashlar::runtime {

namespace {

constexpr uint64_t kAddressSpace32 = 1ull << 32;
/// No machine gives a process more.
constexpr uint64_t kMaxReservation = 1ull << 46;

/// pages << log2, or the largest value that is a whole number of pages when that overflows.
uint64_t saturating_bytes(uint64_t pages, uint8_t log2) { return std::min(pages, ~uint64_t{0} >> log2) << log2; }

}  // namespace

Result<MemorySize> MemorySize::of(const module::MemoryType& type, uint64_t max_reservation64) {
  const module::Limits& limits = type.limits;
  const uint64_t min_bytes = saturating_bytes(limits.min, type.page_size_log2);
  // Of bytes there are one fewer than addresses, so that memory.size fits the index type.
  const uint64_t space32 = type.page_size_log2 == 0 ? kAddressSpace32 - 1 : kAddressSpace32;
  uint64_t max_bytes = limits.is64 ? std::min(max_reservation64, kMaxReservation) : space32;
  if (limits.max) max_bytes = std::min(max_bytes, saturating_bytes(*limits.max, type.page_size_log2));
  // Whole wasm pages, so that growth to the maximum is exact.
  max_bytes = (max_bytes >> type.page_size_log2) << type.page_size_log2;
  if (min_bytes > max_bytes) {
    return make_error(ErrorCode::implementation_limit, kNoOffset,
                      "a memory of " + std::to_string(limits.min) + " pages is larger than this engine reserves");
  }
  return MemorySize{min_bytes, max_bytes, !limits.is64 && type.page_size_log2 == 16};
}

Result<std::shared_ptr<Memory>> Memory::create(const module::MemoryType& type, uint64_t max_reservation64) {
  TRY_ASSIGN(const MemorySize size, MemorySize::of(type, max_reservation64));
  return create(type, size, nullptr);
}

Result<std::shared_ptr<Memory>> Memory::create(const module::MemoryType& type, const MemorySize& size,
                                               const MemoryImage* image) {
  auto memory = std::make_shared<Memory>(Key{});
  memory->type_ = type;
  memory->max_bytes_ = size.max_bytes;
  memory->guarded_ = size.guarded;
  TRY(memory->reserve(size.min_bytes, size.max_bytes));
  const uint64_t mapped = image != nullptr ? image->contents().size() : 0;
  if ((mapped != 0 && !image->map(memory->base_, mapped)) || !memory->open(mapped, size.min_bytes)) {
    return make_error(ErrorCode::out_of_memory, kNoOffset, "a memory of " + std::to_string(size.min_bytes) + " bytes");
  }
  memory->size_.store(size.min_bytes, std::memory_order_release);
  return memory;
}

void Memory::begin_at(uint8_t* base, const module::MemoryType& type, const MemorySize& size) {
  base_ = base;
  type_ = type;
  max_bytes_ = size.max_bytes;
  guarded_ = size.guarded;
  exposed_ = false;
  size_.store(size.min_bytes, std::memory_order_release);
}

/// Unguarded memories make do with less than `wanted` where address space is short: their limit to growth shrinks.
Status Memory::reserve(uint64_t min_bytes, uint64_t wanted) {
  uint64_t bytes = guarded_ ? kGuardedReservation : std::max<uint64_t>(wanted, 1);
  bytes = os::round_up_to_pages(bytes);
  for (;;) {
    base_ = os::reserve_pages(bytes);
    if (base_ != nullptr) break;
    const uint64_t less = os::round_up_to_pages(std::max(bytes / 2, min_bytes));
    if (guarded_ || less >= bytes) {
      return make_error(ErrorCode::out_of_memory, kNoOffset, "no address space for a linear memory");
    }
    bytes = less;
  }
  reserved_ = bytes;
  max_bytes_ = std::min(max_bytes_, (bytes >> type_.page_size_log2) << type_.page_size_log2);
  range_ = add_memory_range(base_, base_ + bytes);
  if (range_ == nullptr) return std::unexpected(Error::no_memory());
  return {};
}

Memory::~Memory() {
  if (ledger_ != nullptr) ledger_->give_back(Resource::MemoryBytes, byte_size());
  if (reserved_ == 0) return;  // nothing, or the pool's
  if (range_ != nullptr) remove_memory_range(range_);
  os::release_pages(base_, reserved_);
}

/// Makes [old_bytes, new_bytes) accessible. Sizes need not be multiples of the machine's page (page size 1).
bool Memory::open(uint64_t old_bytes, uint64_t new_bytes) {
  const uint64_t from = os::round_up_to_pages(old_bytes);
  const uint64_t to = os::round_up_to_pages(new_bytes);
  return to <= from || os::open_pages(base_ + from, to - from);
}

int64_t Memory::grow(uint64_t delta, uint64_t most_bytes) {
  std::lock_guard lock(grow_mutex_);
  const uint64_t old_bytes = byte_size();
  const auto old_pages = static_cast<int64_t>(old_bytes >> type_.page_size_log2);
  if (delta == 0) return old_pages;
  if (delta > (max_bytes_ - old_bytes) >> type_.page_size_log2) return -1;
  const uint64_t more = delta << type_.page_size_log2;
  const uint64_t new_bytes = old_bytes + more;
  if (new_bytes > most_bytes) return -1;
  if (ledger_ != nullptr && !ledger_->take(Resource::MemoryBytes, more)) return -1;
  if (!open(old_bytes, new_bytes)) {
    if (ledger_ != nullptr) ledger_->give_back(Resource::MemoryBytes, more);
    return -1;
  }
  size_.store(new_bytes, std::memory_order_release);
  return old_pages;
}

bool Memory::charge_to(std::shared_ptr<Ledger> ledger) {
  if (!ledger->take(Resource::MemoryBytes, byte_size())) return false;
  ledger_ = std::move(ledger);
  return true;
}

void Memory::fill(uint64_t at, std::span<const uint8_t> bytes, int file, uint64_t offset) {
  constexpr size_t kWorthMapping = 64 << 10;
  const bool whole_pages = ((at | bytes.size() | offset) & (os::page_size() - 1)) == 0;
  if (file >= 0 && whole_pages && bytes.size() >= kWorthMapping &&
      os::map_file_pages(base_ + at, bytes.size(), file, offset)) {
    return;
  }
  std::copy(bytes.begin(), bytes.end(), base_ + at);
}

uint32_t Memory::wait(uint64_t addr, uint64_t expected, int size, int64_t timeout_ns,
                      const std::atomic<uint32_t>& interrupted) {
  return static_cast<uint32_t>(wait_on_address(base_ + addr, expected, size, timeout_ns, interrupted));
}

uint32_t Memory::notify(uint64_t addr, uint32_t count) { return notify_address(base_ + addr, count); }

}  // namespace ashlar::runtime

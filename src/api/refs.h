// References that the host holds, and host objects that guests hold.
#pragma once

#include <memory>
#include <utility>

#include "api/access.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

/// What Values know of their store. It outlives the store while there are Values with handles.
class [[gnu::visibility("hidden")]] RefTable {
 public:
  explicit RefTable(StoreState& state);
  RefTable(const RefTable&) = delete;
  RefTable& operator=(const RefTable&) = delete;
  /// The store ends: from now on, all references read as null. Host objects end now.
  void close();

  /// Null after close().
  StoreState* state() const { return state_; }
  runtime::GcRef get(uint32_t handle) const {
    return state_ == nullptr ? runtime::kNullRef : heap().handle(handle - 1);
  }
  /// A new handle; never 0.
  uint32_t add(runtime::GcRef r) {
    uint32_t handle = kDeadHandle;
    if (state_ != nullptr) {
      handle = heap().new_handle(r) + 1;
      account().take_always(runtime::Resource::References, 1);
    }
    ++users_;
    return handle;
  }
  void drop(uint32_t handle) {
    if (state_ != nullptr && handle != kDeadHandle) {
      heap().drop_handle(handle - 1);
      account().give_back(runtime::Resource::References, 1);
    }
    if (--users_ == 0) delete this;
  }

  /// Before values of these types are made: an error where they may need handles and the tenant may have no more.
  internal::Status admit(std::span<const isa::ValType> types) const {
    if (account().ledger() == nullptr) [[likely]]
      return {};
    return admit_of_tenant(types);
  }

  /// kNullRef when the heap is exhausted; the object is gone then.
  runtime::GcRef make(std::unique_ptr<External> object);
  /// Null where r is something else.
  External* find(runtime::GcRef r) const;
  External* const* unreachable() const { return &unreachable_; }
  /// Ends the host objects that were found to be unreachable. Runs the host's code.
  void end_unreachable() {
    if (unreachable_ != nullptr) [[unlikely]]
      end_all();
  }

 private:
  static constexpr uint32_t kDeadHandle = ~uint32_t{0};
  ~RefTable() = default;
  runtime::GcHeap& heap() const { return state_->store.heap(); }
  runtime::Account& account() const { return state_->store.account(); }
  internal::Status admit_of_tenant(std::span<const isa::ValType> types) const;
  void end_all();
  // The tenant's ledger.
  bool charge(uint64_t bytes);
  void discharge(uint64_t bytes);

  StoreState* state_;
  uint64_t users_ = 1;  ///< handles, and the store
  External* unreachable_ = nullptr;
  uint64_t bytes_ = 0;       ///< of the host objects there are
  uint64_t new_bytes_ = 0;   ///< of those made since they brought about a collection
  uint64_t kept_bytes_ = 0;  ///< of those there were after it
};

/// The store of a reference to an object; null when it has ended, and for other values.
StoreState* store_of(const Value& ref);

}  // namespace detail
}  // namespace v0
}  // namespace ashlar

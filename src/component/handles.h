// Handle tables of component instances, and what calls lend (Canonical ABI: Table, ResourceHandle, lift_borrow).
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "component/types.h"

namespace ashlar::component {

class HandleTable;

/// What calls between instances of one root component have lent and not yet got back. A frame a call that passes
/// borrowed handles.
class LoanStack {
 public:
  void begin_call() { frames_.push_back({0, lent_.size()}); }
  /// Gives back what the innermost call lent. Errors: Trap when the callee has borrowed handles left.
  Status end_call();
  uint32_t innermost() const { return static_cast<uint32_t>(frames_.size() - 1); }
  size_t depth() const { return frames_.size(); }
  /// Forgets frames beyond a depth, after a trap: their instances cannot be entered any more.
  void cut(size_t depth) {
    if (depth < frames_.size()) {
      lent_.resize(frames_[depth].lent_begin);
      frames_.resize(depth);
    }
  }

 private:
  friend class HandleTable;
  struct Frame {
    uint32_t borrows;   ///< handles that the callee has
    size_t lent_begin;  ///< in lent_
  };
  struct Lent {
    HandleTable* table;
    uint32_t index;
  };
  std::vector<Frame> frames_;
  std::vector<Lent> lent_;
};

/// The handles of one component instance. Index 0 is never used.
class HandleTable {
 public:
  /// The Canonical ABI lets a table have 2^28 - 1; but each handle may stand for something of the host's, which would
  /// be tens of gigabytes that no other limit counts.
  static constexpr uint32_t kMaxLength = 1u << 20;

  /// Errors: Trap when the table is full.
  Result<uint32_t> add_own(ResourceId resource, uint32_t rep);
  /// A handle that the innermost call borrows.
  Result<uint32_t> add_borrow(ResourceId resource, uint32_t rep, LoanStack& loans);
  /// lift_own: takes the handle out. Errors: Trap for what is no handle, of another type, borrowed or lent.
  Result<uint32_t> take_own(ResourceId resource, uint32_t handle);
  /// lift_borrow: the representation; the handle is lent until the innermost call ends.
  Result<uint32_t> lend(ResourceId resource, uint32_t handle, LoanStack& loans);
  /// resource.rep, or to look at a handle. Errors: as take_own.
  Result<uint32_t> rep(ResourceId resource, uint32_t handle) const;

  struct Dropped {
    bool owned = false;  ///< the destructor is to be called
    uint32_t rep = 0;
  };
  /// resource.drop.
  Result<Dropped> drop(ResourceId resource, uint32_t handle, LoanStack& loans);
  /// What its handles are of, one entry each.
  std::vector<ResourceId> live() const;

 private:
  friend class LoanStack;
  enum class Kind : uint8_t { Free, Own, Borrow };
  struct Entry {
    Kind kind = Kind::Free;
    ResourceId resource = 0;
    uint32_t rep = 0;    ///< of free ones: the next free one, 0: none
    uint32_t lends = 0;  ///< calls that it is lent to
    uint32_t frame = 0;  ///< Borrow: of the call that borrows it
  };
  Result<uint32_t> add(const Entry& entry);
  Result<Entry*> find(ResourceId resource, uint32_t handle);
  void free(uint32_t handle);

  std::vector<Entry> entries_ = std::vector<Entry>(1);
  uint32_t first_free_ = 0;
};

}  // namespace ashlar::component

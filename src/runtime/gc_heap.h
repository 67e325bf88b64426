// The heap of structs, arrays, exceptions and host boxes of a store: allocation, barriers, type tests, collection.
//
// Two generations. Young objects are allocated by bumping a pointer in the blocks of the nursery. A minor collection
// moves those that are still reachable to old blocks, where they stay. Objects that a stack seems to refer to are
// pinned: their nursery block becomes an old one instead. The old generation is marked a little at a time while the
// program runs, and swept by lines (128 bytes) of blocks (32 KiB).
//
// Stacks and registers are scanned conservatively: a word of 32 bits that looks like the offset of an object keeps it,
// as does one of 64 bits that looks like the address or the offset of something inside it. So code may hold references
// in locals and registers, of machine code and of C++, as it likes. References in memory of the C++ heap are found only
// where something says so: GcRootSource, ScannedRange, handles.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/gc_list.h"
#include "runtime/gc_space.h"
#include "runtime/gc_stats.h"

namespace ashlar::runtime {

class Table;

/// What a collection does with references that it is shown one by one, and may change.
class GcVisitor {
 public:
  /// True: it refers to a young object still, and is to be visited again by the next collection.
  virtual bool visit(GcRef& r) = 0;
  /// Slots of the any, extern or exn hierarchies.
  bool visit_slots(Slot* slots, size_t count) {
    bool again = false;
    for (size_t i = 0; i < count; ++i) {
      auto r = static_cast<GcRef>(slots[i]);
      again |= visit(r);
      slots[i] = r;
    }
    return again;
  }

 protected:
  ~GcVisitor() = default;
};

/// What a collection does with memory that may hold references.
class GcScanner {
 public:
  /// How words refer to the inside of an object, in 64 bits: by its address, or also by its offset, as compiled code
  /// computes it in loops. Elsewhere offsets are those of whole objects: numbers and addresses below 4 GiB, of which
  /// C++ frames are full, would keep many a large object.
  enum class Insides : uint8_t { Addresses, Offsets };
  /// [begin, end); begin is 4-aligned.
  virtual void scan(const void* begin, const void* end, Insides insides) = 0;

 protected:
  ~GcScanner() = default;
};

/// Who has references outside the heap: the store. Called on the store's thread while it collects.
class GcRootSource {
 public:
  enum class Which : uint8_t {
    Written,  ///< those that may have changed since the last collection of any kind
    All
  };
  virtual void visit_roots(GcVisitor& v, Which which) = 0;
  /// All stacks on which guest code or its callers run; `sp` is the current stack pointer.
  virtual void scan_stacks(GcScanner& s, const void* sp) = 0;
  /// The heap has its address space now: GcHeap::base().
  virtual void bind_heap(uint8_t* /*base*/) {}

 protected:
  ~GcRootSource() = default;
};

/// Who wants to see the heap while the program runs. Called on the store's thread, in the middle of an allocation: it
/// may look(), and do nothing else to the store.
class GcObserver {
 public:
  virtual void on_request() = 0;    ///< some time after GcHeap::ask_observer()
  virtual void on_exhausted() = 0;  ///< an allocation is about to fail

 protected:
  ~GcObserver() = default;
};

/// For tests: collect and move as often as can be. Every program must run as without.
struct GcStress {
  uint32_t minor_every = 0;  ///< a minor collection at every n-th allocation; 0: when the nursery is full
  /// A whole collection at every n-th allocation; between them marking and sweeping go on in the smallest steps.
  uint32_t major_every = 0;
  bool poison = false;  ///< freed memory is filled with a pattern that is no object
};

class GcHeap {
 public:
  static constexpr uint32_t kMostSmall = 8 << 10;  ///< larger objects have blocks of their own

  GcHeap(const module::TypeRegistry& types, uint64_t max_bytes);
  ~GcHeap();
  GcHeap(const GcHeap&) = delete;
  GcHeap& operator=(const GcHeap&) = delete;

  /// Reserves the address space; allocation calls it. False when there is none. The base does not change afterwards.
  bool ensure() { return base_ != nullptr || reserve(); }
  /// Null before ensure().
  uint8_t* base() const { return base_; }
  /// Where ensure() looks for a reservation that another heap had; null: nowhere.
  /// `small_pages`: heaps stay small, and follow each other quickly.
  void set_idle_spaces(IdleList* idle, bool small_pages) {
    idle_spaces_ = idle;
    small_pages_ = small_pages;
  }
  /// Whose blocks are counted, too; before the first is taken.
  void set_account(Account* account) { space_.set_account(account); }
  /// The end: leaves the reservation to others. Nothing may be done with the heap afterwards.
  void give_back(IdleList& idle, const Cleaning& how);
  /// Fills the descriptors of these types, before code runs that makes objects of them. False: no address space, or an
  /// id beyond kMaxGcTypes.
  bool describe(const std::vector<uint32_t>& type_ids);

  // Allocation; may collect. All return kNullRef when the heap is exhausted. Fields and elements start zeroed.
  GcRef alloc_struct(uint32_t type_id);
  GcRef alloc_array(uint32_t type_id, uint32_t length);
  GcRef alloc_exn(TagInstance* tag, uint32_t slots);
  /// `owned`: the finalizer is called for it. Others are plain numbers.
  GcRef alloc_host(uint64_t value, bool owned = false);
  /// The same by the bumped pointer alone; kNullRef where alloc_struct() has to be asked. All its fields are to be
  /// written before anything else is done with the heap: they start with anything. `size` is the type's.
  GcRef try_struct(uint32_t type_id, uint32_t size) {
    const GcRef r = bump(size);
    if (r != kNullRef) [[likely]]
      *header(r) = {type_id, 0};
    return r;
  }
  /// Says, while it lives, that slots of the interpreter's stack below `end` are in use; else those below
  /// Store::stack_top are. An address that is not of that stack says nothing.
  class LiveSlots {
   public:
    LiveSlots(GcHeap& heap, const Slot* end) : heap_(heap) { heap.live_slots_ = end; }
    ~LiveSlots() { heap_.live_slots_ = nullptr; }
    LiveSlots(const LiveSlots&) = delete;
    LiveSlots& operator=(const LiveSlots&) = delete;

   private:
    GcHeap& heap_;
  };
  const Slot* live_slots() const { return live_slots_; }

  GcHeader* header(GcRef r) const { return reinterpret_cast<GcHeader*>(base_ + r); }
  uint8_t* at(GcRef r, uint64_t offset) const { return base_ + r + offset; }
  uint8_t* elements(GcRef array) const { return base_ + array + sizeof(GcHeader); }
  const GcLayout& layout(uint32_t type_id);  ///< cached; stable address
  const GcTypeDesc& desc(uint32_t type_id) const { return space_.desc(type_id); }

  // Barriers: after a reference was written into an object, but for one that was just allocated and is small. Only
  // those of the old generation matter, and of them those that get a young object; while it is marked, those that get
  // any.
  void wrote(GcRef object, GcRef value) {
    if ((header(object)->type & GcHeader::kClean) != 0 && needs_log(value)) [[unlikely]]
      log(object, value);
  }
  /// Element `index` of an array.
  void wrote_element(GcRef array, uint32_t index, GcRef value) {
    if ((header(array)->type & GcHeader::kClean) != 0 && needs_log(value)) [[unlikely]]
      log_element(array, index, value);
  }
  /// Elements of an array; of any type.
  void wrote_elements(GcRef array, uint32_t first, uint32_t count) {
    if ((header(array)->type & GcHeader::kClean) != 0) [[unlikely]]
      log_elements(array, first, count);
  }
  /// Anything of it may be written.
  void wrote_all(GcRef object) {
    if ((header(object)->type & GcHeader::kClean) != 0) [[unlikely]]
      remember(object);
  }
  bool needs_log(GcRef value) const { return space_.is_young(value) || space_.marking() != 0; }
  void log(GcRef object, GcRef value);
  void log_element(GcRef array, uint32_t index, GcRef value);
  void log_elements(GcRef array, uint32_t first, uint32_t count);

  // Exceptions.
  TagInstance* exn_tag(GcRef r) const { return *reinterpret_cast<TagInstance**>(base_ + r + 8); }
  Slot* exn_payload(GcRef r) const { return reinterpret_cast<Slot*>(base_ + r + 16); }
  uint64_t host_value(GcRef r) const { return *reinterpret_cast<uint64_t*>(base_ + r + 8); }
  /// Of any reference that is not null.
  bool is_owned_host(GcRef r) const {
    return !is_i31(r) && header(r)->type_id() == kHostType && header(r)->length == kOwnedHost;
  }

  /// Whether r is a value this heap can hold: null, an i31 or an object's offset. For values that come from the host.
  bool is_valid(GcRef r) const;
  /// Whether a non-null or null value r of the any/extern/exn hierarchies matches (canonical) type.
  bool matches(GcRef r, isa::ValType type) const;
  /// The same for a function reference.
  bool func_matches(const FuncCell* f, isa::ValType type) const;

  // Collection. On the store's thread, outside of allocation.
  void set_roots(GcRootSource* roots) { roots_ = roots; }
  /// Everything that nothing refers to goes, of both generations.
  void collect();
  /// The young generation only.
  void collect_young();
  void set_stress(const GcStress& stress);
  /// Called with the value of each owned host box that was collected, after a collection, on the store's thread. It
  /// must not use the store.
  void set_finalizer(std::function<void(uint64_t)> f) { finalizer_ = std::move(f); }
  /// Calls the finalizer for all that are left: the store ends.
  void finalize_all();
  const GcStats& stats() const { return stats_; }
  /// Bytes of the blocks in use.
  uint64_t bytes_in_use() const { return base_ == nullptr ? 0 : space_.bytes_in_use(); }
  uint64_t max_bytes() const { return max_bytes_; }

  /// Calls f with every object that is reachable, and some that are not any more; collects first.
  void for_each_object(const std::function<void(GcRef, const GcHeader&, uint64_t bytes)>& f);
  /// Calls f with the place of every reference that the collector follows in object r.
  template <class F>
  void for_each_ref(GcRef r, F f) const;

  // For who shows the heap.
  /// Collects, then calls f, before which and until whose end nothing is allocated: every object begins where
  /// space().starts says. scan_conservative() with `sp` finds what the collection found. Not from a
  /// finalizer.
  void look(const std::function<void(const void* sp)>& f);
  const GcSpace& space() const { return space_; }
  /// Stacks and scanned ranges.
  void scan_conservative(GcScanner& s, const void* sp);
  /// Whether the word at p may refer to the inside of an object.
  [[gnu::always_inline, gnu::no_sanitize("address", "thread")]] bool may_be_inside(const uint32_t* p,
                                                                                   const uint32_t* end,
                                                                                   GcScanner::Insides insides) const {
    if ((reinterpret_cast<uintptr_t>(p) & 4) != 0 || p + 1 >= end) return false;
    return p[1] == reinterpret_cast<uintptr_t>(base_) >> 32 || (p[1] == 0 && insides == GcScanner::Insides::Offsets);
  }
  /// The object that address p lies in, or kNullRef. `p`: the low half, as in stacks.
  GcRef object_at(uint32_t p) const { return base_ == nullptr ? kNullRef : find_object(p); }
  /// By number; those that are free are null.
  const std::vector<GcRef>& handles() const { return handles_; }
  /// The program has ended, and nobody's locals hold references: from now on, what stacks and scanned ranges seem to
  /// refer to is not kept. What stands there by chance would else keep much that was the program's.
  void forget_stacks() { stacks_forgotten_ = true; }
  void set_observer(GcObserver* observer) { observer_ = observer; }
  /// From any thread, and from a signal's handler: the observer is called when the program has allocated another 4 KiB
  /// or so, or a large object.
  void ask_observer() { asked_.store(true, std::memory_order_relaxed); }
  /// Whether it was asked since it was called last; not any more then.
  bool take_request() { return asked_.exchange(false, std::memory_order_relaxed); }

  // Handles: references that the host keeps; numbers stay the same when objects move.
  uint32_t new_handle(GcRef r);
  void drop_handle(uint32_t handle);
  GcRef& handle(uint32_t handle) { return handles_[handle]; }
  size_t handle_count() const { return handles_.size() - free_handles_.size(); }

  /// Memory outside stacks that may hold references while the object lives; what it refers to does not move.
  class ScannedRange {
   public:
    ScannedRange(GcHeap& heap, const std::vector<Slot>& slots) : heap_(heap), slots_(&slots) { link(); }
    ScannedRange(GcHeap& heap, const void* begin, uint64_t bytes) : heap_(heap), begin_(begin), bytes_(bytes) {
      link();
    }
    ~ScannedRange();
    ScannedRange(const ScannedRange&) = delete;
    ScannedRange& operator=(const ScannedRange&) = delete;

   private:
    friend class GcHeap;
    void link();
    GcHeap& heap_;
    const std::vector<Slot>* slots_ = nullptr;
    const void* begin_ = nullptr;
    uint64_t bytes_ = 0;
    ScannedRange* previous_ = nullptr;
    ScannedRange* next_ = nullptr;
  };

 private:
  friend class GcMinor;
  friend class GcMarker;
  friend class GcCompactor;
  enum class Phase : uint8_t { Idle, Marking, Sweeping };
  struct Hole {
    uint32_t at = 0;
    uint32_t end = 0;
  };

  bool reserve();
  void fill_desc(uint32_t type_id);
  void remember(GcRef object);
  void remember_element(GcRef array, uint32_t index);
  void set_phase(Phase phase) {
    phase_ = phase;
    space_.marking() = phase == Phase::Marking ? 1 : 0;
  }
  GcRef bump(uint64_t bytes) {
    GcCursor& c = *cursor_;
    const uint32_t r = c.top;
    if (bytes > c.limit - r) [[unlikely]]
      return kNullRef;
    c.top = static_cast<uint32_t>(r + bytes);
    return r;
  }
  GcRef alloc_object(uint64_t bytes, uint32_t type_id, uint32_t length, bool has_refs);
  [[gnu::noinline]] GcRef alloc_slow(uint64_t bytes);
  void answer_request() {
    if (asked_.load(std::memory_order_relaxed) && take_request() && observer_ != nullptr) observer_->on_request();
  }
  GcRef or_exhausted(GcRef r) {
    if (r == kNullRef && observer_ != nullptr) [[unlikely]]
      observer_->on_exhausted();
    return r;
  }
  GcRef alloc_large(uint64_t bytes, uint32_t type_id, uint32_t length, bool has_refs);
  GcRef bump_slow(uint64_t bytes);
  bool next_nursery_block();
  void retire_nursery_block();
  void fill_nursery();
  bool object_matches(const GcHeader& object, isa::HeapType heap) const;

  // gc_minor.cc, gc_mark.cc, gc_sweep.cc: `sp` is below all frames that hold references, registers saved above it.
  void minor(const void* sp, bool settle);
  void full(const void* sp);
  void compact(const void* sp, bool everything);
  void young_and_cycle(const void* sp);
  void adapt_nursery(uint64_t objects, uint64_t bytes);
  void step();
  void begin_sweep();
  void start_marking(const void* sp);
  bool finish_marking(const void* sp);
  void forget_dead();
  void drain_marks(uint64_t budget);
  uint64_t scan_marked(uint64_t entry);
  [[gnu::always_inline]] void mark(GcRef r) {
    if (r == kNullRef || is_i31(r)) return;
    const GcSpace::Kind kind = space_.kind_of(r);
    if (kind != GcSpace::Kind::Old && kind != GcSpace::Kind::Large) return;
    if (GcSpace::set_new(space_.marks, r >> 3)) marks_.push_back(r);
  }
  void sweep_block(uint32_t block);
  bool sweep_some(uint32_t blocks);
  void finish_sweep();
  void run_finalizers();

  // gc_old.cc
  GcRef alloc_old(uint64_t bytes) {
    if (bytes > hole_.end - hole_.at) [[unlikely]]
      return alloc_old_slow(bytes);
    const GcRef r = hole_.at;
    hole_.at += static_cast<uint32_t>(bytes);
    return r;
  }
  GcRef alloc_old_slow(uint64_t bytes);
  bool next_hole();
  /// The object of any generation that address p lies in; kNullRef: none.
  GcRef find_object(uint32_t p) const;
  GcRef find_in_nursery(uint32_t p) const;
  GcRef find_in_old(uint32_t p) const;
  void set_pace();

  const module::TypeRegistry& types_;
  uint8_t* base_ = nullptr;
  GcCursor* cursor_;
  GcSpace space_;
  uint64_t max_bytes_;
  IdleList* idle_spaces_ = nullptr;
  bool small_pages_ = false;
  std::vector<std::unique_ptr<GcLayout>> layouts_;  ///< by canonical id
  GcRootSource* roots_ = nullptr;
  const Slot* live_slots_ = nullptr;
  bool collecting_ = false;
  bool exhausted_ = false;  ///< the last whole collection left next to nothing

  // Young generation.
  GcList<uint32_t> nursery_;        ///< its blocks
  size_t nursery_at_ = 0;           ///< the next one; the current is before it
  uint64_t block_end_ = 0;          ///< of the current one; 0: none
  uint32_t nursery_blocks_;         ///< how many there should be
  GcList<uint32_t> pinned_blocks_;  ///< with young objects that stayed
  GcList<GcRef> large_young_;
  uint64_t large_young_bytes_ = 0;
  GcList<GcRef> remembered_;      ///< old objects that were written
  GcList<uint32_t> dirty_cards_;  ///< elements of longer arrays that were written
  GcList<GcRef> young_hosts_;

  // Old generation.
  Hole hole_;       ///< for small objects
  Hole wide_hole_;  ///< for objects wider than a line
  uint32_t hole_block_ = 0;
  GcList<uint32_t> partial_;  ///< old blocks with holes
  GcList<GcRef> old_hosts_;
  uint64_t old_bytes_ = 0;     ///< live at the last marking, and promoted since
  uint64_t mark_at_ = 0;       ///< old_bytes_ at which marking begins
  uint64_t marked_bytes_ = 0;  ///< in this marking
  uint64_t mark_debt_ = 0;     ///< bytes to be marked soon
  double mark_ratio_ = 4;      ///< bytes to be marked per byte promoted
  GcList<uint64_t> marks_;     ///< to be scanned: reference | first element << 32
  Phase phase_ = Phase::Idle;
  uint32_t sweep_at_ = 0;

  std::vector<GcRef> handles_;
  std::vector<uint32_t> free_handles_;  ///< has room for all of them
  ScannedRange* ranges_ = nullptr;
  GcList<uint64_t> dead_hosts_;
  std::function<void(uint64_t)> finalizer_;
  GcObserver* observer_ = nullptr;
  bool stacks_forgotten_ = false;
  std::atomic<bool> asked_{false};
  GcStress stress_;
  uint32_t stress_count_ = 0;
  GcStats stats_;
};

template <class F>
void GcHeap::for_each_ref(GcRef r, F f) const {
  const GcHeader& h = *header(r);
  const uint32_t id = h.type_id();
  if (id < kMaxGcTypes) {
    const GcTypeDesc& d = space_.desc(id);
    if (d.has_refs == 0) return;
    if (d.kind == GcTypeDesc::Array) {
      auto* p = reinterpret_cast<GcRef*>(base_ + r + sizeof(GcHeader));
      for (uint32_t i = 0; i < h.length; ++i) f(p[i]);
      return;
    }
    if (d.has_refs == 1) {
      auto* p = reinterpret_cast<GcRef*>(base_ + r + sizeof(GcHeader));
      for (uint64_t bits = d.refs; bits != 0; bits &= bits - 1) f(p[__builtin_ctzll(bits)]);
      return;
    }
    for (uint32_t offset : d.layout->ref_offsets) f(*reinterpret_cast<GcRef*>(base_ + r + offset));
    return;
  }
  if (id != kExnType) return;
  Slot* slot = exn_payload(r);
  for (isa::ValType param : types_.get(*reinterpret_cast<const uint32_t*>(exn_tag(r))).def.func.params) {
    if (field_kind(types_, isa::StorageType::of(param)) == FieldKind::Ref) f(*reinterpret_cast<GcRef*>(slot));
    slot += param.slot_count();
  }
}

}  // namespace ashlar::runtime

// Allocation of GC objects, write barriers, handles, and the dynamic type tests.
#include "runtime/gc_heap.h"

#include <algorithm>

#include "runtime/context.h"

namespace ashlar::runtime {

namespace {

/// Blocks of the nursery at first: most of what a program makes at its start stays.
constexpr uint32_t kNurseryBlocks = 16;
/// Large objects without references are freed by minor collections, which they bring about.
constexpr uint64_t kMostLargeYoung = 4 << 20;

/// Full from the start: the first allocation makes the heap.
GcCursor g_no_cursor{0, 0};

/// Whether the canonical type `sub` is `super` or declares it as a supertype: by the table of supertypes, in constant
/// time.
bool is_subtype(const module::TypeRegistry& types, uint32_t sub, uint32_t super) {
  if (sub == super) return true;
  const uint32_t depth = types.get(super).depth;
  const std::vector<uint32_t>& display = types.get(sub).display;
  return depth < display.size() && display[depth] == super;
}

constexpr uint64_t round_up(uint64_t bytes) { return (bytes + 7) & ~uint64_t{7}; }

}  // namespace

GcHeap::GcHeap(const module::TypeRegistry& types, uint64_t max_bytes)
    : types_(types), cursor_(&g_no_cursor), max_bytes_(std::min(max_bytes, GcSpace::kMostBytes)) {
  const uint64_t blocks = max_bytes_ >> GcSpace::kBlockBits;
  nursery_blocks_ = static_cast<uint32_t>(std::clamp<uint64_t>(blocks / 4, 1, kNurseryBlocks));
}

GcHeap::~GcHeap() = default;

bool GcHeap::reserve() {
  if (!space_.reserve(max_bytes_, idle_spaces_, small_pages_)) return false;
  base_ = space_.base();
  cursor_ = &space_.cursor();
  if (roots_ != nullptr) roots_->bind_heap(base_);
  for (uint32_t id = 0; id < layouts_.size(); ++id) {
    if (layouts_[id] != nullptr) fill_desc(id);
  }
  set_pace();
  return true;
}

void GcHeap::give_back(IdleList& idle, const Cleaning& how) {
  if (base_ == nullptr) return;
  base_ = nullptr;
  cursor_ = &g_no_cursor;
  space_.give_back(idle, how);
}

bool GcHeap::describe(const std::vector<uint32_t>& type_ids) {
  for (uint32_t id : type_ids) {
    if (types_.get(id).def.kind == module::CompositeKind::Func) continue;
    if (id >= kMaxGcTypes || !ensure()) return false;
    layout(id);
  }
  return true;
}

const GcLayout& GcHeap::layout(uint32_t type_id) {
  if (type_id >= layouts_.size()) layouts_.resize(type_id + 1);
  std::unique_ptr<GcLayout>& layout = layouts_[type_id];
  if (layout) [[likely]]
    return *layout;
  layout = std::make_unique<GcLayout>(make_layout(types_, type_id));
  if (base_ != nullptr) fill_desc(type_id);
  return *layout;
}

/// The descriptor of a type whose layout is known; there is a base.
void GcHeap::fill_desc(uint32_t type_id) {
  const GcLayout* const layout = layouts_[type_id].get();
  if (layout->kind == module::CompositeKind::Func || type_id >= kMaxGcTypes) return;
  GcTypeDesc& d = space_.desc(type_id);
  const module::CanonType& type = types_.get(type_id);
  const bool is_struct = layout->kind == module::CompositeKind::Struct;
  d.layout = layout;
  d.depth = static_cast<uint16_t>(type.depth);
  for (uint32_t i = 0; i < GcTypeDesc::kDisplay; ++i) {
    d.display[i] = i < type.display.size() ? type.display[i] : ~uint32_t{0};
  }
  d.refs = 0;
  d.has_refs = 0;
  d.size = is_struct ? layout->size : layout->elem_size;
  if (!is_struct) d.has_refs = layout->kinds[0] == FieldKind::Ref ? 1 : 0;
  for (uint32_t offset : layout->ref_offsets) {
    const uint32_t word = (offset - sizeof(GcHeader)) / sizeof(GcRef);
    d.has_refs = word < 64 && d.has_refs != 2 ? 1 : 2;
    if (word < 64) d.refs |= uint64_t{1} << word;
  }
  d.kind = is_struct ? GcTypeDesc::Struct : GcTypeDesc::Array;
}

// ---- allocation ----------------------------------------------------------------------------------------------------

GcRef GcHeap::alloc_object(uint64_t bytes, uint32_t type_id, uint32_t length, bool has_refs) {
  bytes = round_up(bytes);
  if (bytes > kMostSmall) return or_exhausted(alloc_large(bytes, type_id, length, has_refs));
  GcRef r = bump(bytes);
  if (r == kNullRef) r = or_exhausted(alloc_slow(bytes));
  if (r == kNullRef) return r;
  *header(r) = {type_id, length};
  std::memset(at(r, sizeof(GcHeader)), 0, bytes - sizeof(GcHeader));
  return r;
}

GcRef GcHeap::alloc_struct(uint32_t type_id) {
  const GcLayout& l = layout(type_id);
  const GcRef r = alloc_object(l.size, type_id, 0, !l.ref_offsets.empty());
  // Its fields are about to be written without barriers.
  if (l.size > kMostSmall && r != kNullRef) wrote_all(r);
  return r;
}

GcRef GcHeap::alloc_array(uint32_t type_id, uint32_t length) {
  const GcLayout& l = layout(type_id);
  const uint64_t bytes = sizeof(GcHeader) + uint64_t{l.elem_size} * length;
  return alloc_object(bytes, type_id, length, l.kinds[0] == FieldKind::Ref);
}

GcRef GcHeap::alloc_exn(TagInstance* tag, uint32_t slots) {
  const uint64_t bytes = sizeof(GcHeader) + sizeof tag + uint64_t{slots} * sizeof(Slot);
  const GcRef r = alloc_object(bytes, kExnType, slots, true);
  if (r == kNullRef) return r;
  std::memcpy(at(r, sizeof(GcHeader)), &tag, sizeof tag);
  if (bytes > kMostSmall) wrote_all(r);
  return r;
}

GcRef GcHeap::alloc_host(uint64_t value, bool owned) {
  const GcRef r = alloc_object(sizeof(GcHeader) + sizeof value, kHostType, owned ? kOwnedHost : 0, false);
  if (r == kNullRef) return r;
  std::memcpy(at(r, sizeof(GcHeader)), &value, sizeof value);
  if (owned) young_hosts_.push_back(r);
  return r;
}

void GcHeap::set_stress(const GcStress& stress) {
  stress_ = stress;
  if (base_ != nullptr && stress_.minor_every + stress_.major_every != 0) cursor_->limit = cursor_->top;
}

GcRef GcHeap::alloc_slow(uint64_t bytes) {
  if (!ensure()) return kNullRef;
  answer_request();
  // What a collection for somebody else found may have changed since.
  exhausted_ = false;
  const bool stress = stress_.minor_every + stress_.major_every != 0;
  if (stress) [[unlikely]] {
    ++stress_count_;
    if (stress_.major_every != 0 && stress_count_ % stress_.major_every == 0) {
      collect();
    } else if (stress_.minor_every != 0 && stress_count_ % stress_.minor_every == 0) {
      collect_young();
    }
    if (phase_ != Phase::Idle) step();
  }
  // Nothing is taken and then not made an object: whoever walks a nursery block would find it.
  const auto bump_more = [&] { return exhausted_ ? kNullRef : bump_slow(bytes); };
  GcRef r = bump_more();
  if (r == kNullRef && !exhausted_) {
    collect_young();
    r = bump_more();
  }
  if (r == kNullRef && !exhausted_) {
    collect();
    r = bump_more();
  }
  return r;
}

/// Goes on in the current block, whose next 4 KiB are opened, or in the next block.
GcRef GcHeap::bump_slow(uint64_t bytes) {
  constexpr uint32_t kChunk = 1u << GcSpace::kChunkBits;
  GcCursor& c = *cursor_;
  if (c.top + bytes > block_end_) {
    if (!next_nursery_block()) return kNullRef;
    if (phase_ != Phase::Idle) step();
  }
  const uint32_t r = c.top;
  const auto top = static_cast<uint32_t>(r + bytes);
  const bool stress = stress_.minor_every + stress_.major_every != 0;
  const uint32_t limit = (top + kChunk - 1) & ~(kChunk - 1);
  // Of each chunk that is opened: does this object begin in it, or end in it, or fill it?
  for (uint32_t at = (c.limit + kChunk - 1) & ~(kChunk - 1); at < limit; at += kChunk) {
    const uint32_t words = r == at ? 0 : (top - at) / 8;
    space_.crossings[at >> GcSpace::kChunkBits] = static_cast<uint16_t>(std::min(words, kChunk / 8));
  }
  c = {top, stress ? top : limit};
  return r;
}

void GcHeap::retire_nursery_block() {
  if (block_end_ == 0) return;
  const auto begin = static_cast<uint32_t>(block_end_ - GcSpace::kBlockSize);
  space_.block(begin >> GcSpace::kBlockBits).used_words = static_cast<uint16_t>((cursor_->top - begin) / 8);
}

bool GcHeap::next_nursery_block() {
  if (nursery_at_ == nursery_.size()) {
    if (!nursery_.empty()) return false;
    fill_nursery();
    if (nursery_.empty()) return false;
  }
  retire_nursery_block();
  const uint32_t begin = nursery_[nursery_at_++] << GcSpace::kBlockBits;
  *cursor_ = {begin, begin};
  block_end_ = uint64_t{begin} + GcSpace::kBlockSize;
  stats_.allocated += GcSpace::kBlockSize;
  return true;
}

/// After a collection: the nursery is empty, and as wide as it may be.
void GcHeap::fill_nursery() {
  while (nursery_.size() > nursery_blocks_) {
    space_.give(nursery_.back(), 1);
    nursery_.pop_back();
  }
  while (nursery_.size() < nursery_blocks_) {
    const uint32_t block = space_.take(1, GcSpace::Kind::Nursery);
    if (block == 0) break;
    nursery_.push_back(block);
  }
  for (uint32_t block : nursery_) space_.block(block).used_words = 0;
  nursery_at_ = 0;
  block_end_ = 0;
  *cursor_ = {0, 0};
}

/// Objects with blocks of their own. With references they belong to the old generation at once: what is written into
/// them is logged, so that no collection has to look at all of a large array. Without, the next minor collection frees
/// them when it does not meet them.
GcRef GcHeap::alloc_large(uint64_t bytes, uint32_t type_id, uint32_t length, bool has_refs) {
  if (bytes > max_bytes_ || !ensure()) return kNullRef;
  answer_request();
  const auto count = static_cast<uint32_t>((bytes + GcSpace::kBlockSize - 1) >> GcSpace::kBlockBits);
  if (large_young_bytes_ > kMostLargeYoung || old_bytes_ > mark_at_) collect_young();
  const GcSpace::Kind kind = has_refs ? GcSpace::Kind::Large : GcSpace::Kind::LargeYoung;
  uint32_t block = space_.take(count, kind);
  if (block == 0) {
    collect();
    block = space_.take(count, kind);
  }
  if (block == 0) return kNullRef;
  const GcRef r = block << GcSpace::kBlockBits;
  for (uint32_t i = block; i < block + count; ++i) {
    if (space_.block(i).dirty == 0) continue;
    const uint64_t from = uint64_t{i - block} << GcSpace::kBlockBits;
    std::memset(at(r, from), 0, std::min<uint64_t>(GcSpace::kBlockSize, bytes - from));
  }
  stats_.allocated += bytes;
  *header(r) = {type_id | (has_refs ? GcHeader::kClean : 0), length};
  GcSpace::set(space_.starts, r >> 3);
  if (!has_refs) {
    large_young_.push_back(r);
    large_young_bytes_ += bytes;
    return r;
  }
  old_bytes_ += bytes;
  if (phase_ == Phase::Marking) {
    GcSpace::set(space_.marks, r >> 3);
    marked_bytes_ += bytes;
    mark_debt_ += static_cast<uint64_t>(static_cast<double>(bytes) * mark_ratio_);
  }
  if (phase_ != Phase::Idle) step();
  return r;
}

// ---- barriers, handles ---------------------------------------------------------------------------------------------

namespace {
/// Arrays up to this are looked through as a whole when they were written.
constexpr uint32_t kMostLoggedWhole = 128;
}  // namespace

void GcHeap::remember(GcRef object) {
  header(object)->type &= ~GcHeader::kClean;
  remembered_.push_back(object);
}

void GcHeap::remember_element(GcRef array, uint32_t index) {
  if (header(array)->length <= kMostLoggedWhole) return remember(array);
  const auto card = static_cast<uint32_t>((array + sizeof(GcHeader) + index * sizeof(GcRef)) >> GcSpace::kCardBits);
  if (GcSpace::set_new(space_.cards, card)) dirty_cards_.push_back(card);
}

/// The next minor collection looks at objects that got a young one. What is written into a marked object is marked at
/// once: the marker does not come back.
void GcHeap::log(GcRef object, GcRef value) {
  if (value == kNullRef || is_i31(value)) return;
  if (space_.is_young(value)) return remember(object);
  if (phase_ == Phase::Marking && GcSpace::test(space_.marks, object >> 3)) mark(value);
}

void GcHeap::log_element(GcRef array, uint32_t index, GcRef value) {
  if (value == kNullRef || is_i31(value)) return;
  if (space_.is_young(value)) return remember_element(array, index);
  if (phase_ == Phase::Marking && GcSpace::test(space_.marks, array >> 3)) mark(value);
}

void GcHeap::log_elements(GcRef array, uint32_t first, uint32_t count) {
  if (space_.desc(header(array)->type_id()).has_refs == 0) return;
  const auto* values = reinterpret_cast<const GcRef*>(elements(array));
  for (uint32_t i = first; i < first + count; ++i) {
    if (!needs_log(values[i])) continue;
    log_element(array, i, values[i]);
    if ((header(array)->type & GcHeader::kClean) == 0 && phase_ != Phase::Marking) return;
  }
}

uint32_t GcHeap::new_handle(GcRef r) {
  if (free_handles_.empty()) {
    if (handles_.size() == handles_.capacity()) {
      const size_t more = std::max<size_t>(16, 2 * handles_.size());
      free_handles_.reserve(more);
      handles_.reserve(more);
    }
    handles_.push_back(r);
    return static_cast<uint32_t>(handles_.size() - 1);
  }
  const uint32_t handle = free_handles_.back();
  free_handles_.pop_back();
  handles_[handle] = r;
  return handle;
}

void GcHeap::drop_handle(uint32_t handle) {
  handles_[handle] = kNullRef;
  free_handles_.push_back(handle);
}

GcHeap::ScannedRange::~ScannedRange() {
  (previous_ != nullptr ? previous_->next_ : heap_.ranges_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

void GcHeap::ScannedRange::link() {
  next_ = heap_.ranges_;
  if (next_ != nullptr) next_->previous_ = this;
  heap_.ranges_ = this;
}

// ---- type tests ----------------------------------------------------------------------------------------------------

bool GcHeap::is_valid(GcRef r) const {
  if (r == kNullRef || is_i31(r)) return true;
  return r % 8 == 0 && base_ != nullptr && find_object(r) == r;
}

bool GcHeap::object_matches(const GcHeader& object, isa::HeapType heap) const {
  const uint32_t id = object.type_id();
  const bool typed = id < kHostType;
  if (heap.is_concrete()) return typed && is_subtype(types_, id, heap.index());
  switch (heap.abs()) {
    case isa::AbsHeap::Any:
    case isa::AbsHeap::Extern:
      return id != kExnType;
    case isa::AbsHeap::Exn:
      return id == kExnType;
    case isa::AbsHeap::Eq:
      return typed;
    case isa::AbsHeap::Struct:
      return typed && types_.get(id).def.kind == module::CompositeKind::Struct;
    case isa::AbsHeap::Array:
      return typed && types_.get(id).def.kind == module::CompositeKind::Array;
    case isa::AbsHeap::I31:
    case isa::AbsHeap::Func:
    case isa::AbsHeap::NoFunc:
    case isa::AbsHeap::NoExtern:
    case isa::AbsHeap::None:
    case isa::AbsHeap::NoExn:
    case isa::AbsHeap::Bot:
      return false;
  }
  return false;
}

bool GcHeap::matches(GcRef r, isa::ValType type) const {
  if (r == kNullRef) return type.nullable();
  const isa::HeapType heap = type.heap();
  if (!is_i31(r)) return object_matches(*header(r), heap);
  return heap == isa::AbsHeap::Any || heap == isa::AbsHeap::Eq || heap == isa::AbsHeap::I31 ||
         heap == isa::AbsHeap::Extern;
}

bool GcHeap::func_matches(const FuncCell* f, isa::ValType type) const {
  if (f == nullptr) return type.nullable();
  const isa::HeapType heap = type.heap();
  if (heap.is_concrete()) return is_subtype(types_, f->type_id, heap.index());
  return heap == isa::AbsHeap::Func;
}

}  // namespace ashlar::runtime

// Instance: its block of memory, exports, function cells on demand, passive segments.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

#include "runtime/store.h"

namespace ashlar::runtime {

namespace {

/// Hands out arrays in one block: first without a block, to learn how large it must be.
class Carver {
 public:
  explicit Carver(uint8_t* block) : block_(block) {}
  /// Not yet constructed.
  template <class T>
  T* array(size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    at_ = (at_ + alignof(T) - 1) & ~(alignof(T) - 1);
    T* found = block_ == nullptr ? nullptr : reinterpret_cast<T*>(block_ + at_);
    at_ += count * sizeof(T);
    return found;
  }
  size_t size() const { return at_; }

 private:
  uint8_t* block_;
  size_t at_ = 0;
};

constexpr size_t kFirstCells = 8;
constexpr size_t kMostCells = 512;

}  // namespace

/// Of hostile modules the decoder bounds all counts: the sum can't overflow.
std::unique_ptr<Instance> Instance::make(const module::Module& m) {
  static_assert(std::is_trivial_v<FuncCell> && std::is_trivially_copyable_v<GlobalInstance>);
  std::unique_ptr<Instance> made;
  Carver carver(nullptr);
  const auto carve = [&](auto*& pointer, size_t count) {
    pointer = carver.array<std::remove_reference_t<decltype(*pointer)>>(count);
  };
  const auto carve_all = [&](Instance& i) {
    carver.array<uint8_t>(sizeof(Instance));
    carve(i.ctx.funcs, m.funcs.size());
    carve(i.ctx.globals, m.globals.size());
    carve(i.ctx.memories, m.memories.size());
    carve(i.ctx.tables, m.tables.size());
    carve(i.ctx.tags, m.tags.size());
    carve(i.global_instances_, m.globals.size());
    carve(i.own_globals_, m.globals.size() - m.imported_globals);
    carve(i.own_tags_, m.tags.size() - m.imported_tags);
    carve(i.own_tables_, m.tables.size() - m.imported_tables);
    carve(i.pooled_memories_, m.memories.size() - m.imported_memories);
    carve(i.elems_, m.elems.size());
    carve(i.data_dropped_, m.datas.size());
  };
  {
    Instance sizes(m);
    carve_all(sizes);
    sizes.module_ = nullptr;
  }
  // Of a large module the arrays are large: they come as fresh pages, which are zero without being written.
  auto* block = static_cast<uint8_t*>(std::calloc(carver.size(), 1));
  if (block == nullptr) return nullptr;
  made.reset(new (block) Instance(m));
  carver = Carver(block);
  carve_all(*made);
  std::uninitialized_value_construct_n(made->own_tables_, m.tables.size() - m.imported_tables);
  std::uninitialized_value_construct_n(made->pooled_memories_, m.memories.size() - m.imported_memories);
  std::uninitialized_value_construct_n(made->elems_, m.elems.size());
  return made;
}

/// Of what lies in the block, some has destructors.
Instance::~Instance() {
  if (module_ == nullptr) return;
  std::destroy_n(own_tables_, module_->tables.size() - module_->imported_tables);
  std::destroy_n(pooled_memories_, module_->memories.size() - module_->imported_memories);
  std::destroy_n(elems_, module_->elems.size());
}

void Instance::operator delete(void* p) { std::free(p); }

bool Instance::clean(const Cleaning& how) {
  MemoryPool* pool = store().engine().memory_pool();
  for (size_t i = 0; i < module_->memories.size() - module_->imported_memories; ++i) {
    if (pooled_memories_[i] != nullptr) pool->give(std::move(pooled_memories_[i]), how);
  }
  for (size_t i = 0; i < module_->tables.size() - module_->imported_tables; ++i) {
    if (own_tables_[i] != nullptr && !own_tables_[i]->reset()) own_tables_[i].reset();
  }
  for (size_t i = 0; i < module_->elems.size(); ++i) elems_[i].clear();
  std::fill_n(data_dropped_, module_->datas.size(), false);
  compiled_.reset();
  ctx.store = nullptr;
  return true;
}

bool Instance::find_export(std::string_view name, Extern* out) {
  const module::Export* found = module().find_export(name);
  if (found == nullptr) return false;
  *out = export_at(static_cast<size_t>(found - module().exports.data()));
  return true;
}

Extern Instance::export_at(size_t i) {
  const module::Export& e = module().exports[i];
  switch (e.kind) {
    case module::ExternKind::Func:
      return Extern::of(func_cell(e.index));
    case module::ExternKind::Table:
      return Extern::of(ctx.tables[e.index]);
    case module::ExternKind::Memory:
      return Extern::of(ctx.memories[e.index]);
    case module::ExternKind::Global:
      return Extern::of(global_instances_[e.index]);
    case module::ExternKind::Tag:
      return Extern::of(ctx.tags[e.index]);
  }
  check_failed("export kind", __FILE__, __LINE__);
}

/// Arrays of cells double, so that neither few nor many cost much.
FuncCell& Instance::new_cell() {
  const auto size_of = [](size_t i) { return std::min(kFirstCells << std::min<size_t>(i, 16), kMostCells); };
  if (cells_left_ == 0) {
    const size_t size = size_of(cells_.size());
    cells_.push_back(std::make_unique<FuncCell[]>(size));
    cells_left_ = size;
  }
  return cells_.back()[size_of(cells_.size() - 1) - cells_left_--];
}

FuncCell* Instance::func_cell(module::FuncIdx i) {
  FuncCell*& cell = ctx.funcs[i];
  if (cell != nullptr) return cell;
  const module::Module& m = module();
  const module::FuncType& type = m.func_type(i);
  FuncCell& fresh = new_cell();
  fresh.ctx = &ctx;
  fresh.type_id = m.canonical[m.funcs[i].type];
  fresh.index = i;
  for (isa::ValType param : type.params) fresh.param_slots += param.slot_count();
  for (isa::ValType result : type.results) fresh.result_slots += result.slot_count();
  bind_native(fresh);
  cell = &fresh;
  return cell;
}

void Instance::bind_native(FuncCell& cell) {
  const void* compiled = compiled_->tier().native_entry(cell.index);
  // Of compiled functions the tier keeps nothing that is not used: a table may refer to all of a large program.
  cell.stub = compiled != nullptr ? store().engine().tier().native_stub : nullptr;
  cell.code = cell.stub != nullptr ? &cell.stub : compiled_->tier().entry(cell.index);
  cell.native = compiled != nullptr ? compiled : store().engine().tier().bridge;
  cell.native_ctx = compiled != nullptr ? static_cast<void*>(&ctx) : &cell;
}

std::span<const uint8_t> Instance::data(uint32_t i) const {
  if (data_dropped(i)) return {};
  const module::Data& data = module().datas[i];
  return module().bytes.subspan(data.bytes_offset, data.bytes_size);
}

}  // namespace ashlar::runtime

// Instantiation: imports, allocation, active segments, start (spec: Execution > Modules > Instantiation).
#include <algorithm>
#include <mutex>
#include <utility>

#include "runtime/bulk.h"
#include "runtime/const_expr.h"
#include "runtime/import_match.h"
#include "runtime/store.h"

namespace ashlar::runtime {

/// The steps for one instance, in order. The instance is new, or one that was cleaned: imports, memories, globals and
/// tags are all bound anew, function cells stay. Whatever fails, the instance stays in the store: its functions may be
/// in tables and globals of others already.
struct Instantiator {
  Store& store;
  Instance& inst;
  const module::Module& m;
  ConstEvaluator eval{inst};

  Status run(std::span<const Extern> imports);
  void bind_import(const module::Import& import, const Extern& given);
  void bind_context();
  Status fill_tables();
  void clear_memories();
  Status make_memories();
  Result<Memory*> make_memory(uint32_t i, const InitialMemories* initial);
  bool have_data = false;  ///< memories begin with what active data segments would write
  void make_tags();
  Status make_globals();
  Status make_tables();
  Status make_elems();
  Status make_elem(uint32_t i);
  Status run_elems();
  Status init_table(uint32_t i);
  Status run_datas();
  Status fill_laid_out(const module::LaidOutData& data);
  Status run_start();
  Result<uint64_t> offset(const module::ConstExpr& expr, bool is64);
};

Status Instantiator::run(std::span<const Extern> imports) {
  for (size_t i = 0; i < m.imports.size(); ++i) bind_import(m.imports[i], imports[i]);
  make_tags();
  TRY(make_memories());
  bind_context();
  if (inst.compiled_->has_gc_types() && !store.heap().describe(m.canonical)) {
    return make_error(ErrorCode::gc_heap_exhausted);
  }
  if (Status done = fill_tables(); !done) {
    // Some functions may be in others' tables already: they find memories to which no segment was written.
    if (have_data) clear_memories();
    return done;
  }
  TRY(run_datas());
  return run_start();
}

Status Instantiator::fill_tables() {
  TRY(make_globals());
  TRY(make_tables());
  TRY(make_elems());
  return run_elems();
}

void Instantiator::clear_memories() {
  const InitialMemories* initial = inst.compiled_->initial_memories();
  for (size_t i = m.imported_memories; i < m.memories.size(); ++i) {
    const MemoryImage* image = initial->image(static_cast<uint32_t>(i));
    if (image != nullptr) std::fill_n(inst.ctx.memories[i]->base(), image->contents().size(), uint8_t{0});
  }
}

void Instantiator::bind_import(const module::Import& import, const Extern& given) {
  const uint32_t i = import.index;
  switch (import.kind) {
    case module::ExternKind::Func:
      inst.ctx.funcs[i] = given.func;
      return;
    case module::ExternKind::Table:
      inst.ctx.tables[i] = given.table;
      return;
    case module::ExternKind::Memory:
      inst.ctx.memories[i] = given.memory;
      return;
    case module::ExternKind::Global:
      inst.global_instances_[i] = given.global;
      inst.ctx.globals[i] = given.global->value;
      return;
    case module::ExternKind::Tag:
      inst.ctx.tags[i] = given.tag;
      return;
  }
}

void Instantiator::bind_context() {
  InstanceContext& ctx = inst.ctx;
  ctx.mem0 = m.memories.empty() ? nullptr : ctx.memories[0];
  ctx.mem0_base = ctx.mem0 == nullptr ? nullptr : ctx.mem0->base();
  ctx.interrupt = &store.interrupt_flag();
  ctx.tier_module = &inst.compiled_->tier();
  ctx.gc_base = store.heap().base();
  ctx.type_ids = m.canonical.data();
  ctx.libcalls = store.engine().tier().libcalls;
  ctx.fuel = &store.fuel;
  ctx.native_image = inst.compiled_->tier().native_image();
}

void Instantiator::make_tags() {
  for (size_t i = m.imported_tags; i < m.tags.size(); ++i) {
    TagInstance& tag = inst.own_tags_[i - m.imported_tags];
    tag.type_id = m.canonical[m.tags[i].type.type];
    inst.ctx.tags[i] = &tag;
  }
}

Status Instantiator::make_memories() {
  const InitialMemories* initial = inst.compiled_->initial_memories();
  have_data = initial != nullptr && initial->have_data();
  for (size_t i = m.imported_memories; i < m.memories.size(); ++i) {
    const module::MemoryType& type = m.memories[i].type;
    TRY(store.admit_memory(type));
    Charge charge(store.account_, Resource::MemoryBytes, type.limits.min << type.page_size_log2);
    TRY_ASSIGN(inst.ctx.memories[i], make_memory(static_cast<uint32_t>(i), initial));
    charge.keep();
  }
  return {};
}

Result<Memory*> Instantiator::make_memory(uint32_t i, const InitialMemories* initial) {
  const module::MemoryType& type = m.memories[i].type;
  MemoryImage* image = initial != nullptr ? initial->image(i) : nullptr;
  MemoryPool* pool = store.engine().memory_pool();
  if (pool != nullptr && image != nullptr && !type.limits.shared) {
    std::unique_ptr<PooledMemory>& pooled = inst.pooled_memories_[i - m.imported_memories];
    pooled = pool->take(*image, type);
    if (pooled != nullptr) {
      store.memory_bytes_used += pooled->memory.byte_size();
      return &pooled->memory;
    }
    if (!pool->config().overflow) {
      return make_error(ErrorCode::pool_exhausted, kNoOffset, std::to_string(pool->config().memories),
                        std::to_string(pool->config().memory_bytes));
    }
  }
  if (image == nullptr) {
    TRY_ASSIGN(auto memory, Memory::create(type, store.engine().config().max_memory64_reservation));
    return store.adopt_memory(std::move(memory));
  }
  TRY_ASSIGN(std::shared_ptr<Memory> memory, Memory::create(type, image->size(), image));
  return store.adopt_memory(std::move(memory));
}

Status Instantiator::make_globals() {
  for (size_t i = m.imported_globals; i < m.globals.size(); ++i) {
    module::GlobalType type = m.globals[i].type;
    type.type = module::to_canonical(m, type.type);
    Value init{type.type};
    Slot out[2];
    TRY(eval.eval(m.globals[i].init, out));
    init.lo = out[0];
    init.hi = out[1];
    GlobalInstance& global = inst.own_globals_[i - m.imported_globals];
    store.set_global(global, type, init);
    inst.global_instances_[i] = &global;
    inst.ctx.globals[i] = global.value;
  }
  return {};
}

Status Instantiator::make_tables() {
  for (size_t i = m.imported_tables; i < m.tables.size(); ++i) {
    module::TableType type = m.tables[i].type;
    type.elem = module::to_canonical(m, type.elem);
    Slot init = 0;
    if (m.tables[i].init) {
      TRY_ASSIGN(init, eval.eval_slot(*m.tables[i].init));
    }
    TRY(store.admit_table(type));
    Charge charge(store.account_, Resource::TableElements, type.limits.min);
    std::unique_ptr<Table>& table = inst.own_tables_[i - m.imported_tables];
    // An instance before had one of this type, which is as new: all nulls.
    if (table == nullptr || init != 0) table = std::make_unique<Table>(type, init);
    TRY(store.count_table(*table));
    charge.keep();
    if (!store.is_func_ref(type.elem)) store.ref_tables_.push_back(table.get());
    inst.ctx.tables[i] = table.get();
  }
  return {};
}

/// Declared segments can't be used, and active ones of plain functions are written straight into their table.
Status Instantiator::make_elems() {
  for (uint32_t i = 0; i < m.elems.size(); ++i) {
    const module::Elem& elem = m.elems[i];
    if (!store.is_func_ref(module::to_canonical(m, elem.type))) store.ref_elems_.push_back(&inst.elems_[i]);
    if (elem.mode == module::SegmentMode::Declared) continue;
    if (elem.mode == module::SegmentMode::Active && elem.exprs.empty()) continue;
    TRY(make_elem(i));
  }
  return {};
}

Status Instantiator::make_elem(uint32_t i) {
  const module::Elem& elem = m.elems[i];
  std::vector<Slot>& refs = inst.elems_[i];
  refs.reserve(elem.size());
  for (module::FuncIdx f : elem.funcs) refs.push_back(from_func(inst.func_cell(f)));
  for (const module::ConstExpr& expr : elem.exprs) {
    TRY_ASSIGN(const Slot ref, eval.eval_slot(expr));
    refs.push_back(ref);
  }
  return {};
}

Result<uint64_t> Instantiator::offset(const module::ConstExpr& expr, bool is64) {
  TRY_ASSIGN(const Slot value, eval.eval_slot(expr));
  return is64 ? value : static_cast<uint32_t>(value);
}

Status Instantiator::run_elems() {
  for (uint32_t i = 0; i < m.elems.size(); ++i) {
    if (m.elems[i].mode == module::SegmentMode::Active) TRY(init_table(i));
  }
  return {};
}

Status Instantiator::init_table(uint32_t i) {
  const module::Elem& elem = m.elems[i];
  Table& table = *inst.ctx.tables[elem.table];
  TRY_ASSIGN(const uint64_t at, offset(elem.offset, table.type().limits.is64));
  if (elem.exprs.empty()) {
    if (!in_bounds(at, elem.funcs.size(), table.size())) return make_error(ErrorCode::out_of_bounds_table_access);
    // Cells are made for those that are called.
    if (table.defer(inst, elem.funcs, at)) return {};
    for (size_t k = 0; k < elem.funcs.size(); ++k) table.set(at + k, from_func(inst.func_cell(elem.funcs[k])));
    return {};
  }
  TRY(to_status(store, table_init(inst, i, table, at, 0, elem.size())));
  inst.drop_elem(i);
  return {};
}

/// All segments at once, as they were found to end up in the module's own memory.
Status Instantiator::fill_laid_out(const module::LaidOutData& data) {
  if (data.runs.empty()) return {};
  if (m.imported_memories != 0 || m.memories.empty()) return make_error(ErrorCode::out_of_bounds_memory_access);
  Memory& memory = *inst.ctx.memories[0];
  for (const module::LaidOutData::Run& run : data.runs) {
    if (!in_bounds(run.at, run.size, memory.byte_size()) || !in_bounds(run.offset, run.size, data.bytes.size())) {
      return make_error(ErrorCode::out_of_bounds_memory_access);
    }
    memory.fill(run.at, data.bytes.subspan(run.offset, run.size), data.file, data.file_offset + run.offset);
  }
  return {};
}

Status Instantiator::run_datas() {
  if (have_data) {
    for (uint32_t i = 0; i < m.datas.size(); ++i) {
      if (m.datas[i].mode == module::SegmentMode::Active) inst.drop_data(i);
    }
    return {};
  }
  if (m.laid_out) return fill_laid_out(*m.laid_out);
  for (uint32_t i = 0; i < m.datas.size(); ++i) {
    const module::Data& data = m.datas[i];
    if (data.mode != module::SegmentMode::Active) continue;
    Memory& memory = *inst.ctx.memories[data.memory];
    TRY_ASSIGN(const uint64_t at, offset(data.offset, memory.type().limits.is64));
    TRY(to_status(store, memory_init(inst, i, memory, at, 0, data.bytes_size)));
    inst.drop_data(i);
  }
  return {};
}

Status Instantiator::run_start() {
  if (!m.start) return {};
  Slot none = 0;
  return store.invoke(*inst.func_cell(*m.start), &none);
}

namespace {

/// Most imports are functions and globals of just the types that are wanted: a module that is linked dynamically has a
/// thousand of them.
bool has_same_type(const module::Module& m, const module::Import& import, const Extern& given) {
  if (given.kind != import.kind) return false;
  switch (import.kind) {
    case module::ExternKind::Func:
      return given.func->type_id == m.canonical[m.funcs[import.index].type];
    case module::ExternKind::Global: {
      const module::GlobalType& wanted = m.globals[import.index].type;
      return !wanted.type.is_ref() && given.global->type.type == wanted.type && given.global->type.mut == wanted.mut;
    }
    default:
      return false;
  }
}

Status check_imports(const Store& store, const module::Module& m, std::span<const Extern> imports) {
  for (size_t i = 0; i < m.imports.size(); ++i) {
    const module::Import& import = m.imports[i];
    if (i >= imports.size()) {
      return make_error(ErrorCode::unknown_import, import.offset, std::string(import.module), std::string(import.name),
                        std::string(module::to_string(import.kind)));
    }
    if (has_same_type(m, import, imports[i])) continue;
    std::string mismatch = import_mismatch(store, m, import, imports[i]);
    if (mismatch.empty()) continue;
    return make_error(ErrorCode::incompatible_import_type, import.offset, std::string(import.module),
                      std::string(import.name), std::move(mismatch));
  }
  return {};
}

}  // namespace

Result<Instance*> Store::instantiate(std::shared_ptr<CompiledModule> module, std::span<const Extern> imports) {
  if (module->engine() != engine_) return make_error(ErrorCode::foreign_module);
  TRY(module->complete());
  TRY(check_imports(*this, module->module(), imports));
  if (instances_.size() >= limits_.instances) {
    return make_error(ErrorCode::store_limit, kNoOffset, "at most " + std::to_string(limits_.instances) + " instances");
  }
  if (!admitted_) return make_error(ErrorCode::store_limit, kNoOffset, "no store is left to the tenant");
  if (!account_.take(Resource::Instances, 1)) {
    return make_error(ErrorCode::store_limit, kNoOffset, "no instance is left to the tenant");
  }
  Instance* instance = add_instance(std::move(module));
  if (instance == nullptr) {
    account_.give_back(Resource::Instances, 1);
    return std::unexpected(Error::no_memory());
  }
  TRY(Instantiator{*this, *instance, instance->module()}.run(imports));
  return instance;
}

Instance* Store::add_instance(std::shared_ptr<CompiledModule> module) try {
  std::unique_ptr<Instance> instance(static_cast<Instance*>(module->idle_instances().take().release()));
  if (instance == nullptr) instance = Instance::make(module->module());
  if (instance == nullptr) return nullptr;
  instance->compiled_ = std::move(module);
  instance->ctx.store = this;
  instance->ctx.instance = instance.get();
  instance->ctx.results = results_;
  std::lock_guard lock(mutex_);
  instance->ctx.stack_limit = current_limit();
  return instances_.emplace_back(std::move(instance)).get();
} catch (const std::bad_alloc&) {
  return nullptr;
}

}  // namespace ashlar::runtime

// Canonical definitions: lifting, lowering and built-ins (CanonicalABI.md, canonical definitions); see validator.h.
#include <algorithm>

#include "component/canon_table.h"
#include "component/validator.h"

namespace ashlar::component {

namespace {

using CoreVal = isa::ValType;
using Core = module::FuncType;

constexpr uint32_t kContextSlots = 2;

CoreVal core_type_of(FlatType type) {
  switch (type) {
    case FlatType::I32:
      return CoreVal::i32();
    case FlatType::I64:
      return CoreVal::i64();
    case FlatType::F32:
      return CoreVal::f32();
    case FlatType::F64:
      return CoreVal::f64();
  }
  return CoreVal::i32();
}

CoreVal pointer(bool m64) { return m64 ? CoreVal::i64() : CoreVal::i32(); }

Core of(std::vector<CoreVal> params, std::vector<CoreVal> results) { return {std::move(params), std::move(results)}; }

bool any_pointer(const std::vector<Member>& params) {
  return std::ranges::any_of(params, [](const Member& p) { return p.type->has_pointer; });
}

std::vector<CoreVal> flat_types(const ValType& type, bool m64, size_t most) {
  std::vector<FlatType> flat;
  flatten(type, m64, flat, most);
  std::vector<CoreVal> out;
  std::ranges::transform(flat, std::back_inserter(out), core_type_of);
  return out;
}

}  // namespace

void Validator::flatten_params(const FuncType& type, size_t most, bool m64, Core& out, bool& spilled) {
  size_t count = 0;
  for (const Member& p : type.params) count += p.type->flat_count;
  spilled = count > most;
  if (spilled) {
    out.params.push_back(pointer(m64));
    return;
  }
  for (const Member& p : type.params) std::ranges::copy(flat_types(*p.type, m64, most), std::back_inserter(out.params));
}

// --- options

Result<bool> Validator::memory64_at(Scope& s, uint32_t index) {
  if (index >= s.core_memories.size()) return unknown("core memory", index);
  const module::MemoryType& memory = s.core_memories[index];
  if (memory.limits.shared) return rule("canonical option memory: a shared memory is not allowed");
  if (memory.page_size_log2 != 16) return rule("canonical option memory: its pages must have 64 KiB");
  if (memory.limits.is64) TRY(gate(Gate::Memory64, "a canonical option memory with 64-bit addresses"));
  return memory.limits.is64;
}

Result<bool> Validator::memory64(Scope& s, const CanonOpts& opts) {
  if (!opts.memory) return false;
  return memory64_at(s, *opts.memory);
}

Status Validator::check_core_func(Scope& s, uint32_t index, const Core& wanted, std::string_view what) {
  if (index >= s.core_funcs.size()) return unknown("core function", index);
  const Core& given = core_func(s.core_funcs[index]);
  if (given == wanted) return {};
  return make_error(ErrorCode::type_mismatch, offset(),
                    std::string(what) + " must have the core type " + module::to_string(wanted) + ", has " +
                        module::to_string(given));
}

Status Validator::check_options(Scope& s, const CanonDef& def, Use use) {
  const CanonOpts& opts = def.opts;
  if (opts.gc || opts.core_type) TRY(gate(Gate::Gc, "a canonical option gc or core-type"));
  TRY_ASSIGN(const bool m64, memory64(s, opts));
  const CoreVal p = pointer(m64);
  if (opts.realloc) {
    if (def.op == CanonOp::task_return) return rule("canonical option realloc has no place here");
    if (!opts.memory) return rule("canonical option realloc needs the option memory");
    TRY(check_core_func(s, *opts.realloc, of({p, p, p, p}, {p}), "canonical option realloc"));
  }
  if (opts.async) TRY(gate(Gate::Async, "a canonical option async"));
  if (opts.post_return) {
    if (def.op != CanonOp::lift) return rule("canonical option post-return is for lifted functions only");
    if (opts.async) return rule("canonical option post-return cannot stand with async");
  }
  if (opts.callback) {
    if (def.op != CanonOp::lift) return rule("canonical option callback is for lifted functions only");
    if (!opts.async) return rule("canonical option callback needs the option async");
    const CoreVal i32 = CoreVal::i32();
    TRY(check_core_func(s, *opts.callback, of({i32, i32, i32}, {i32}), "canonical option callback"));
  }
  if (use.memory && !opts.memory) return rule("canonical option memory is required");
  if (use.realloc && !opts.realloc) return rule("canonical option realloc is required");
  return {};
}

// --- lift and lower

Status Validator::canon(Scope& s, const CanonDef& def) {
  const CanonInfo& row = info(def.op);
  TRY(gate(row.gate, row.name));
  if (def.cancellable) return rule(std::string(row.name) + ": the byte for cancellable must be 0");
  if (def.op == CanonOp::lift) return lift(s, def);
  TRY(room(s.core_funcs, "core functions"));
  if (def.op == CanonOp::lower) return lower(s, def);
  TRY_ASSIGN(const Core type, builtin(s, def));
  TRY_ASSIGN(const uint32_t canonical, core_func_type(type));
  s.core_funcs.push_back(canonical);
  return {};
}

Status Validator::lift(Scope& s, const CanonDef& def) {
  TRY(room(s.funcs, "functions"));
  if (def.type >= s.types.size()) return unknown("type", def.type);
  if (s.types[def.type]->kind != NodeKind::Func) {
    return rule("type " + std::to_string(def.type) + " is no function type");
  }
  const auto& node = static_cast<const FuncNode&>(*s.types[def.type]);
  const FuncType& type = node.type;
  if (def.opts.async && !type.async) return rule("canonical option async is for async function types only");
  if (def.opts.async && !def.opts.callback) TRY(gate(Gate::StackfulLift, "async without callback"));
  TRY_ASSIGN(const bool m64, memory64(s, def.opts));
  Core core;
  Use use;
  bool spilled = false;
  flatten_params(type, kMaxFlatParams, m64, core, spilled);
  use.memory = use.realloc = spilled || any_pointer(type.params);
  if (type.result != nullptr) {
    const size_t most = def.opts.async ? kMaxFlatParams : kMaxFlatResults;
    const bool by_pointer = type.result->flat_count > most;
    use.memory |= type.result->has_pointer || by_pointer;
    if (!def.opts.async) core.results = by_pointer ? std::vector{pointer(m64)} : flat_types(*type.result, m64, most);
  }
  if (def.opts.async && def.opts.callback) core.results = {CoreVal::i32()};
  TRY(check_options(s, def, use));
  TRY(check_core_func(s, def.func, core, "the lifted function"));
  if (def.opts.post_return) TRY(check_core_func(s, *def.opts.post_return, of(core.results, {}), "post-return"));
  s.funcs.push_back(&node);
  return {};
}

Status Validator::lower(Scope& s, const CanonDef& def) {
  if (def.func >= s.funcs.size()) return unknown("function", def.func);
  const FuncType& type = s.funcs[def.func]->type;
  if (def.opts.async && !type.async) return rule("canonical option async is for async function types only");
  TRY_ASSIGN(const bool m64, memory64(s, def.opts));
  Core core;
  Use use;
  bool spilled = false;
  flatten_params(type, def.opts.async ? kMaxFlatAsyncParams : kMaxFlatParams, m64, core, spilled);
  use.memory = spilled || any_pointer(type.params);
  if (type.result != nullptr) {
    const bool by_pointer = type.result->flat_count > (def.opts.async ? 0 : kMaxFlatResults);
    use.memory |= by_pointer || type.result->has_pointer;
    use.realloc = type.result->has_pointer;
    if (by_pointer) {
      core.params.push_back(pointer(m64));
    } else if (!def.opts.async) {
      core.results = flat_types(*type.result, m64, kMaxFlatResults);
    }
  }
  if (def.opts.async) core.results = {CoreVal::i32()};
  TRY(check_options(s, def, use));
  TRY_ASSIGN(const uint32_t canonical, core_func_type(core));
  s.core_funcs.push_back(canonical);
  return {};
}

// --- built-ins

Result<Core> Validator::builtin(Scope& s, const CanonDef& def) {
  const CoreVal i32 = CoreVal::i32();
  switch (def.op) {
    case CanonOp::lift:
    case CanonOp::lower:
      break;
    case CanonOp::resource_new:
    case CanonOp::resource_drop:
    case CanonOp::resource_rep:
      return resource_builtin(s, def);
    case CanonOp::task_cancel:
    case CanonOp::backpressure_inc:
    case CanonOp::backpressure_dec:
      return of({}, {});
    case CanonOp::subtask_cancel:
      if (def.async) TRY(gate(Gate::AsyncBuiltins, "subtask.cancel with async"));
      return of({i32}, {i32});
    case CanonOp::task_return:
      return task_return(s, def);
    case CanonOp::context_get:
    case CanonOp::context_set:
      return context(s, def);
    case CanonOp::subtask_drop:
    case CanonOp::waitable_set_drop:
    case CanonOp::thread_resume_later:
      return of({i32}, {});
    case CanonOp::stream_new:
    case CanonOp::stream_read:
    case CanonOp::stream_write:
    case CanonOp::stream_cancel_read:
    case CanonOp::stream_cancel_write:
    case CanonOp::stream_drop_readable:
    case CanonOp::stream_drop_writable:
    case CanonOp::future_new:
    case CanonOp::future_read:
    case CanonOp::future_write:
    case CanonOp::future_cancel_read:
    case CanonOp::future_cancel_write:
    case CanonOp::future_drop_readable:
    case CanonOp::future_drop_writable:
      return stream_builtin(s, def);
    case CanonOp::error_context_new:
    case CanonOp::error_context_debug_message:
    case CanonOp::error_context_drop:
      return error_context_builtin(s, def);
    case CanonOp::waitable_set_new:
    case CanonOp::thread_yield:
    case CanonOp::thread_index:
    case CanonOp::thread_suspend:
      return of({}, {i32});
    case CanonOp::waitable_set_wait:
    case CanonOp::waitable_set_poll: {
      TRY_ASSIGN(const bool m64, memory64_at(s, def.memory));
      return of({i32, pointer(m64)}, {i32});
    }
    case CanonOp::waitable_join:
      return of({i32, i32}, {});
    case CanonOp::thread_suspend_then_resume:
    case CanonOp::thread_yield_then_resume:
    case CanonOp::thread_suspend_then_promote:
    case CanonOp::thread_yield_then_promote:
      return of({i32}, {i32});
    case CanonOp::thread_new_indirect:
    case CanonOp::thread_spawn_ref:
    case CanonOp::thread_spawn_indirect:
    case CanonOp::thread_available_parallelism:
      return thread_builtin(s, def);
  }
  return rule("unknown canonical definition");
}

Result<Core> Validator::resource_builtin(Scope& s, const CanonDef& def) {
  TRY_ASSIGN(const ResourceNode* resource, resource_at(s, def.type));
  if (def.op == CanonOp::resource_drop) return of({CoreVal::i32()}, {});
  const auto local = s.local_resources.find(resource->id);
  if (local == s.local_resources.end()) {
    return rule(std::string(info(def.op).name) + ": type " + std::to_string(def.type) +
                " is no resource type that this component defines");
  }
  const CoreVal rep = local->second.rep;
  return def.op == CanonOp::resource_new ? of({rep}, {CoreVal::i32()}) : of({CoreVal::i32()}, {rep});
}

Result<Core> Validator::task_return(Scope& s, const CanonDef& def) {
  TRY_ASSIGN(const ValueNode* result, optional_ref(s, def.result));
  if (def.opts.async) return rule("task.return has no option async");
  TRY_ASSIGN(const bool m64, memory64(s, def.opts));
  Core core;
  Use use;
  if (result != nullptr) {
    if (result->type->has_borrow) return rule("a task's result cannot hold borrowed handles");
    FuncType type;
    type.params.push_back({{}, result->type});
    bool spilled = false;
    flatten_params(type, kMaxFlatParams, m64, core, spilled);
    use.memory = spilled || result->type->has_pointer;
  }
  TRY(check_options(s, def, use));
  return core;
}

Result<Core> Validator::context(Scope& s, const CanonDef& def) {
  if (def.value == CoreVal::i64()) {
    TRY(gate(Gate::Memory64, "a context slot of type i64"));
  } else if (def.value != CoreVal::i32()) {
    return rule("a context slot is of type i32, not " + isa::to_string(def.value));
  }
  if (s.context && *s.context != def.value) return rule("context slots of one component must be of one type");
  s.context = def.value;
  if (def.index >= kContextSlots) {
    return rule("context slot " + std::to_string(def.index) + ": there are only " + std::to_string(kContextSlots));
  }
  // The second one came with threads.
  if (def.index > 0) TRY(gate(Gate::Threading, "context slot 1"));
  return def.op == CanonOp::context_get ? of({}, {def.value}) : of({def.value}, {});
}

Result<Core> Validator::stream_builtin(Scope& s, const CanonDef& def) {
  const bool stream = def.op <= CanonOp::stream_drop_writable;
  const TypeKind kind = stream ? TypeKind::Stream : TypeKind::Future;
  TRY_ASSIGN(const ValueNode* node, type_ref(s, TypeRef::at(def.type)));
  if (node->type->kind != kind) {
    return rule(std::string(info(def.op).name) + ": type " + std::to_string(def.type) +
                (stream ? " is no stream type" : " is no future type"));
  }
  const CoreVal i32 = CoreVal::i32();
  switch (info(def.op).immediates) {
    case CanonImmediates::Type_Async:
      if (def.async) TRY(gate(Gate::AsyncBuiltins, std::string(info(def.op).name) + " with async"));
      return of({i32}, {i32});
    case CanonImmediates::Type_Opts:
      break;
    default:
      if (def.op == CanonOp::stream_new || def.op == CanonOp::future_new) return of({}, {CoreVal::i64()});
      return of({i32}, {});
  }
  if (!def.opts.async) TRY(gate(Gate::AsyncBuiltins, std::string(info(def.op).name) + " without async"));
  Use use;
  if (const ValType* element = node->type->members[0].type) {
    use.memory = true;
    const bool reads = def.op == CanonOp::stream_read || def.op == CanonOp::future_read;
    use.realloc = reads && element->has_pointer;
  }
  TRY(check_options(s, def, use));
  TRY_ASSIGN(const bool m64, memory64(s, def.opts));
  const CoreVal p = pointer(m64);
  return stream ? of({i32, p, p}, {p}) : of({i32, p}, {i32});
}

Result<Core> Validator::error_context_builtin(Scope& s, const CanonDef& def) {
  const CoreVal i32 = CoreVal::i32();
  if (def.op == CanonOp::error_context_drop) return of({i32}, {});
  if (def.opts.async) return rule(std::string(info(def.op).name) + " has no option async");
  const bool reads = def.op == CanonOp::error_context_new;
  TRY(check_options(s, def, {true, !reads}));
  TRY_ASSIGN(const bool m64, memory64(s, def.opts));
  const CoreVal p = pointer(m64);
  return reads ? of({p, p}, {i32}) : of({i32, p}, {});
}

Result<Core> Validator::thread_builtin(Scope& s, const CanonDef& def) {
  const CoreVal i32 = CoreVal::i32();
  if (def.op == CanonOp::thread_available_parallelism) return of({}, {i32});
  TRY_ASSIGN(const uint32_t index, core_type_index(s, def.type, 0, 0));
  const module::SubType& start = out_.core_types.types[index];
  if (start.kind != module::CompositeKind::Func ||
      !(start.func == of({i32}, {}) || start.func == of({CoreVal::i64()}, {}))) {
    return rule("a thread's start function must have the core type [i32] -> []");
  }
  const CoreVal argument = start.func.params[0];
  if (argument == CoreVal::i64()) TRY(gate(Gate::Memory64, "a thread's argument of type i64"));
  if (def.op == CanonOp::thread_spawn_ref) {
    return of({CoreVal::ref_null(isa::HeapType::concrete(out_.core_types.canonical[index])), argument}, {i32});
  }
  if (def.table >= s.core_tables.size()) return unknown("core table", def.table);
  const module::TableType& table = s.core_tables[def.table];
  if (table.elem != CoreVal::funcref()) return rule("a thread's start function comes from a table of funcref");
  return of({pointer(table.limits.is64), argument}, {i32});
}

}  // namespace ashlar::component

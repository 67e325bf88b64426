// Adapters: the call, with what is checked before and after; see adapter.h.
#include "component/adapter.h"

#include <algorithm>
#include <optional>

#include "component/adapter_builder.h"

namespace ashlar::component {

namespace {

using enum FlatType;
using Kind = AdapterImport::Kind;

std::string key_of(const CoreRef& ref) {
  return std::to_string(ref.instance) + ":" + std::to_string(ref.trampoline) + ":" + ref.name;
}

bool lends(const FuncType& type) {
  return std::ranges::any_of(type.params, [](const Member& m) { return m.type->has_borrow; });
}

}  // namespace

std::string_view text_of(AdapterTrap trap) {
  switch (trap) {
#define ADAPTER_TRAP(id, text) \
  case AdapterTrap::id:        \
    return text;
#include "component/adapter_traps.def"
#undef ADAPTER_TRAP
  }
  return "";
}

// ---- imports

std::string AdapterImports::next(const AdapterImport& import) {
  module_.imports.push_back(import);
  return std::to_string(module_.imports.size() - 1);
}

uint32_t AdapterImports::core_func(const CoreRef& core, const std::vector<FlatType>& params,
                                   const std::vector<FlatType>& results) {
  const auto [at, is_new] = known_.try_emplace("f" + key_of(core));
  if (is_new)
    at->second = writer_.import_func(next({.kind = Kind::CoreFunc, .core = core}), writer_.type(params, results));
  return at->second;
}

uint32_t AdapterImports::core_memory(const CoreRef& core) {
  const auto [at, is_new] = known_.try_emplace("m" + key_of(core));
  if (is_new) at->second = writer_.import_memory(next({.kind = Kind::CoreMemory, .core = core}));
  return at->second;
}

uint32_t AdapterImports::global(Kind kind, uint32_t instance) {
  const auto [at, is_new] = known_.try_emplace((kind == Kind::MayLeave ? "l" : "e") + std::to_string(instance));
  if (is_new) at->second = writer_.import_global(next({.kind = kind, .core = {}, .from = instance}));
  return at->second;
}

uint32_t AdapterImports::host(const AdapterImport& import, const std::vector<FlatType>& params,
                              const std::vector<FlatType>& results) {
  const std::string key = "h" + std::to_string(static_cast<int>(import.kind)) + ":" + std::to_string(import.from) +
                          ":" + std::to_string(import.to) + ":" + std::to_string(import.resource) + ":" +
                          std::to_string(import.string);
  const auto [at, is_new] = known_.try_emplace(key);
  if (is_new) at->second = writer_.import_func(next(import), writer_.type(params, results));
  return at->second;
}

uint32_t AdapterImports::string(const StringPath& path) {
  auto& strings = module_.strings;
  auto found = std::ranges::find(strings, path);
  if (found == strings.end()) found = strings.insert(strings.end(), path);
  return host({.kind = Kind::String, .core = {}, .string = static_cast<uint32_t>(found - strings.begin())},
              {I32, I32, I64}, {I64});
}

uint32_t AdapterImports::units_copy(UnitsCopy copy, uint32_t to_memory, uint32_t from_memory) {
  return writer_.imported_funcs() + defined_ + copies_.find(copy, to_memory, from_memory);
}

// ---- the call

AdapterBuilder::AdapterBuilder(const Plan& plan, const PlanTrampoline& trampoline, AdapterImports& imports,
                               const AdapterFeatures& features)
    : plan_(plan),
      trampoline_(trampoline),
      callee_(plan.funcs[trampoline.func]),
      imports_(imports),
      features_(features),
      code_(trampoline.params) {}

AdapterSide AdapterBuilder::side(uint32_t instance, const PlanOptions& options) {
  AdapterSide out;
  out.instance = instance;
  out.options = &options;
  if (options.memory) out.memory = imports_.core_memory(*options.memory);
  if (options.realloc) out.realloc = imports_.core_func(*options.realloc, {I32, I32, I32, I32}, {I32});
  return out;
}

/// CanonicalABI.md, entering_set: the callee and what it is inside of, but for what the caller is inside of, too. Those
/// whose parent lowers nothing are left out: nobody inside can call them while they run.
std::vector<uint32_t> AdapterBuilder::entering_set() const {
  const auto with_ancestors = [&](uint32_t instance) {
    std::vector<uint32_t> out;
    for (; instance != module::kNoIndex; instance = plan_.instances[instance].parent) out.push_back(instance);
    return out;
  };
  const std::vector<uint32_t> outside = with_ancestors(trampoline_.instance);
  std::vector<uint32_t> out = with_ancestors(callee_.instance);
  std::erase_if(out, [&](uint32_t i) {
    const uint32_t parent = plan_.instances[i].parent;
    return std::ranges::find(outside, i) != outside.end() ||
           (parent != module::kNoIndex && !plan_.instances[parent].lowers);
  });
  return out;
}

void AdapterBuilder::enter() {
  if (plan_.instances[trampoline_.instance].forbids_leaving) {
    code_.op_index(isa::Op::global_get, imports_.global(Kind::MayLeave, trampoline_.instance));
    code_.op(isa::Op::i32_eqz);
    fail_if(AdapterTrap::cannot_leave);
  }
  for (uint32_t instance : entering_set()) {
    const uint32_t flag = imports_.global(Kind::MayEnter, instance);
    code_.op_index(isa::Op::global_get, flag);
    code_.op(isa::Op::i32_eqz);
    fail_if(AdapterTrap::cannot_enter);
    code_.i32(0);
    code_.op_index(isa::Op::global_set, flag);
  }
  if (lends(callee_.type)) {
    code_.call(imports_.host(
        {.kind = Kind::BeginCall, .core = {}, .from = trampoline_.instance, .to = callee_.instance}, {}, {}));
  }
}

void AdapterBuilder::leave() {
  if (lends(callee_.type)) {
    code_.call(imports_.host({.kind = Kind::EndCall, .core = {}, .from = trampoline_.instance, .to = callee_.instance},
                             {}, {}));
  }
  for (uint32_t instance : entering_set()) {
    code_.i32(1);
    code_.op_index(isa::Op::global_set, imports_.global(Kind::MayEnter, instance));
  }
}

std::vector<uint32_t> AdapterBuilder::pass_params() {
  const std::vector<Member>& params = callee_.type.params;
  std::vector<FlatType> flat;
  bool is_flat = true;
  for (const Member& p : params) is_flat = is_flat && flatten(*p.type, false, flat, kMaxFlatParams);
  if (!is_flat) {
    const AbiLayout all = record_layout(params, false);
    check_aligned(0, all.align, AdapterTrap::unaligned_pointer);
    code_.i64(all.size);
    check_bounds(0, from_.memory, AdapterTrap::pointer_out_of_bounds);
    const uint32_t size = code_.local(I32);
    code_.i32(all.size);
    code_.set(size);
    const uint32_t room = allocate(size, all.align);
    code_.release(size);
    copy_members(params, Place::memory(0), Place::memory(room));
    return {room};
  }
  std::vector<uint32_t> sources, args;
  for (uint32_t i = 0; i < flat.size(); ++i) {
    sources.push_back(i);
    args.push_back(code_.local(flat[i]));
  }
  copy_members(params, Place::flat(sources.data()), Place::flat(args.data()));
  return args;
}

void AdapterBuilder::call_callee(const std::vector<uint32_t>& args, std::vector<uint32_t>& returned) {
  std::vector<FlatType> params, results;
  flatten_func(callee_.type, true, false, params, results);
  const uint32_t func = imports_.core_func(callee_.core, params, results);
  for (uint32_t arg : args) code_.get(arg);
  code_.call(func);
  for (FlatType t : results) {
    returned.push_back(code_.local(t));
    code_.set(returned.back());
  }
}

void AdapterBuilder::pass_result(const std::vector<uint32_t>& returned) {
  if (callee_.type.result == nullptr) return;
  const ValType& type = *callee_.type.result;
  std::swap(from_, to_);
  if (!trampoline_.results.empty()) {
    const uint32_t out = code_.local(trampoline_.results[0]);
    copy(type, Place::flat(returned.data()), Place::flat(&out));
    code_.get(out);
  } else {
    const AbiLayout all = layout(type, false);
    const auto target = static_cast<uint32_t>(trampoline_.params.size() - 1);
    check_aligned(returned[0], all.align, AdapterTrap::unaligned_pointer);
    code_.i64(all.size);
    check_bounds(returned[0], from_.memory, AdapterTrap::pointer_out_of_bounds);
    check_aligned(target, all.align, AdapterTrap::unaligned_pointer);
    code_.i64(all.size);
    check_bounds(target, to_.memory, AdapterTrap::pointer_out_of_bounds);
    copy(type, Place::memory(returned[0]), Place::memory(target));
  }
  std::swap(from_, to_);
}

Result<std::vector<uint8_t>> AdapterBuilder::build() {
  from_ = side(trampoline_.instance, trampoline_.options);
  to_ = side(callee_.instance, callee_.options);
  if (features_.exceptions) {
    code_.block();
    code_.try_catch_all(0);
  }
  enter();
  std::vector<uint32_t> returned;
  call_callee(pass_params(), returned);
  std::optional<uint32_t> result;
  pass_result(returned);
  if (!trampoline_.results.empty()) {
    result = code_.local(trampoline_.results[0]);
    code_.set(*result);
  }
  if (callee_.options.post_return) {
    std::vector<FlatType> params;
    for (uint32_t l : returned) params.push_back(code_.type_of(l));
    const uint32_t may_leave = imports_.global(Kind::MayLeave, callee_.instance);
    code_.i32(0);
    code_.op_index(isa::Op::global_set, may_leave);
    for (uint32_t l : returned) code_.get(l);
    code_.call(imports_.core_func(*callee_.options.post_return, params, {}));
    code_.i32(1);
    code_.op_index(isa::Op::global_set, may_leave);
  }
  leave();
  if (result) code_.get(*result);
  code_.op(isa::Op::return_);
  if (features_.exceptions) {
    code_.end();
    code_.end();
    fail(AdapterTrap::exception);
  }
  if (nodes_ > kMostNodes) {
    return make_error(ErrorCode::component_too_large, kNoOffset, std::to_string(kMostNodes),
                      "types in the parameters and results of one function");
  }
  return code_.finish();
}

// ---- modules

bool needs_adapter(const Plan& plan, const PlanTrampoline& trampoline) {
  if (trampoline.op != CanonOp::lower) return false;
  const PlanFunc& func = plan.funcs[trampoline.func];
  return !func.imported && !func.options.async && !trampoline.options.async;
}

bool lowers_host(const Plan& plan, const PlanTrampoline& trampoline) {
  return trampoline.op == CanonOp::lower && plan.funcs[trampoline.func].imported && !trampoline.options.async;
}

namespace {

/// Whether something that the adapter calls is made by an adapter of the same module.
bool refers_to(const Plan& plan, const PlanTrampoline& t, const std::vector<uint32_t>& made) {
  const PlanFunc& callee = plan.funcs[t.func];
  const auto is_made = [&](const std::optional<CoreRef>& ref) {
    return ref && ref->instance == module::kNoIndex && std::ranges::find(made, ref->trampoline) != made.end();
  };
  return is_made(callee.core) || is_made(callee.options.realloc) || is_made(callee.options.post_return) ||
         is_made(t.options.realloc);
}

Result<AdapterModule> make_module(const Plan& plan, std::vector<uint32_t> trampolines, uint32_t before,
                                  const AdapterFeatures& features) {
  AdapterModule out;
  out.before = before;
  ModuleWriter writer;
  AdapterImports imports(writer, out);
  imports.set_defined(static_cast<uint32_t>(trampolines.size()));
  // Twice where such functions are called: how many imports there are, from which they count, is only known when all
  // of them were met.
  std::vector<std::vector<uint8_t>> bodies;
  for (int turn = 0; turn < 2; ++turn) {
    bodies.clear();
    for (uint32_t t : trampolines) {
      TRY_ASSIGN(auto body, AdapterBuilder(plan, plan.trampolines[t], imports, features).build());
      bodies.push_back(std::move(body));
    }
    if (imports.copies().empty()) break;
  }
  for (size_t i = 0; i < bodies.size(); ++i) {
    const PlanTrampoline& trampoline = plan.trampolines[trampolines[i]];
    writer.declare(std::to_string(trampolines[i]), writer.type(trampoline.params, trampoline.results));
    writer.define(std::move(bodies[i]));
  }
  imports.copies().define(writer);
  out.bytes = writer.finish();
  out.trampolines = std::move(trampolines);
  return out;
}

}  // namespace

Result<std::vector<AdapterModule>> make_adapters(const Plan& plan, const AdapterFeatures& features) {
  std::vector<AdapterModule> out;
  std::vector<uint32_t> group;
  uint32_t before = 0;
  const auto finish = [&]() -> Status {
    if (group.empty()) return {};
    TRY_ASSIGN(AdapterModule made, make_module(plan, std::move(group), before, features));
    out.push_back(std::move(made));
    group.clear();
    return {};
  };
  for (uint32_t t = 0; t < plan.trampolines.size(); ++t) {
    const PlanTrampoline& trampoline = plan.trampolines[t];
    if (!needs_adapter(plan, trampoline)) continue;
    if (trampoline.before != before || refers_to(plan, trampoline, group)) TRY(finish());
    before = trampoline.before;
    group.push_back(t);
  }
  TRY(finish());
  return out;
}

}  // namespace ashlar::component

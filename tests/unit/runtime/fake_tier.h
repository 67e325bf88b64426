// A tier for tests of the runtime alone: every function of every module runs one C++ callback.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "runtime/store.h"

namespace ashlar::runtime::fake {

/// What a defined function does: its index and slots.
using Body = std::function<Status(Store&, const FuncCell&, Slot*)>;
inline Body body;

struct FakeModule final : TierModule {
  const void* entry(module::FuncIdx) override { return this; }
};

inline Tier tier() {
  Tier t{};
  t.make_module = [](const module::Module&, const Config&) -> std::unique_ptr<TierModule> {
    return std::make_unique<FakeModule>();
  };
  t.invoke = [](Store& store, const FuncCell& f, Slot* slots) -> Status {
    return body ? body(store, f, slots) : Status{};
  };
  t.host_entry = []() -> const void* { return &body; };
  t.init_process = nullptr;
  return t;
}

inline std::shared_ptr<Engine> engine() { return std::make_shared<Engine>(Config{}, tier()); }

/// Builds modules by hand; names given to it must outlive the module.
struct Builder {
  std::unique_ptr<module::Module> m = std::make_unique<module::Module>();

  /// A final type alone in its recursion group.
  uint32_t type(module::SubType t) {
    const auto index = static_cast<uint32_t>(m->types.size());
    m->types.push_back(std::move(t));
    m->rec_groups.push_back({index, 1});
    return index;
  }
  uint32_t func_type(std::vector<isa::ValType> params, std::vector<isa::ValType> results) {
    module::SubType t;
    t.func = {std::move(params), std::move(results)};
    return type(std::move(t));
  }
  uint32_t struct_type(std::vector<isa::StorageType> fields, bool is_final = true, uint32_t super = module::kNoIndex) {
    module::SubType t;
    t.kind = module::CompositeKind::Struct;
    t.is_final = is_final;
    t.super = super;
    for (isa::StorageType field : fields) t.fields.push_back({field, true});
    return type(std::move(t));
  }
  uint32_t array_type(isa::StorageType element) {
    module::SubType t;
    t.kind = module::CompositeKind::Array;
    t.fields.push_back({element, true});
    return type(std::move(t));
  }
  uint32_t func(uint32_t type_index) {
    m->funcs.push_back({type_index});
    return static_cast<uint32_t>(m->funcs.size() - 1);
  }
  uint32_t memory(uint64_t min, std::optional<uint64_t> max = {}) {
    module::Memory memory;
    memory.type.limits.min = min;
    memory.type.limits.max = max;
    m->memories.push_back(memory);
    return static_cast<uint32_t>(m->memories.size() - 1);
  }
  uint32_t table(uint64_t min, std::optional<uint64_t> max = {}, isa::ValType elem = isa::ValType::funcref()) {
    module::Table table;
    table.type.elem = elem;
    table.type.limits.min = min;
    table.type.limits.max = max;
    m->tables.push_back(std::move(table));
    return static_cast<uint32_t>(m->tables.size() - 1);
  }
  uint32_t global(isa::ValType t, bool mut, module::ConstExpr init) {
    module::Global global;
    global.type = {t, mut};
    global.init = std::move(init);
    m->globals.push_back(std::move(global));
    return static_cast<uint32_t>(m->globals.size() - 1);
  }
  void import(std::string_view module, std::string_view name, module::ExternKind kind, uint32_t index) {
    m->imports.push_back({module, name, kind, index, 0});
  }
  void export_as(std::string_view name, module::ExternKind kind, uint32_t index) {
    m->exports.push_back({name, kind, index});
  }
  std::shared_ptr<CompiledModule> compile(const std::shared_ptr<Engine>& engine) {
    (void)module::TypeRegistry::canonicalize(engine->types(), *m);
    return std::make_shared<CompiledModule>(engine, std::move(m));
  }
};

inline module::ConstInst inst(isa::Op op, uint64_t bits = 0) {
  module::ConstInst out;
  out.op = op;
  out.bits[0] = bits;
  return out;
}
inline module::ConstInst inst_index(isa::Op op, uint32_t index, uint32_t count = 0) {
  module::ConstInst out;
  out.op = op;
  out.index = index;
  out.count = count;
  return out;
}
inline module::ConstExpr expr(std::vector<module::ConstInst> insts) {
  module::ConstExpr out;
  out.insts = std::move(insts);
  return out;
}
inline module::ConstExpr i32(uint32_t value) { return expr({inst(isa::Op::i32_const, value)}); }

}  // namespace ashlar::runtime::fake

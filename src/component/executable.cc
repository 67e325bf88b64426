// From a component to what can be instantiated; see executable.h.
#include "component/executable.h"

#include "component/canon_table.h"

namespace ashlar::component {

namespace {

isa::ValType core_type(FlatType type) {
  switch (type) {
    case FlatType::I32:
      return isa::ValType::i32();
    case FlatType::I64:
      return isa::ValType::i64();
    case FlatType::F32:
      return isa::ValType::f32();
    case FlatType::F64:
      break;
  }
  return isa::ValType::f64();
}

std::string name_of(const Plan& plan, const PlanTrampoline& t) {
  if (!lowers_host(plan, t)) return std::string(info(t.op).name);
  return to_string(plan.imports[plan.funcs[t.func].import].path);
}

uint32_t export_index(const module::Module& m, std::string_view name) {
  const module::Export* found = m.find_export(name);
  return found == nullptr ? module::kNoIndex : static_cast<uint32_t>(found - m.exports.data());
}

}  // namespace

uint32_t intern_flat(runtime::Engine& engine, const std::vector<FlatType>& params,
                     const std::vector<FlatType>& results) {
  module::FuncType type;
  for (FlatType t : params) type.params.push_back(core_type(t));
  for (FlatType t : results) type.results.push_back(core_type(t));
  return engine.types()->intern_func(type);
}

CoreSource Executable::source_of(const CoreRef& ref) const {
  if (ref.instance == module::kNoIndex) return {module::kNoIndex, ref.trampoline, {}};
  return source_of(ref.instance, ref.name);
}

CoreSource Executable::source_of(uint32_t instance, std::string_view name) const {
  const auto& from = modules_[plan_->core_instances[instance].module];
  const uint32_t index = from ? export_index(from->module(), name) : module::kNoIndex;
  return {instance, index, index == module::kNoIndex ? std::string(name) : std::string()};
}

Result<std::vector<CoreSource>> Executable::resolve(const module::Module& m, const PlanCoreInstance& instance) const {
  std::vector<CoreSource> out;
  out.reserve(m.imports.size());
  for (const module::Import& import : m.imports) {
    const auto missing = [&] {
      return make_error(ErrorCode::unknown_import, kNoOffset, std::string(import.module), std::string(import.name),
                        std::string(module::to_string(import.kind)));
    };
    const auto arg = instance.args.find(import.module);
    if (arg == instance.args.end()) return missing();
    const CoreInstanceItem& from = arg->second;
    if (from.instance) {
      out.push_back(source_of(*from.instance, import.name));
      continue;
    }
    const auto item = from.exports->find(import.name);
    if (item == from.exports->end()) return missing();
    out.push_back(source_of(item->second));
  }
  return out;
}

Result<std::shared_ptr<const Executable>> Executable::make(std::shared_ptr<runtime::Engine> engine,
                                                           std::shared_ptr<const Component> component,
                                                           const ModuleCompiler& compile) {
  std::shared_ptr<Executable> out(new Executable);
  out->engine_ = std::move(engine);
  out->component_ = std::move(component);
  TRY_ASSIGN(out->plan_, make_plan(*out->component_));
  // A component that is instantiated often is one definition: its modules are compiled once.
  std::map<const CoreModuleDef*, std::shared_ptr<runtime::CompiledModule>> known;
  for (size_t i = 0; i < out->plan_->modules.size(); ++i) {
    const PlanModule& m = out->plan_->modules[i];
    if (m.import) {
      out->modules_.emplace_back();
      continue;
    }
    auto& compiled = known[m.defined];
    if (!compiled) {
      TRY_ASSIGN(compiled, compile(*m.defined, known.size() - 1));
    }
    out->modules_.push_back(compiled);
  }
  for (const PlanCoreInstance& instance : out->plan_->core_instances) {
    const auto& compiled = out->modules_[instance.module];
    if (!compiled) {
      out->sources_.emplace_back();
      continue;
    }
    TRY_ASSIGN(auto sources, out->resolve(compiled->module(), instance));
    out->sources_.push_back(std::move(sources));
  }
  for (const PlanTrampoline& t : out->plan_->trampolines) {
    const uint32_t type = intern_flat(*out->engine_, t.params, t.results);
    out->trampolines_.push_back({type, needs_adapter(*out->plan_, t), name_of(*out->plan_, t)});
  }
  const auto& has = out->engine_->config().features;
  const AdapterFeatures features{has.has(isa::Feature::exceptions), has.has(isa::Feature::simd)};
  TRY_ASSIGN(out->adapters_, make_adapters(*out->plan_, features));
  for (AdapterModule& adapter : out->adapters_) {
    const auto bytes = std::make_shared<const std::vector<uint8_t>>(std::move(adapter.bytes));
    TRY_ASSIGN(auto compiled, compile({*bytes, bytes}, known.size() + out->adapter_modules_.size()));
    out->adapter_modules_.push_back(std::move(compiled));
  }
  return out;
}

}  // namespace ashlar::component

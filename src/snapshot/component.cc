// Components; see component.h.
#include "snapshot/component.h"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "component/decode.h"
#include "component/encode.h"
#include "component/validate.h"

namespace ashlar::snapshot {

namespace {

using component::CoreModuleDef;

/// All core modules that a component defines, those of components in it too, in the order of the binary.
template <class C, class Def>
void collect(C& c, std::vector<Def*>& out) {
  for (auto& d : c.defs) {
    if (auto* module = std::get_if<CoreModuleDef>(&d.def)) out.push_back(module);
    if (auto* nested = std::get_if<std::unique_ptr<component::Component>>(&d.def)) {
      C& inner = **nested;
      collect(inner, out);
    }
  }
}

/// Whether two instances of a module can differ, or differ from new ones.
bool has_state(const module::Module& m) {
  for (const module::Global& global : m.globals) {
    if (global.imported) continue;
    // What does not change itself may be an object that does.
    if (global.type.mut || global.type.type.is_ref()) return true;
  }
  return m.start || m.memories.size() > m.imported_memories || m.tables.size() > m.imported_tables ||
         !m.elems.empty() || !m.datas.empty() || m.laid_out;
}

class ComponentWriter {
 public:
  ComponentWriter(component::Instance& instance, const component::Component& root, const Options& options)
      : instance_(instance), plan_(instance.plan()), options_(options) {
    std::vector<const CoreModuleDef*> defs;
    collect(root, defs);
    for (size_t i = 0; i < defs.size(); ++i) order_[defs[i]] = i;
  }

  Result<std::vector<uint8_t>> run(std::span<const uint8_t> bytes) {
    for (uint32_t i = 0; i < plan_.instances.size(); ++i) TRY(check_state(i));
    TRY(find_parts());
    TRY_ASSIGN(const auto modules, write(parts_, options_));
    component::DecodeOptions decoding;
    decoding.features = options_.features;
    decoding.core_limits = options_.limits;
    TRY_ASSIGN(const auto copy, component::decode(bytes, nullptr, decoding));
    std::vector<CoreModuleDef*> defs;
    collect(*copy, defs);
    for (size_t i = 0; i < modules.size(); ++i) defs[part_defs_[i]]->bytes = modules[i];
    std::vector<uint8_t> out = component::encode(*copy);
    TRY(check(out));
    return out;
  }

 private:
  Status check(std::span<const uint8_t> out) const {
    component::DecodeOptions decoding;
    decoding.features = options_.features;
    decoding.core_limits = options_.limits;
    TRY_ASSIGN(const auto made, component::decode(out, nullptr, decoding));
    component::ValidateOptions validating;
    validating.features = options_.features;
    validating.core_limits = options_.limits;
    TRY(component::validate(*made, validating));
    return {};
  }

  static std::unexpected<Error> refuse(std::string what) {
    return make_error(ErrorCode::snapshot_refused, kNoOffset, std::move(what));
  }

  std::string describe(component::ResourceId resource) const {
    const component::PlanResource& type = plan_.resources[resource];
    return type.imported ? component::to_string(plan_.imports[type.import].path) : "a resource of the component's own";
  }

  /// What one of the component instances has beside its core instances.
  Status check_state(uint32_t index) {
    const component::InstanceState& state = instance_.state(index);
    std::map<std::string, size_t> held;
    for (const component::ResourceId resource : state.handles.live()) ++held[describe(resource)];
    if (!held.empty()) {
      std::string list;
      for (const auto& [name, count] : held) {
        list += (list.empty() ? "" : ", ") + std::to_string(count) + " of " + name;
      }
      return refuse("handles are held that nothing stands for later: " + list + "; drop them during initialisation");
    }
    if (state.context[0] != 0 || state.context[1] != 0) return refuse("context.set was called");
    if (state.backpressure != 0) return refuse("backpressure is on");
    return {};
  }

  std::string place(size_t def) const { return "core module " + std::to_string(def) + ": "; }

  Status find_parts() {
    const auto core = instance_.core_instances();
    std::set<const CoreModuleDef*> seen;
    for (size_t i = 0; i < core.size(); ++i) {
      const component::PlanModule& module = plan_.modules[plan_.core_instances[i].module];
      if (module.defined == nullptr) {
        return refuse("the component imports a core module, \"" +
                      component::to_string(plan_.imports[*module.import].path) + "\"");
      }
      if (!has_state(core[i]->module())) continue;
      const size_t def = order_.at(module.defined);
      if (!seen.insert(module.defined).second) {
        return refuse("core module " + std::to_string(def) +
                      " has several instances; each would need a module of its own");
      }
      parts_.push_back({core[i], module.defined->bytes, place(def)});
      part_defs_.push_back(def);
    }
    return {};
  }

  component::Instance& instance_;
  const component::Plan& plan_;
  const Options& options_;
  std::unordered_map<const CoreModuleDef*, size_t> order_;
  std::vector<Part> parts_;
  std::vector<size_t> part_defs_;  ///< of each part, its module's place among all
};

}  // namespace

Result<std::vector<uint8_t>> write_component(component::Instance& instance, const component::Component& root,
                                             std::span<const uint8_t> bytes, const Options& options) {
  return ComponentWriter(instance, root, options).run(bytes);
}

}  // namespace ashlar::snapshot

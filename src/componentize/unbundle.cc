// Taking modules out; see unbundle.h.
#include "componentize/unbundle.h"

#include <memory>
#include <utility>
#include <variant>

#include "binary/decode.h"
#include "component/decode.h"
#include "component/encode.h"
#include "componentize/definition_space.h"

namespace ashlar::componentize {

namespace {

using namespace component;

constexpr AnySort kModuleSort{Sort::Core, CoreSort::Module};
constexpr std::string_view kImportPrefix = "unbundled-module";

std::unexpected<Error> rule(std::string text) {
  return make_error(ErrorCode::componentize_rule, kNoOffset, std::move(text));
}

/// The type of a module, written out.
Result<CoreTypeDef> module_type(const module::Module& core) {
  CoreModuleType out;
  for (size_t i = 0; i < core.rec_groups.size(); ++i) {
    const module::RecGroup& group = core.rec_groups[i];
    std::vector<module::SubType> types(core.types.begin() + group.first,
                                       core.types.begin() + group.first + group.count);
    const bool explicit_rec = group.count != 1;
    out.decls.push_back({std::make_unique<CoreTypeDef>(CoreTypeDef{std::move(types), explicit_rec}), 0});
  }
  const auto type_of = [&](module::ExternKind kind, uint32_t index) {
    CoreExternType made;
    made.kind = kind;
    switch (kind) {
      case module::ExternKind::Func:
        made.type = core.funcs[index].type;
        break;
      case module::ExternKind::Table:
        made.table = core.tables[index].type;
        break;
      case module::ExternKind::Memory:
        made.memory = core.memories[index].type;
        break;
      case module::ExternKind::Global:
        made.global = core.globals[index].type;
        break;
      case module::ExternKind::Tag:
        made.type = core.tags[index].type.type;
        break;
    }
    return made;
  };
  for (const module::Import& import : core.imports) {
    out.decls.push_back(
        {CoreImportDecl{std::string(import.module), std::string(import.name), type_of(import.kind, import.index)}, 0});
  }
  for (const module::Export& e : core.exports) {
    out.decls.push_back({CoreExportDecl{std::string(e.name), type_of(e.kind, e.index)}, 0});
  }
  return CoreTypeDef{std::move(out)};
}

/// Imports of all modules stand at the beginning: what the outermost component's core module index space had before
/// comes behind them. A module becomes an alias of its import.
class Unbundler {
 public:
  explicit Unbundler(const BinaryOptions& options) : options_(options) {}

  Result<Unbundled> run(const std::vector<uint8_t>& bytes) {
    TRY_ASSIGN(const auto root, component::decode(bytes, nullptr, decode_options(options_)));
    TRY(component::validate(*root, validate_options(options_, Bodies::Checked)));
    TRY(count(*root, true));
    TRY(rewrite(*root, 0));
    out_.component = encode(*result(std::move(*root)));
    return std::move(out_);
  }

 private:
  Status count(const Component& at, bool is_root) {
    for (const Definition& def : at.defs) {
      if (std::holds_alternative<CoreModuleDef>(def.def) && !is_root) ++shift_;
      if (is_root && std::holds_alternative<CoreTypeDef>(def.def)) {
        return rule("the component defines core types itself: their numbers would change");
      }
      if (const auto* import = std::get_if<ImportDef>(&def.def); is_root && import != nullptr) {
        if (import->name.name.starts_with(kImportPrefix)) return rule("it was unbundled before");
      }
      if (const auto* nested = std::get_if<std::unique_ptr<Component>>(&def.def)) TRY(count(**nested, false));
    }
    return {};
  }

  /// `depth`: how many components lie around.
  Status rewrite(Component& at, uint32_t depth) {
    for (Definition& def : at.defs) {
      if (auto* nested = std::get_if<std::unique_ptr<Component>>(&def.def)) {
        TRY(rewrite(**nested, depth + 1));
      } else if (auto* module = std::get_if<CoreModuleDef>(&def.def)) {
        TRY(take(def, *module, depth));
      } else {
        move_indices(def, depth);
      }
    }
    return {};
  }

  Status take(Definition& def, const CoreModuleDef& module, uint32_t depth) {
    TRY_ASSIGN(const auto core, binary::decode(module.bytes, module.storage, {options_.features, options_.limits}));
    TRY_ASSIGN(CoreTypeDef type, module_type(*core));
    const auto number = static_cast<uint32_t>(types_.size());
    types_.push_back(std::move(type));
    const std::string name = std::string(kImportPrefix) + std::to_string(number);
    out_.modules.push_back({name, {module.bytes.begin(), module.bytes.end()}});
    ImportDef import{plain_name(name), {}};
    import.desc.sort = kModuleSort;
    import.desc.type = number;
    if (depth == 0) {
      def.def = std::move(import);
    } else {
      def.def = AliasDef{OuterAlias{kModuleSort, depth, static_cast<uint32_t>(hoisted_.size())}};
      hoisted_.push_back(std::move(import));
    }
    return {};
  }

  void move_indices(Definition& def, uint32_t depth) const {
    if (auto* alias = std::get_if<AliasDef>(&def.def)) {
      auto* outer = std::get_if<OuterAlias>(&alias->target);
      if (outer != nullptr && outer->sort == kModuleSort && outer->count == depth) outer->index += shift_;
    }
    if (depth != 0) return;
    const auto item = [&](SortIdx& what) {
      if (what.sort == kModuleSort) what.index += shift_;
    };
    if (auto* core = std::get_if<CoreInstanceDef>(&def.def)) {
      if (auto* made = std::get_if<CoreInstantiate>(&core->expr)) made->module += shift_;
    } else if (auto* instance = std::get_if<InstanceDef>(&def.def)) {
      if (auto* made = std::get_if<ComponentInstantiate>(&instance->expr)) {
        for (InstantiateArg& arg : made->args) item(arg.item);
      } else {
        for (InlineExport& one : std::get<std::vector<InlineExport>>(instance->expr)) item(one.item);
      }
    } else if (auto* exported = std::get_if<ExportDef>(&def.def)) {
      item(exported->item);
    }
  }

  std::unique_ptr<Component> result(Component from) {
    auto out = std::make_unique<Component>();
    for (CoreTypeDef& type : types_) out->defs.push_back({std::move(type)});
    for (ImportDef& import : hoisted_) out->defs.push_back({std::move(import)});
    for (Definition& def : from.defs) out->defs.push_back(std::move(def));
    out->name = std::move(from.name);
    return out;
  }

  const BinaryOptions& options_;
  uint32_t shift_ = 0;  // modules of nested components, which are imported first
  std::vector<CoreTypeDef> types_;
  std::vector<ImportDef> hoisted_;
  Unbundled out_;
};

}  // namespace

Result<Unbundled> unbundle(const std::vector<uint8_t>& component, const BinaryOptions& options) {
  return Unbundler(options).run(component);
}

}  // namespace ashlar::componentize

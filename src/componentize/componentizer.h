// Owns the making of one component: which import means what, then the component's definitions in their order.
//
//   imports of the world
//   core modules: program, adapters, shim, fixup
//   shim instance      one function a slot; it calls what the table holds, which is filled last
//   resource types of exported interfaces
//   program instance   its imports: lowered functions that need no memory, resource functions, slots
//   adapter instances  the same, with the program's memory
//   fixup instance     puts what slots stand for into the shim's table: lowered with memory and realloc
//   exports            lifted functions; interfaces by way of a component that gives their types names
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "componentize/abi_types.h"
#include "componentize/compatible.h"
#include "componentize/definition_space.h"
#include "componentize/new_component.h"
#include "componentize/world_encoder.h"

namespace ashlar::componentize {

inline bool is_preview1(std::string_view module) {
  return module == "wasi_snapshot_preview1" || module == "wasi_unstable";
}

/// What core modules import from in place of an interface: what the world has of its own, and what belongs to exports.
inline constexpr std::string_view kRoot = "$root", kExportPrefix = "[export]";

/// The interface among a world's items that stands for `name`; null when none does.
const wit::WorldItem* find_interface(const wit::Resolve& model, const std::vector<wit::WorldItem>& items,
                                     std::string_view name);

class Componentizer {
 public:
  Componentizer(const module::Module& core, const std::vector<AdapterInput>& adapters, const BinaryOptions& options)
      : core_(core), adapters_(adapters), options_(options) {}
  Result<std::vector<uint8_t>> run();

 private:
  static constexpr uint32_t kProgram = 0;
  using Side = WorldEncoder::Side;

  /// A core module that becomes part of the component.
  struct Unit {
    std::string name;
    const module::Module* core = nullptr;
    std::unique_ptr<module::Module> trimmed;
    std::vector<uint8_t> bytes;
    component::StringEncoding encoding = component::StringEncoding::Utf8;
    uint32_t index = 0;     // of the core module
    uint32_t instance = 0;  // core instance
    std::optional<std::string> import_realloc, export_realloc;
  };
  /// What an import of a unit stands for.
  struct Target {
    enum class Kind : uint8_t { Function, Drop, New, Rep, Export, Memory };
    Kind kind = Kind::Function;
    const wit::Function* function = nullptr;  // Function
    std::string instance;                     // Function: the import that has it; empty: the world itself
    wit::TypeId resource{};                   // Drop, New, Rep
    Side side = Side::Import;
    uint32_t unit = 0;  // Export: whose
    std::string name;
  };
  struct UnitImport {
    Target target;
    std::optional<uint32_t> slot;
  };
  /// A function that is known only when the instances are there.
  struct Slot {
    module::FuncType type;
    Target target;
    uint32_t user = 0;
  };

  // What there is (componentizer.cc).
  Status read_worlds();
  Status add_adapter(const AdapterInput& input, std::set<std::string> exports);
  Result<std::set<std::string>> wanted_of(const AdapterInput& adapter);
  void find_reallocs(Unit& unit);
  const wit::World& world() const { return model_[world_id_]; }

  // What imports mean (component_imports.cc).
  Status resolve_imports();
  Result<Target> resolve(uint32_t unit, const module::Import& import);
  Result<Target> resolve_item(const wit::WorldItem& item, const module::Import& import, Side side);
  Result<Target> resolve_root(const module::Import& import, Side side);
  Result<Target> resource_target(std::string_view field, wit::TypeId resource, Side side,
                                 const module::Import& import) const;
  Status check_import(uint32_t unit, const module::Import& import, const Target& target);
  std::optional<uint32_t> slot_for(uint32_t unit, const module::Import& import, const Target& target);
  void add_destructors();
  void mark_needed();

  // The component (emit_component.cc).
  Status emit();
  void emit_modules();
  void emit_resources();
  Status emit_instance(uint32_t unit);
  uint32_t core_item(uint32_t unit, const UnitImport& import);
  uint32_t lowered(uint32_t user, const Target& target, bool indirect);
  uint32_t slot_item(const Slot& slot);
  uint32_t resource_type(wit::TypeId resource, Side side);
  Status emit_fixup();
  void emit_initialize();
  component::CanonOpts options_for(const Unit& unit, const AbiFunction& abi, const std::optional<std::string>& realloc);

  // Exports (component_exports.cc).
  Status emit_exports();
  Result<uint32_t> lift(const wit::Function& function, const std::string& name, uint32_t type);
  Status emit_interface(const wit::WorldItem& item, wit::InterfaceId id);
  uint32_t root_type(wit::TypeId id, wit::InterfaceId interface);

  const module::Module& core_;
  const std::vector<AdapterInput>& adapters_;
  const BinaryOptions& options_;
  WitDecoder decoder_;
  wit::WorldId world_id_{};
  wit::Resolve model_;
  std::vector<Unit> units_;
  std::vector<std::vector<UnitImport>> imports_;  // by unit, as its module's imports
  std::vector<Slot> slots_;
  std::unordered_map<wit::TypeId, uint32_t> destructors_;  // slots

  component::Component out_;
  ComponentBuilder builder_{out_};
  std::optional<AbiTypes> abi_;
  std::optional<Needed> needed_;
  std::optional<WorldEncoder> encoder_;
  std::unordered_map<wit::TypeId, uint32_t> local_resources_;
  std::unordered_map<wit::TypeId, uint32_t> root_types_;
  std::map<std::pair<uint32_t, std::string>, uint32_t> core_exports_;  // aliased functions by instance and name
  uint32_t shim_module_ = 0, fixup_module_ = 0, shim_ = 0;
  std::optional<uint32_t> memory_;
};

}  // namespace ashlar::componentize

// A component that runs: its core instances, handle tables and flags in a store.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "component/executable.h"
#include "component/handles.h"
#include "component/host.h"
#include "runtime/store.h"

namespace ashlar::component {

/// The memory and functions that canonical options name, found once they are there.
struct BoundOptions {
  StringEncoding encoding = StringEncoding::Utf8;
  runtime::Memory* memory = nullptr;
  runtime::FuncCell* realloc = nullptr;
  runtime::FuncCell* post_return = nullptr;
};

/// The state of one component instance of the graph. The flags are globals, i32, 1 or 0, for adapters.
struct InstanceState {
  runtime::GlobalInstance* may_leave = nullptr;
  runtime::GlobalInstance* may_enter = nullptr;
  HandleTable handles;
  uint32_t context[2] = {};  ///< context.get, context.set
  uint32_t backpressure = 0;
};

class CallContext;

/// A call whose values go to and from core values without a Val between. What fails does so in the context.
class TypedCall {
 public:
  virtual ~TypedCall() = default;
  /// Core parameters to slots, as many as the core function has; at most kMaxFlatParams.
  virtual void lower(CallContext& context, const FuncType& type, runtime::Slot* slots) = 0;
  /// From the core result, if there is one. What lies in the guest's memory stays until this returns.
  virtual void lift(CallContext& context, const FuncType& type, runtime::Slot result) = 0;
};

/// An instance of a root component, with all that is instantiated inside it. Belongs to its store's thread; must live
/// as long as code of the store runs. After a trap inside, what was running cannot be entered again.
class Instance {
 public:
  /// Links the root's imports to what the host gives and instantiates. `imports` must stay as long as the instance.
  /// Errors: Link (all missing imports at once), Trap, Limit.
  /// `known`: what an earlier instance of the same executable found in the same imports, which spares the search.
  struct Bindings {
    std::vector<const HostFunction*> functions;
    std::vector<const HostResource*> resources;
    std::vector<std::shared_ptr<runtime::CompiledModule>> modules;
  };
  static Result<std::unique_ptr<Instance>> make(runtime::Store& store, std::shared_ptr<const Executable> executable,
                                                const HostImports& imports, const Bindings* known = nullptr);
  Bindings bindings() const { return {host_functions_, host_resources_, host_modules_}; }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() = default;

  const Plan& plan() const { return executable_->plan(); }
  runtime::Store& store() const { return store_; }
  /// What the host gave when this was made, for who needs it again.
  const HostImports& imports() const { return imports_; }

  /// Calls a function of the graph (PlanExport::index of an export) from the host. Arguments must be values of its
  /// parameters' types. `begun`, if given, tells whether the guest has been given anything. Errors: Usage, Trap.
  Result<std::optional<Val>> call(uint32_t func, std::span<const Val> args, bool* begun = nullptr);
  /// The same for a function of numbers alone (bools count): arguments in slots[0..], which hold what core functions
  /// take; the result, as the core function left it, in slots[0].
  Status call_flat(uint32_t func, std::span<runtime::Slot> slots);
  /// The same for a function without handles whose parameters are all in core values. `begun` as above.
  Status call_typed(uint32_t func, TypedCall& call, bool* begun);
  /// The core module that an export is (PlanExport::index).
  std::shared_ptr<runtime::CompiledModule> module(uint32_t index) const;
  /// Drops a handle that a call gave the host: calls the destructor. Errors: Trap.
  Status drop_resource(ResourceId resource, uint32_t rep);

  InstanceState& state(uint32_t instance) { return states_[instance]; }
  /// In the order of Plan::core_instances.
  std::span<runtime::Instance* const> core_instances() const { return core_; }
  LoanStack& loans() { return loans_; }
  /// Calls a core function whose exceptions trap.
  Status invoke(const runtime::FuncCell& f, runtime::Slot* slots);
  const HostFunction& host_function(uint32_t import) const { return *host_functions_[import]; }
  /// What the host gave as that resource; null: it is the graph's own.
  const HostResource* host_resource(ResourceId resource) const;
  /// Of a trampoline, bound when they are first needed.
  Result<const BoundOptions*> trampoline_options(uint32_t trampoline);

  /// What a host function made for this instance works on.
  struct Intrinsic {
    Instance* instance = nullptr;
    const runtime::HostFunc* host = nullptr;
    uint32_t from = 0, to = 0;  ///< component instances
    uint32_t resource = 0;
    uint32_t slot = 0;
    uint32_t trampoline = 0;
    const StringPath* path = nullptr;
    BoundOptions source, target;  ///< of strings
    runtime::Store& store() const { return instance->store_; }
  };

 private:
  friend struct InstanceMaker;
  friend struct Intrinsics;

  Instance(runtime::Store& store, std::shared_ptr<const Executable> executable, const HostImports& imports)
      : store_(store), executable_(std::move(executable)), imports_(imports) {}

  Result<runtime::Extern> find(const CoreSource& source);
  Result<runtime::Memory*> find_memory(const CoreRef& ref);
  Result<runtime::FuncCell*> find_func(const CoreRef& ref);
  Result<BoundOptions> bind(const PlanOptions& options);
  Result<const BoundOptions*> func_options(uint32_t func);

  // CanonicalABI.md: may_enter_from, enter_from, leave_to. `caller`: kNoIndex for the host.
  Status enter(uint32_t callee, uint32_t caller);
  void leave(uint32_t callee, uint32_t caller);
  std::vector<uint32_t> entering_set(uint32_t callee, uint32_t caller) const;

  Status check_callable(uint32_t func) const;
  Result<const runtime::FuncCell*> func_cell(uint32_t func);
  Status destroy(ResourceId resource, uint32_t rep, uint32_t caller);
  Result<std::optional<Val>> run(uint32_t func, std::span<const Val> args);

  runtime::Store& store_;
  std::shared_ptr<const Executable> executable_;
  const HostImports& imports_;
  std::vector<runtime::Instance*> core_;
  std::deque<InstanceState> states_;
  LoanStack loans_;
  std::vector<runtime::FuncCell*> trampolines_;
  std::deque<Intrinsic> intrinsics_;
  // By index of Plan::imports.
  std::vector<const HostFunction*> host_functions_;
  std::vector<const HostResource*> host_resources_;
  std::vector<std::shared_ptr<runtime::CompiledModule>> host_modules_;
  std::vector<std::optional<BoundOptions>> func_options_, trampoline_options_;
  std::vector<const runtime::FuncCell*> func_cells_;  ///< found when they are first called
};

}  // namespace ashlar::component

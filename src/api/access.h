// The one place that joins the public classes to what stands behind them.
//
// Public Error, Result and Status live in the inline namespace v0 and internal ones of the same names in ashlar: code
// that sees both can name the internal ones only through `internal`, so the internal headers come first here.
#pragma once

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/load.h"
#include "api/wasi_bind.h"
#include "base/error.h"
#include "interp/interp.h"
#include "module/subtyping.h"
#include "os/file_bytes.h"
#include "runtime/bulk.h"
#include "runtime/linker.h"
#include "runtime/store.h"
#include "tiering/attach.h"
#include "tiering/load.h"
#include "tiering/source_lines.h"

namespace ashlar::internal {
using Error = ::ashlar::Error;
template <class T>
using Result = ::ashlar::Result<T>;
using Status = ::ashlar::Status;
}  // namespace ashlar::internal

// Not to be sorted above.
#include "ashlar/ashlar.h"

namespace ashlar {
inline namespace v0 {

/// Rows of errors.def.
enum class ApiError : uint8_t {
#define ERROR(id, kind, text) id,
#include "api/errors.def"
#undef ERROR
};

struct Error::Data {
  /// An error of the layers below, or (null) one of errors.def.
  std::optional<internal::Error> inner;
  ApiError own{};
  std::string own_message;
  std::string own_notes;
  Value exception;  ///< of uncaught_exception: the exnref, while the host has it
};

namespace detail {

struct EngineState {
  std::shared_ptr<runtime::Engine> engine;
  Tier tier = Tier::Interpreter;
  tiering::ImageRequest request;  ///< of all modules, without what tells one from the others
};

struct TenantState {
  TenantAmounts most;
  std::shared_ptr<runtime::Ledger> ledger;
};

struct ModuleState {
  std::shared_ptr<runtime::CompiledModule> compiled;
  std::shared_ptr<native::Image> image;     ///< of all of it; null: not compiled as a whole
  std::shared_ptr<tiering::AutoTier> tier;  ///< with Tier::Auto
  std::shared_ptr<EngineState> engine;
};

class RefTable;
struct AsyncState;
struct ComponentInstanceState;
struct Definition;
struct Library;
struct PreparedState;
struct WasiGrant;

/// What a store has for a definition of a linker; the pointer keeps its key alive.
struct Linked {
  std::shared_ptr<const Definition> definition;
  runtime::Extern object;
};

struct [[gnu::visibility("hidden")]] StoreState {
  StoreState(std::shared_ptr<EngineState> engine, const runtime::StoreLimits& limits,
             std::shared_ptr<runtime::Ledger> tenant);
  ~StoreState();
  StoreState(const StoreState&) = delete;
  StoreState& operator=(const StoreState&) = delete;

  std::unique_ptr<External> data;
  /// Host functions of the store point into these: they go after it.
  std::unordered_map<const WasiGrant*, std::unique_ptr<api::WasiBinding>> wasi;
  std::vector<std::shared_ptr<const WasiGrant>> wasi_grants;  ///< keeps the keys alive
  /// Core modules of components call these, too.
  std::vector<std::shared_ptr<ComponentInstanceState>> components;
  runtime::Store store;
  RefTable* refs;  ///< outlives the store
  std::unique_ptr<tiering::StoreWatch> watch;
  AsyncState* async = nullptr;  ///< counted; null until the first call in which host functions may wait
  std::shared_ptr<EngineState> engine;
  /// Of the instances' modules those that have more than their runtime::CompiledModule.
  std::unordered_map<const runtime::CompiledModule*, std::shared_ptr<ModuleState>> modules;
  std::unordered_map<const Definition*, Linked> linked;
  std::unordered_map<const Library*, std::pair<std::shared_ptr<const Library>, runtime::Instance*>> libraries;
  std::unordered_map<const runtime::Memory*, runtime::Memory*> shared_memories;
  std::optional<WasiConfig> wasi_config;
  /// Of instances that may start threads how they were made; and of the last such instance of a module, which may do so
  /// while it is made.
  std::unordered_map<const runtime::Instance*, std::shared_ptr<const PreparedState>> thread_instances;
  std::unordered_map<const runtime::CompiledModule*, std::shared_ptr<const PreparedState>> thread_modules;
  StoreLimits limits;
};

/// Before the store goes: nothing of its components is called any more.
void close_components(StoreState& store);

/// In the engine's tier. `file`: where it is, empty when it is in none.
internal::Result<tiering::Program> load_program(const EngineState& engine, const std::string& file,
                                                const tiering::ModuleLoader& loader);

/// The image of the whole module, made now where there is none.
internal::Result<std::shared_ptr<native::Image>> whole_image(const EngineState& engine,
                                                             const runtime::CompiledModule& module,
                                                             const std::shared_ptr<native::Image>& known);

constexpr native::Image::Trust to_image(Trust trust) {
  return trust == Trust::Known ? native::Image::Trust::Cache : native::Image::Trust::Verify;
}

struct [[gnu::visibility("hidden")]] Access {
  static Error error(internal::Error e);
  static Error error(ApiError own, const std::string& arg0 = {}, const std::string& arg1 = {});
  /// out_of_memory; allocates nothing.
  static Error no_memory() noexcept;
  static Error with_notes(Error e, std::string notes);
  /// With the notes and frames of another one.
  static Error with_trace(Error e, const Error& from);
  static const ErrorFrames& frames(const Error& e);
  /// Of a call into the store: takes the exception that was not caught.
  static Error error(StoreState* s, internal::Error e);
  /// What a host function's error is to the runtime: an exception is thrown.
  static internal::Error to_internal(StoreState* s, Error e);
  static Status status(internal::Status s) {
    if (s) return {};
    return std::unexpected(error(std::move(s).error()));
  }
  static Status status(StoreState* s, internal::Status done) {
    if (done) return {};
    return std::unexpected(error(s, std::move(done).error()));
  }
  /// A copy, but for the exception.
  static Error copy(const Error& e);
  /// The error uncaught_exception that has this exnref.
  static Error exception(Value ref);

  static void* val(Val& v) { return v.storage_; }
  static const void* val(const Val& v) { return v.storage_; }
  static WitType wit_type(std::shared_ptr<const void> owner, const void* type) {
    WitType out;
    out.owner_ = std::move(owner);
    out.type_ = type;
    return out;
  }
  static const void* wit_type(const WitType& t) { return t.type_; }
  static const std::shared_ptr<const ComponentState>& state(const Component& c) { return c.state_; }
  static Component component(std::shared_ptr<const ComponentState> state) { return Component(std::move(state)); }
  static ComponentInstanceState* state(const ComponentInstance& i) { return i.state_; }
  static ComponentInstance component_instance(ComponentInstanceState* state) {
    ComponentInstance out;
    out.state_ = state;
    return out;
  }
  static ComponentInstanceState* state(const ComponentCaller& c) { return c.instance_; }
  /// `type`: a component::FuncType.
  static ComponentCaller component_caller(StoreState* s, ComponentInstanceState* instance, const void* type) {
    ComponentCaller out;
    out.store_ = s;
    out.instance_ = instance;
    out.type_ = type;
    return out;
  }
  static ComponentFunc component_func(ComponentInstanceState* instance, uint32_t func) {
    ComponentFunc out;
    out.instance_ = instance;
    out.func_ = func;
    return out;
  }
  static std::weak_ptr<ComponentInstanceState>& instance(OwnedResource& r) { return r.instance_; }
  static const std::weak_ptr<ComponentInstanceState>& instance(const OwnedResource& r) { return r.instance_; }
  static std::optional<Val>& value(OwnedResource& r) { return r.value_; }
  static const std::optional<Val>& value(const OwnedResource& r) { return r.value_; }

  static const std::vector<std::pair<std::string, bool>>& features(const Config& c) { return c.features_; }
  static const std::vector<std::pair<std::string, uint32_t>>& fuel_costs(const Config& c) { return c.fuel_costs_; }
  static const std::shared_ptr<runtime::Engine>& engine(const Engine& e) { return e.state_->engine; }
  static const std::shared_ptr<runtime::CompiledModule>& compiled(const Module& m) { return m.state_->compiled; }
  /// Reads what is left of a module that was loaded with Trust::Known.
  static Status complete(const Module& m) { return status(m.state_->compiled->complete()); }
  static const std::shared_ptr<EngineState>& state(const Engine& e) { return e.state_; }
  static Engine engine(std::shared_ptr<EngineState> state) { return Engine(std::move(state)); }
  static const std::shared_ptr<ModuleState>& state(const Module& m) { return m.state_; }
  static Module module(std::shared_ptr<ModuleState> state) { return Module(std::move(state)); }
  static const std::shared_ptr<runtime::Ledger>& ledger(const Tenant& t) { return t.state_->ledger; }
  static StoreState* state(const Store& s) { return s.state_.get(); }
  static StoreState* state(const Caller& c) { return c.store_; }
  static StoreState* state(const Func& f) { return f.store_; }
  static StoreState* state(const Instance& i) { return i.store_; }

  static constexpr ValueType type(isa::ValType t) { return ValueType(t.raw()); }
  static isa::ValType type(ValueType t) { return isa::ValType::from_raw(t.raw_); }
  static FuncType type(const module::FuncType& t);
  static module::FuncType type(const FuncType& t);

  static Value value(StoreState* s, isa::ValType t, uint64_t lo, uint64_t hi);
  /// Not to be kept in C++ heap memory: the collector moves what it refers to.
  static runtime::Value value(const Value& v);
  /// Whether a value may go where the store holds values of (canonical) type t.
  static bool fits(StoreState* s, isa::ValType t, const Value& v);
  static bool foreign(const StoreState* s, const Value& v);
  static StoreState* store_of_ref(const Value& v);
  /// The same reference, under another static type.
  static Value retyped(Value v, isa::ValType t) {
    v.type_ = type(t);
    return v;
  }

  static runtime::FuncCell* cell(const Func& f) { return static_cast<runtime::FuncCell*>(f.cell_); }
  static runtime::Instance* instance(const Instance& i) { return static_cast<runtime::Instance*>(i.instance_); }
  static runtime::Instance* instance(const Caller& c) { return static_cast<runtime::Instance*>(c.instance_); }
  static runtime::Memory* memory(const Memory& m) { return static_cast<runtime::Memory*>(m.memory_); }
  static runtime::Table* table(const Table& t) { return static_cast<runtime::Table*>(t.table_); }
  static runtime::GlobalInstance* global(const Global& g) { return static_cast<runtime::GlobalInstance*>(g.global_); }

  static runtime::TagInstance* tag(const Tag& t) { return static_cast<runtime::TagInstance*>(t.tag_); }
  static const std::shared_ptr<void>& memory(const SharedMemory& m) { return m.memory_; }
  /// The store's view of a shared memory.
  static runtime::Memory* in_store(StoreState& s, const SharedMemory& m);
  static SharedMemory shared_memory(std::shared_ptr<runtime::Memory> m) { return SharedMemory(std::move(m)); }
  static runtime::Extern to_runtime(const Extern& e);
  /// Null for a default-constructed handle.
  static StoreState* store_of(const Extern& e);
  static Extern to_public(StoreState* s, const runtime::Extern& e);

  static uint32_t id(const ObjectType& t) { return t.id_; }
  static const Module& module(const ObjectType& t) { return t.module_; }
  static Result<ObjectType> object_type(const Module& m, uint32_t id, const std::string& name);

  static Tag tag(StoreState* s, runtime::TagInstance* t);
  static Func func(StoreState* s, runtime::FuncCell* cell);
  static Memory memory(StoreState* s, runtime::Memory* m);
  static Table table(StoreState* s, runtime::Table* t);
  static Global global(StoreState* s, runtime::GlobalInstance* g);
  static Instance instance(StoreState* s, runtime::Instance* i);
  /// What follows when an instance was made: keep(), and watch() on the thread that will run it.
  static void keep(StoreState* s, const std::shared_ptr<ModuleState>& module);
  static void watch(StoreState* s, const std::shared_ptr<ModuleState>& module, runtime::Instance& instance);
  static Store store(std::unique_ptr<StoreState> state) { return Store(std::move(state)); }
  static uint32_t threads(const WasiConfig& c) { return c.threads_; }
  static const auto& of_components(const WasiConfig& c) { return c.components_; }
  static const std::function<void(Store&)>& prepare_thread(const WasiConfig& c) { return c.prepare_thread_; }
  static Module module_of(StoreState* s, const runtime::Instance& instance);
  static Caller caller(StoreState* s, runtime::Instance* i);
  static Func make_func(StoreState* s, std::vector<ValueType> params, std::vector<ValueType> results, SlotFunction f,
                        std::string name);
  static SlotFunction slots_of(const FuncType& type, HostFunction f);
  static api::WasiOptions wasi(WasiConfig config);
  /// What import or export `index` of its kind is, in words.
  static ExternType extern_type(const module::Module& m, module::ExternKind kind, uint32_t index);
};

}  // namespace detail
}  // namespace v0
}  // namespace ashlar

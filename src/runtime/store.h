// Store: owns everything that running code can reach; belongs to one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <forward_list>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/asymmetric_barrier.h"
#include "os/current_thread.h"
#include "os/own_pages.h"
#include "os/thread_alarm.h"
#include "runtime/backtrace.h"
#include "runtime/context.h"
#include "runtime/deadlines.h"
#include "runtime/engine.h"
#include "runtime/gc_heap.h"
#include "runtime/ledger.h"
#include "runtime/memory.h"
#include "runtime/reusable.h"
#include "runtime/table.h"

namespace ashlar::runtime {

class Instance;
class Store;

/// What somebody wants to do on a store's thread between two of its instructions.
class SafepointHook {
 public:
  virtual void at_safepoint() = 0;

 protected:
  ~SafepointHook() = default;
};

/// What a host function sees of its caller.
struct Caller {
  Store& store;
  Instance* instance;  ///< the calling instance; null when called from the host
  /// The caller's only memory; of several its export "memory", else memory 0. Null without one.
  Memory* memory() const;
};

/// A host function: reads its parameters from slots[0..], writes its results to slots[0..]. An error becomes a trap (or
/// an exit). To throw a wasm exception: set store.pending_exception and return make_error(uncaught_exception).
struct HostFunc {
  std::function<Status(Caller&, Slot* slots)> call;
  std::string name;   ///< for backtraces
  HostEntry entry{};  ///< for compiled code, in place of `call`
};

/// What the C++ exception that is being handled becomes, which left f.
Error exception_error(const HostFunc& f) noexcept;

/// Who waits in place of a store's guest, and is to know when that is interrupted.
class InterruptListener {
 public:
  /// In any thread, inside of Store::interrupt(), which calls what this returns afterwards, if it isn't empty.
  virtual std::function<void()> on_interrupt() = 0;

 protected:
  ~InterruptListener() = default;
};

/// To whom a store's guest gives a turn.
class TurnTaker {
 public:
  /// On the guest's fiber, in between two of its instructions: may leave that, or just return. Nothing of the store may
  /// be used meanwhile but to interrupt it.
  virtual void on_turn() noexcept = 0;

 protected:
  ~TurnTaker() = default;
};

struct GlobalInstance {
  alignas(16) Slot value[2] = {};
  module::GlobalType type;  ///< canonical
};

/// Anything that can be imported or exported.
struct Extern {
  module::ExternKind kind;
  union {
    FuncCell* func;
    Table* table;
    Memory* memory;
    GlobalInstance* global;
    TagInstance* tag;
  };

  static Extern of(FuncCell* x) { return {module::ExternKind::Func, {.func = x}}; }
  static Extern of(Table* x) { return {module::ExternKind::Table, {.table = x}}; }
  static Extern of(Memory* x) { return {module::ExternKind::Memory, {.memory = x}}; }
  static Extern of(GlobalInstance* x) { return {module::ExternKind::Global, {.global = x}}; }
  static Extern of(TagInstance* x) { return {module::ExternKind::Tag, {.tag = x}}; }
};

struct StoreLimits {
  uint64_t memory_bytes = ~0ull;    ///< all memories together
  uint64_t table_elements = ~0ull;  ///< all tables together
  uint64_t instances = ~0ull;
  uint64_t gc_heap_bytes = 1ull << 30;
  uint64_t stack_bytes = 8ull << 20;  ///< of guest frames
  uint32_t host_depth = 100;          ///< nested host -> guest -> host calls
  GcStress gc_stress;                 ///< for tests
};

class Store final : private GcRootSource {
 public:
  /// `tenant`: what counts beside the limits, over several stores; null: nothing.
  explicit Store(std::shared_ptr<Engine> engine, StoreLimits limits = {}, std::shared_ptr<Ledger> tenant = nullptr);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Engine& engine() const { return *engine_; }
  const StoreLimits& limits() const { return limits_; }
  module::TypeRegistry& types() const { return *engine_->types(); }

  // Objects made by the host. Types are canonical (TypeRegistry::intern_func, to_canonical). Null results never occur:
  // errors say which limit was met.
  FuncCell* new_host_func(uint32_t type_id, HostFunc f);
  Result<Memory*> new_memory(const module::MemoryType& type);
  /// A memory shared with other stores (threads).
  Memory* adopt_memory(std::shared_ptr<Memory> memory);
  /// A shared memory for threads of one program: the tenant is charged for it once, whichever of their stores grow it.
  Result<Memory*> new_thread_memory(const module::MemoryType& type);
  /// What owns a memory of this store, to be adopted by another; null for one that is not of this store.
  std::shared_ptr<Memory> owner_of(const Memory& memory) const;
  Result<Table*> new_table(const module::TableType& type, Slot init);
  GlobalInstance* new_global(const module::GlobalType& type, const Value& init);
  TagInstance* new_tag(uint32_t type_id);

  /// Whether a value of this canonical reference type is a FuncCell* (else a GcRef).
  bool is_func_ref(isa::ValType type) const;

  /// Links and instantiates: checks import types, allocates, runs active segments and the start function.
  /// `imports` are in import order. Errors: Link ("incompatible import type", "unknown import" with names and what was
  /// expected), Trap (segments, start). Spec: Execution > Modules > Instantiation.
  Result<Instance*> instantiate(std::shared_ptr<CompiledModule> module, std::span<const Extern> imports);

  /// Calls through the tier. Arguments must match the function's parameters (checked). Results are appended.
  Status call(FuncCell* f, std::span<const Value> args, std::vector<Value>& results);

  /// Runs f on slots that hold max(param_slots, result_slots), through the tier or, for host functions, at once; what
  /// call() and the start function use. Nesting is bounded by StoreLimits::host_depth.
  Status invoke(const FuncCell& f, Slot* slots);
  /// The host function behind f, with its C++ exceptions made traps. `caller`: the calling instance, or null. For
  /// tiers.
  Status call_host(const FuncCell& f, Instance* caller, Slot* slots);

  /// After a call that collected. Frames have slots that they have not written yet: what earlier frames left there,
  /// from `top` of the guest's stack on and below the thread's stack pointer, would keep alive whatever those calls had
  /// made.
  void forget_dead_frames(Slot* top) const;

  // memory.grow and table.grow within the store's limits: the old size, or -1.
  int64_t memory_grow(Memory& memory, uint64_t delta);
  int64_t table_grow(Table& table, uint64_t delta, Slot init);

  // For who shows what there is: the instances, and what holds references of the heap.
  const std::vector<std::unique_ptr<Instance>>& instances() const { return instances_; }
  const std::vector<GlobalInstance*>& ref_globals() const { return ref_globals_; }
  const std::vector<Table*>& ref_tables() const { return ref_tables_; }

  GcHeap& heap() { return heap_; }
  const GcHeap& heap() const { return heap_; }
  /// Set by the tier that runs on stacks of its own: scans those and the thread's, in place of the thread's alone.
  void (*scan_native_stacks)(Store& store, GcScanner& s, const void* sp) = nullptr;

  // Interruption (thread-safe): the running guest traps with `interrupted` at its next safepoint.
  void interrupt(std::string reason);
  /// Whatever interrupts this store interrupts that one, too: now, when it is interrupted, and until remove_follower().
  /// No store follows one that follows it. Thread-safe.
  void add_follower(Store& other);
  void remove_follower(Store& other);
  void clear_interrupt();
  std::string interrupt_reason() const;
  /// One at a time; null: nobody. Once it has returned, the one before is not called any more.
  void set_interrupt_listener(InterruptListener* listener);
  /// Interrupts at that time ("deadline"), if no other deadline is set or clear_deadline() called before.
  void set_deadline(Deadlines::Clock::time_point at);
  /// Ends an interruption by a deadline, too.
  void clear_deadline();
  const std::atomic<uint32_t>& interrupt_flag() const { return interrupt_; }
  // Machine code looks at nothing. Between these two, interrupt() sends an alarm (os/thread_alarm.h) to the thread that
  // called the first; whoever begins looks at interrupt_flag() afterwards.
  void begin_machine_code(int thread = os::alarm_target()) {
    note_thread();
    machine_thread_.store(thread, std::memory_order_relaxed);
    os::light_barrier();
  }
  /// The calling thread runs it: page faults on another than the one that it was made on are not counted here.
  void note_thread() {
    if (os::current_thread() != made_on_) [[unlikely]]
      moved_ = true;
  }
  void end_machine_code() { machine_thread_.store(0, std::memory_order_release); }
  /// For the alarm's handler, where it may not stop the guest yet.
  void repeat_alarm() { alarm_.ring_again(); }
  // Safepoints (thread-safe): code that is interpreted takes the slow path at its next function entry or loop, and the
  // tier calls take_safepoint there, which lets it go on and calls the hook.
  void request_safepoint();
  void take_safepoint();
  SafepointHook* safepoint_hook = nullptr;  ///< set on the store's thread
  // Turns. After request_turn() (thread-safe) the running guest calls turn_taker once: interpreted code at its next
  // safepoint, compiled code at any instruction, where os::kAlarmsCall. Who waits for it asks again: a guest that is
  // with the host may miss it. Never where a host function has called the guest: other frames of the host lie below.
  void request_turn();
  bool wants_turn() const { return turn_.load(std::memory_order_relaxed) != 0; }
  /// Without effect when there was no request.
  void forget_turn();
  bool may_give_turn() const { return turn_taker != nullptr && host_depth <= 1; }
  /// For tiers, where the guest may be left.
  void take_turn();
  TurnTaker* turn_taker = nullptr;  ///< set on the store's thread
  /// Every instance's InstanceContext::results, also of later ones.
  void bind_results(Slot* results);
  /// Gives the interpreter its stack, once; without address space for one all three below stay null.
  void map_stack();

  int64_t fuel = 0;                    ///< remaining, when Config::fuel; negative: exhausted
  GcRef pending_exception = kNullRef;  ///< set with an uncaught_exception error
  LeftFrames left_frames;              ///< with an uncaught_exception error that has not reached the host
  void* user_data = nullptr;

  // Guest stack (interpreter frames): [stack_base, stack_limit) slots; stack_top is where the next entry frame begins.
  // Null until map_stack().
  Slot* stack_base = nullptr;
  Slot* stack_limit = nullptr;
  Slot* stack_top = nullptr;
  uint32_t host_depth = 0;
  /// host_depth while a call is suspended: nothing else can be called.
  static constexpr uint32_t kSuspendedDepth = ~uint32_t{0};
  /// Of the stack that callers run on when it is not their thread's own: calls from frames in here are refused.
  struct {
    uintptr_t begin = 0;
    uint64_t bytes = 0;
  } helper_stack;
  void* activation = nullptr;  ///< the tier's innermost run on this store
  /// What machine code needs: a stack and a buffer for results (native::StoreState). Null until it first runs.
  std::unique_ptr<Reusable> native_state;

  /// What the tenant is charged for.
  Account& account() { return account_; }

  // What the limits of all memories and all tables count.
  uint64_t memory_bytes_used = 0;  ///< but for shared memories, which other stores grow, too
  uint64_t table_elements_used = 0;
  /// Of all memories.
  uint64_t memory_bytes() const { return memory_bytes_used + shared_bytes(nullptr); }

 private:
  friend class Instance;
  friend struct Instantiator;
  /// Why nothing can be called now.
  Error refuse_call() const;
  Status check_arguments(const module::FuncType& type, std::span<const Value> args) const;
  bool accepts(isa::ValType param, const Value& value) const;
  void visit_roots(GcVisitor& v, Which which) override;
  void scan_stacks(GcScanner& s, const void* sp) override;
  void bind_heap(uint8_t* base) override;

  /// Of all shared memories but one.
  uint64_t shared_bytes(const Memory* but) const;
  // The limits, before there is such a thing.
  Status limit_memory(const module::MemoryType& type) const;
  Status admit_memory(const module::MemoryType& type);
  Status admit_table(const module::TableType& type);
  /// The same for one that an instance makes; it is counted.
  Status count_table(const Table& table);
  void set_global(GlobalInstance& global, const module::GlobalType& type, const Value& init);

  /// Null without memory.
  Instance* add_instance(std::shared_ptr<CompiledModule> module);
  /// What contexts hold as their stack's limit now; under mutex_.
  Slot* current_limit() const {
    return stopping_ || wants_turn() || interrupt_.load(std::memory_order_relaxed) != 0 ? nullptr : stack_limit;
  }
  void set_limits(Slot* limit);
  std::shared_ptr<Engine> engine_;
  StoreLimits limits_;
  Account account_;
  bool admitted_ = true;  ///< the tenant may have this store
  bool has_deadline_ = false;
  GcHeap heap_;
  std::atomic<uint32_t> interrupt_{0};
  std::atomic<uint32_t> turn_{0};
  std::atomic<int> machine_thread_{0};
  bool moved_ = false;
  bool stopping_ = false;  ///< somebody waits for a safepoint; under mutex_
  bool in_turn_ = false;   ///< the guest may be in the middle of an allocation
  const void* made_on_ = os::current_thread();
  os::FaultCount made_at_ = os::last_fault_count();
  uint64_t stack_bytes_ = 0;
  std::unique_ptr<Reusable> stack_;
  os::ThreadAlarm alarm_;
  std::vector<std::unique_ptr<Instance>> instances_;
  std::vector<std::shared_ptr<Memory>> memories_;  ///< but for those of instances
  std::vector<std::unique_ptr<Table>> tables_;     ///< but for those of instances
  std::forward_list<GlobalInstance> globals_;      ///< but for those of instances
  std::forward_list<TagInstance> tags_;            ///< but for those of instances
  // Those that hold references of the heap.
  std::vector<GlobalInstance*> ref_globals_;
  std::vector<Table*> ref_tables_;
  std::vector<std::vector<Slot>*> ref_elems_;
  std::forward_list<FuncCell> cells_;
  std::forward_list<HostFunc> host_funcs_;
  Slot* results_ = nullptr;
  mutable std::mutex mutex_;  ///< of the next two, and of instances_ where other threads look at it
  std::string interrupt_reason_;
  std::vector<Store*> followers_;  ///< under mutex_
  InterruptListener* interrupt_listener_ = nullptr;
};

/// Whether values of this canonical type use only the low half of their slot.
bool is_narrow(const Store& store, isa::ValType type);

/// An instance of a module; lives as long as its store. Behind it, in one block of memory, lie the arrays that its
/// context points to; function cells are made apart, as they are needed. When its store has ended another instance of
/// the module may use all of it again, cells included: what they say is the same for each.
class Instance final : public Reusable {
 public:
  /// Store::instantiate fills it. Null without memory.
  static std::unique_ptr<Instance> make(const module::Module& m);
  ~Instance() override;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  static void operator delete(void* p);

  InstanceContext ctx{};
  const std::shared_ptr<CompiledModule>& compiled() const { return compiled_; }
  const module::Module& module() const { return *module_; }
  Store& store() const { return *ctx.store; }

  /// Export by name; kind is checked by the caller. False when there is none.
  bool find_export(std::string_view name, Extern* out);
  Extern export_at(size_t i);
  /// The cell of function i, created on first use.
  FuncCell* func_cell(module::FuncIdx i);
  /// Points a cell of this instance to what the tier has for it now.
  void bind_native(FuncCell& cell);

  // Passive segments: emptied by data.drop / elem.drop. Those of Module::laid_out count as dropped.
  bool data_dropped(uint32_t i) const { return i >= module().datas.size() || data_dropped_[i]; }
  void drop_data(uint32_t i) {
    if (i < module().datas.size()) data_dropped_[i] = true;
  }
  std::span<const uint8_t> data(uint32_t i) const;                    ///< empty when dropped
  std::span<const Slot> elem(uint32_t i) const { return elems_[i]; }  ///< evaluated references; empty when dropped
  void drop_elem(uint32_t i) {
    elems_[i].clear();
    elems_[i].shrink_to_fit();
  }

  /// Its store has ended: memories go back to the engine's pool.
  bool clean(const Cleaning& how) override;

 private:
  friend class Store;
  friend struct Instantiator;
  explicit Instance(const module::Module& m) : module_(&m) {}
  FuncCell& new_cell();

  std::shared_ptr<CompiledModule> compiled_;
  const module::Module* module_;
  // In the block. The first has all globals, the others those that are not imported.
  GlobalInstance** global_instances_ = nullptr;
  GlobalInstance* own_globals_ = nullptr;
  TagInstance* own_tags_ = nullptr;
  std::unique_ptr<Table>* own_tables_ = nullptr;
  std::unique_ptr<PooledMemory>* pooled_memories_ = nullptr;  ///< null where a memory is not the pool's
  std::vector<Slot>* elems_ = nullptr;
  bool* data_dropped_ = nullptr;
  // Of a large module's functions few are ever referred to.
  std::vector<std::unique_ptr<FuncCell[]>> cells_;
  size_t cells_left_ = 0;  ///< unused ones of the last array
};

}  // namespace ashlar::runtime

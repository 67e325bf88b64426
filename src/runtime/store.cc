// Store: objects made by the host, limits, calls and interruption.
#include "runtime/store.h"

#include <algorithm>
#include <new>
#include <utility>

#include "module/subtyping.h"
#include "os/pages.h"
#include "os/thread_stack.h"
#include "runtime/wait_queue.h"

namespace ashlar::runtime {

namespace {

uint32_t count_slots(const std::vector<isa::ValType>& types) {
  uint32_t slots = 0;
  for (isa::ValType type : types) slots += type.slot_count();
  return slots;
}

std::unexpected<Error> limit_error(std::string what) {
  return make_error(ErrorCode::store_limit, kNoOffset, std::move(what));
}

/// The interpreter's stack.
class InterpreterStack final : public Reusable {
 public:
  static std::unique_ptr<Reusable> make(uint64_t bytes) {
    uint8_t* base = os::map_pages(bytes);
    if (base == nullptr) return nullptr;
    std::unique_ptr<Reusable> made(new (std::nothrow) InterpreterStack(base, bytes));
    if (made == nullptr) {
      os::release_pages(base, bytes);
      return nullptr;
    }
    os::keep_pages_small(base, bytes);
    return made;
  }
  InterpreterStack(uint8_t* base, uint64_t bytes) : base_(base), bytes_(bytes) { pages_.bind(base, bytes); }
  ~InterpreterStack() override { os::release_pages(base_, bytes_); }
  InterpreterStack(const InterpreterStack&) = delete;
  InterpreterStack& operator=(const InterpreterStack&) = delete;

  Slot* base() const { return reinterpret_cast<Slot*>(base_); }
  bool clean(const Cleaning& how) override { return pages_.clean(how.quiet, how.keep); }

 private:
  uint8_t* base_;
  uint64_t bytes_;
  ReusedPages pages_;
};

/// Cleans it and leaves it to other stores.
void leave(std::unique_ptr<Reusable> thing, IdleList& idle, uint64_t kind, const Cleaning& how) {
  if (thing != nullptr && thing->clean(how)) idle.give(std::move(thing), kind);
}

}  // namespace

Store::Store(std::shared_ptr<Engine> engine, StoreLimits limits, std::shared_ptr<Ledger> tenant)
    : engine_(std::move(engine)),
      limits_(limits),
      account_(std::move(tenant)),
      heap_(*engine_->types(), limits.gc_heap_bytes) {
  admitted_ = account_.take(Resource::Stores, 1);
  if (account_.ledger() != nullptr) heap_.set_account(&account_);
  heap_.set_roots(this);
  heap_.set_stress(limits.gc_stress);
  heap_.set_idle_spaces(&engine_->idle().gc_spaces, engine_->memory_pool() != nullptr);
}

/// Everything that others may use is cleaned first: they must not see what was done with it.
Store::~Store() {
  if (has_deadline_) Deadlines::instance().clear(*this);
  const bool quiet = !moved_ && os::no_faults_between(made_at_, os::count_faults());
  const Cleaning how{quiet, engine_->config().pool.keep_bytes};
  IdleThings& idle = engine_->idle();
  leave(std::move(native_state), idle.native_states, limits_.stack_bytes, how);
  leave(std::move(stack_), idle.stacks, stack_bytes_, how);
  heap_.give_back(idle.gc_spaces, how);
  for (std::unique_ptr<Instance>& instance : instances_) {
    // The module's list is where it goes: the module must not go before.
    const std::shared_ptr<CompiledModule> module = instance->compiled_;
    leave(std::move(instance), module->idle_instances(), 0, how);
  }
}

void Store::map_stack() {
  const uint64_t bytes = os::round_up_to_pages(limits_.stack_bytes);
  if (bytes == 0) return;
  stack_ = engine_->idle().stacks.take(bytes);
  if (stack_ == nullptr) stack_ = InterpreterStack::make(bytes);
  if (stack_ == nullptr) return;
  stack_bytes_ = bytes;
  stack_base = static_cast<InterpreterStack&>(*stack_).base();
  stack_top = stack_base;
  std::lock_guard lock(mutex_);
  const size_t slots = bytes / sizeof(Slot);
  stack_limit = stack_base + slots;
  set_limits(current_limit());
}

FuncCell* Store::new_host_func(uint32_t type_id, HostFunc f) {
  const module::FuncType& type = types().get(type_id).def.func;
  HostFunc& host = host_funcs_.emplace_front(std::move(f));
  FuncCell cell{};
  cell.code = engine_->tier().host_entry();
  cell.type_id = type_id;
  cell.index = module::kNoIndex;
  cell.host = &host;
  cell.param_slots = count_slots(type.params);
  cell.result_slots = count_slots(type.results);
  cell.native = engine_->tier().bridge;
  FuncCell* made = &cells_.emplace_front(cell);
  made->native_ctx = made;
  if (host.entry.code != nullptr && engine_->tier().host_stub != nullptr) {
    made->native = engine_->tier().host_stub;
    made->native_ctx = &host.entry;
  }
  return made;
}

uint64_t Store::shared_bytes(const Memory* but) const {
  uint64_t out = 0;
  for (const std::shared_ptr<Memory>& memory : memories_) {
    if (memory->shared() && memory.get() != but) out += memory->byte_size();
  }
  return out;
}

Status Store::limit_memory(const module::MemoryType& type) const {
  const uint64_t left = limits_.memory_bytes - std::min(memory_bytes(), limits_.memory_bytes);
  if (type.limits.min <= left >> type.page_size_log2) return {};
  return limit_error("memories take at most " + std::to_string(limits_.memory_bytes) + " bytes");
}

namespace {

std::unexpected<Error> no_memory_left(const module::MemoryType& type) {
  return limit_error("no memory of " + std::to_string(type.limits.min << type.page_size_log2) +
                     " bytes is left to the tenant");
}

}  // namespace

Status Store::admit_memory(const module::MemoryType& type) {
  TRY(limit_memory(type));
  if (account_.take(Resource::MemoryBytes, type.limits.min << type.page_size_log2)) return {};
  return no_memory_left(type);
}

Result<Memory*> Store::new_memory(const module::MemoryType& type) {
  TRY(admit_memory(type));
  Charge charge(account_, Resource::MemoryBytes, type.limits.min << type.page_size_log2);
  TRY_ASSIGN(std::shared_ptr<Memory> memory, Memory::create(type, engine_->config().max_memory64_reservation));
  Memory* const made = adopt_memory(std::move(memory));
  charge.keep();
  return made;
}

Memory* Store::adopt_memory(std::shared_ptr<Memory> memory) {
  Memory* const adopted = memories_.emplace_back(std::move(memory)).get();
  if (!adopted->shared()) memory_bytes_used += adopted->byte_size();
  return adopted;
}

Result<Memory*> Store::new_thread_memory(const module::MemoryType& type) {
  TRY(limit_memory(type));
  TRY_ASSIGN(std::shared_ptr<Memory> memory, Memory::create(type, engine_->config().max_memory64_reservation));
  if (account_.ledger() != nullptr && !memory->charge_to(account_.ledger())) return no_memory_left(type);
  return adopt_memory(std::move(memory));
}

std::shared_ptr<Memory> Store::owner_of(const Memory& memory) const {
  const auto found = std::ranges::find(memories_, &memory, [](const auto& owned) { return owned.get(); });
  return found == memories_.end() ? nullptr : *found;
}

Status Store::admit_table(const module::TableType& type) {
  const uint64_t size = type.limits.min;
  if (size > Table::kMaxElements) {
    return make_error(ErrorCode::implementation_limit, kNoOffset,
                      "a table holds at most " + std::to_string(Table::kMaxElements) + " elements");
  }
  if (size > limits_.table_elements - std::min(table_elements_used, limits_.table_elements)) {
    return limit_error("tables hold at most " + std::to_string(limits_.table_elements) + " elements");
  }
  if (account_.take(Resource::TableElements, size)) return {};
  return limit_error("no table of " + std::to_string(size) + " elements is left to the tenant");
}

Status Store::count_table(const Table& table) {
  const uint64_t size = table.type().limits.min;
  if (table.size() != size) {
    return make_error(ErrorCode::out_of_memory, kNoOffset, "a table of " + std::to_string(size) + " elements");
  }
  table_elements_used += size;
  return {};
}

Result<Table*> Store::new_table(const module::TableType& type, Slot init) {
  TRY(admit_table(type));
  Charge charge(account_, Resource::TableElements, type.limits.min);
  Table* const table = tables_.emplace_back(std::make_unique<Table>(type, init)).get();
  TRY(count_table(*table));
  charge.keep();
  if (!is_func_ref(type.elem)) ref_tables_.push_back(table);
  return table;
}

void Store::set_global(GlobalInstance& global, const module::GlobalType& type, const Value& init) {
  global.type = type;
  const bool narrow = type.type == isa::ValType::i32() || type.type == isa::ValType::f32();
  global.value[0] = narrow ? static_cast<uint32_t>(init.lo) : init.lo;
  global.value[1] = init.hi;
  if (type.type.is_ref() && !is_func_ref(type.type)) ref_globals_.push_back(&global);
}

GlobalInstance* Store::new_global(const module::GlobalType& type, const Value& init) {
  GlobalInstance& global = globals_.emplace_front();
  set_global(global, type, init);
  return &global;
}

TagInstance* Store::new_tag(uint32_t type_id) { return &tags_.emplace_front(TagInstance{type_id}); }

int64_t Store::memory_grow(Memory& memory, uint64_t delta) {
  const uint8_t log2 = memory.type().page_size_log2;
  if (delta > ~0ull >> log2) return -1;
  const uint64_t bytes = delta << log2;
  const bool shared = memory.shared();
  // What the other memories leave to this one. Another thread may grow it meanwhile: the memory itself compares.
  const uint64_t others = shared_bytes(&memory) + memory_bytes_used - (shared ? 0 : memory.byte_size());
  const uint64_t most = limits_.memory_bytes - std::min(others, limits_.memory_bytes);
  if (!memory.charged() && !account_.take(Resource::MemoryBytes, bytes)) return -1;
  const int64_t old_pages = memory.grow(delta, most);
  if (old_pages < 0) {
    if (!memory.charged()) account_.give_back(Resource::MemoryBytes, bytes);
  } else if (!shared) {
    memory_bytes_used += bytes;
  }
  return old_pages;
}

int64_t Store::table_grow(Table& table, uint64_t delta, Slot init) {
  if (delta > limits_.table_elements - std::min(table_elements_used, limits_.table_elements)) return -1;
  if (!account_.take(Resource::TableElements, delta)) return -1;
  const int64_t old_size = table.grow(delta, init);
  if (old_size >= 0) {
    table_elements_used += delta;
  } else {
    account_.give_back(Resource::TableElements, delta);
  }
  return old_size;
}

void Store::set_limits(Slot* limit) {
  for (const auto& instance : instances_) __atomic_store_n(&instance->ctx.stack_limit, limit, __ATOMIC_RELAXED);
}

void Store::interrupt(std::string reason) {
  std::function<void()> told;
  {
    std::lock_guard lock(mutex_);
    interrupt_reason_ = std::move(reason);
    interrupt_.store(1);
    // Running code compares its frame with the limit at entries and loops: none is low enough now.
    set_limits(nullptr);
    // Machine code does not. Either we see its thread, or that sees the flag before it begins.
    os::heavy_barrier();
    if (const int thread = machine_thread_.load(); thread != 0) alarm_.ring(thread);
    wake_interrupted(interrupt_);
    for (Store* follower : followers_) follower->interrupt(interrupt_reason_);
    if (interrupt_listener_ != nullptr) told = interrupt_listener_->on_interrupt();
  }
  if (told) told();
}

void Store::set_interrupt_listener(InterruptListener* listener) {
  std::lock_guard lock(mutex_);
  interrupt_listener_ = listener;
}

void Store::add_follower(Store& other) {
  std::lock_guard lock(mutex_);
  followers_.push_back(&other);
  if (interrupt_.load() != 0) other.interrupt(interrupt_reason_);
}

void Store::remove_follower(Store& other) {
  std::lock_guard lock(mutex_);
  std::erase(followers_, &other);
}

void Store::clear_interrupt() {
  std::lock_guard lock(mutex_);
  interrupt_reason_.clear();
  interrupt_.store(0, std::memory_order_release);
  set_limits(current_limit());
}

void Store::request_safepoint() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  set_limits(nullptr);
}

void Store::take_safepoint() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = false;
    set_limits(current_limit());
  }
  if (safepoint_hook != nullptr) safepoint_hook->at_safepoint();
  if (wants_turn()) take_turn();
}

void Store::request_turn() {
  std::lock_guard lock(mutex_);
  turn_.store(1, std::memory_order_relaxed);
  set_limits(nullptr);
  if (const int thread = machine_thread_.load(); thread != 0) alarm_.ring(thread);
}

void Store::forget_turn() {
  if (!wants_turn()) return;
  std::lock_guard lock(mutex_);
  turn_.store(0, std::memory_order_relaxed);
  set_limits(current_limit());
}

void Store::take_turn() {
  forget_turn();
  if (!may_give_turn()) return;
  in_turn_ = true;
  turn_taker->on_turn();
  in_turn_ = false;
}

void Store::bind_results(Slot* results) {
  results_ = results;
  for (const auto& instance : instances_) instance->ctx.results = results;
}

void Store::bind_heap(uint8_t* base) {
  for (const auto& instance : instances_) instance->ctx.gc_base = base;
}

void Store::visit_roots(GcVisitor& v, Which which) {
  v.visit(pending_exception);
  for (GlobalInstance* global : ref_globals_) v.visit_slots(global->value, 1);
  for (Table* table : ref_tables_) {
    if (!table->take_written() && which != Which::All) continue;
    if (v.visit_slots(table->raw_elems(), table->size())) table->mark_written();
  }
  for (std::vector<Slot>* refs : ref_elems_) v.visit_slots(refs->data(), refs->size());
}

void Store::scan_stacks(GcScanner& s, const void* sp) {
  CHECK(!in_turn_);
  const Slot* end = heap_.live_slots();
  if (end < stack_base || end > stack_limit) end = stack_top;
  if (end > stack_base) s.scan(stack_base, end, GcScanner::Insides::Addresses);
  if (scan_native_stacks != nullptr) return scan_native_stacks(*this, s, sp);
  const void* stack_end = os::stack_end(sp);
  CHECK(stack_end != nullptr);  // a stack of nobody's, and no /proc
  s.scan(sp, stack_end, GcScanner::Insides::Addresses);
}

void Store::set_deadline(Deadlines::Clock::time_point at) {
  clear_deadline();
  has_deadline_ = true;
  Deadlines::instance().set(*this, at);
}

void Store::clear_deadline() {
  if (!std::exchange(has_deadline_, false)) return;
  if (!Deadlines::instance().clear(*this) && interrupt_reason() == Deadlines::kReason) clear_interrupt();
}

std::string Store::interrupt_reason() const {
  std::lock_guard lock(mutex_);
  return interrupt_reason_;
}

}  // namespace ashlar::runtime

// Store: objects made by the host, limits, calls and interruption.
#include "runtime/store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "module/subtyping.h"
#include "os/pages.h"
#include "os/thread_stack.h"

namespace ashlar::runtime {

struct Store::Private {
  mutable std::mutex mutex;
  std::string interrupt_reason;
  std::vector<Slot**> stack_limits;  ///< of every instance's context
  uint64_t stack_bytes = 0;
};

namespace {

uint32_t count_slots(const std::vector<isa::ValType>& types) {
  uint32_t slots = 0;
  for (isa::ValType type : types) slots += type.slot_count();
  return slots;
}

std::unexpected<Error> limit_error(std::string what) {
  return make_error(ErrorCode::store_limit, kNoOffset, std::move(what));
}

}  // namespace

Store::Store(std::shared_ptr<Engine> engine, StoreLimits limits)
    : engine_(std::move(engine)),
      limits_(limits),
      heap_(*engine_->types(), limits.gc_heap_bytes),
      private_(std::make_unique<Private>()) {
  heap_.set_roots(this);
  heap_.set_stress(limits.gc_stress);
  const uint64_t bytes = os::round_up_to_pages(limits.stack_bytes);
  stack_base = bytes == 0 ? nullptr : reinterpret_cast<Slot*>(os::map_pages(bytes));
  // Without address space for a stack all three stay null: the first call exhausts it.
  if (stack_base != nullptr) private_->stack_bytes = bytes;
  stack_limit = stack_base + private_->stack_bytes / sizeof(Slot);
  stack_top = stack_base;
}

Store::~Store() {
  if (stack_base != nullptr) os::release_pages(reinterpret_cast<uint8_t*>(stack_base), private_->stack_bytes);
}

FuncCell* Store::new_host_func(uint32_t type_id, HostFunc f) {
  const module::FuncType& type = types().get(type_id).def.func;
  host_funcs_.push_back(std::move(f));
  FuncCell cell{};
  cell.code = engine_->tier().host_entry();
  cell.type_id = type_id;
  cell.index = module::kNoIndex;
  cell.host = &host_funcs_.back();
  cell.param_slots = count_slots(type.params);
  cell.result_slots = count_slots(type.results);
  cell.native = engine_->tier().bridge;
  FuncCell* made = &cells_.emplace_back(cell);
  made->native_ctx = made;
  return made;
}

Result<Memory*> Store::new_memory(const module::MemoryType& type) {
  const uint64_t left = limits_.memory_bytes - std::min(memory_bytes_used, limits_.memory_bytes);
  if (type.limits.min > left >> type.page_size_log2) {
    return limit_error("memories take at most " + std::to_string(limits_.memory_bytes) + " bytes");
  }
  TRY_ASSIGN(std::shared_ptr<Memory> memory, Memory::create(type, engine_->config().max_memory64_reservation));
  return adopt_memory(std::move(memory));
}

Memory* Store::adopt_memory(std::shared_ptr<Memory> memory) {
  memory_bytes_used += memory->byte_size();
  return memories_.emplace_back(std::move(memory)).get();
}

std::shared_ptr<Memory> Store::owner_of(const Memory& memory) const {
  const auto found = std::ranges::find(memories_, &memory, [](const auto& owned) { return owned.get(); });
  return found == memories_.end() ? nullptr : *found;
}

Result<Table*> Store::new_table(const module::TableType& type, Slot init) {
  const uint64_t size = type.limits.min;
  if (size > Table::kMaxElements) {
    return make_error(ErrorCode::implementation_limit, kNoOffset,
                      "a table holds at most " + std::to_string(Table::kMaxElements) + " elements");
  }
  if (size > limits_.table_elements - std::min(table_elements_used, limits_.table_elements)) {
    return limit_error("tables hold at most " + std::to_string(limits_.table_elements) + " elements");
  }
  auto table = std::make_unique<Table>(type, init);
  if (table->size() != size) {
    return make_error(ErrorCode::out_of_memory, kNoOffset, "a table of " + std::to_string(size) + " elements");
  }
  table_elements_used += size;
  if (!is_func_ref(type.elem)) ref_tables_.push_back(table.get());
  return tables_.emplace_back(std::move(table)).get();
}

GlobalInstance* Store::new_global(const module::GlobalType& type, const Value& init) {
  GlobalInstance& global = globals_.emplace_back();
  global.type = type;
  const bool narrow = type.type == isa::ValType::i32() || type.type == isa::ValType::f32();
  global.value[0] = narrow ? static_cast<uint32_t>(init.lo) : init.lo;
  global.value[1] = init.hi;
  if (type.type.is_ref() && !is_func_ref(type.type)) ref_globals_.push_back(&global);
  return &global;
}

TagInstance* Store::new_tag(uint32_t type_id) { return &tags_.emplace_back(TagInstance{type_id}); }

int64_t Store::memory_grow(Memory& memory, uint64_t delta) {
  const uint64_t left = limits_.memory_bytes - std::min(memory_bytes_used, limits_.memory_bytes);
  const uint8_t log2 = memory.type().page_size_log2;
  if (delta > left >> log2) return -1;
  const int64_t old_pages = memory.grow(delta);
  if (old_pages >= 0) memory_bytes_used += delta << log2;
  return old_pages;
}

int64_t Store::table_grow(Table& table, uint64_t delta, Slot init) {
  if (delta > limits_.table_elements - std::min(table_elements_used, limits_.table_elements)) return -1;
  const int64_t old_size = table.grow(delta, init);
  if (old_size >= 0) table_elements_used += delta;
  return old_size;
}

void Store::interrupt(std::string reason) {
  std::lock_guard lock(private_->mutex);
  private_->interrupt_reason = std::move(reason);
  interrupt_.store(1);
  // Running code compares its frame with the limit at entries and loops: none is low enough now.
  for (Slot** limit : private_->stack_limits) __atomic_store_n(limit, static_cast<Slot*>(nullptr), __ATOMIC_RELAXED);
  // Machine code does not. Either we see its thread, or that sees the flag before it begins.
  if (const int thread = machine_thread_.load(); thread != 0) alarm_.ring(thread);
}

void Store::clear_interrupt() {
  std::lock_guard lock(private_->mutex);
  private_->interrupt_reason.clear();
  interrupt_.store(0, std::memory_order_release);
  for (Slot** limit : private_->stack_limits) __atomic_store_n(limit, stack_limit, __ATOMIC_RELAXED);
}

void Store::request_safepoint() {
  std::lock_guard lock(private_->mutex);
  for (Slot** limit : private_->stack_limits) __atomic_store_n(limit, static_cast<Slot*>(nullptr), __ATOMIC_RELAXED);
}

void Store::take_safepoint() {
  {
    std::lock_guard lock(private_->mutex);
    if (interrupt_.load(std::memory_order_relaxed) == 0) {
      for (Slot** limit : private_->stack_limits) __atomic_store_n(limit, stack_limit, __ATOMIC_RELAXED);
    }
  }
  if (safepoint_hook != nullptr) safepoint_hook->at_safepoint();
}

void Store::bind_results(Slot* results) {
  results_ = results;
  for (const auto& instance : instances_) instance->ctx.results = results;
}

void Store::bind_stack_limit(Slot** limit) {
  std::lock_guard lock(private_->mutex);
  *limit = interrupt_.load(std::memory_order_relaxed) != 0 ? nullptr : stack_limit;
  private_->stack_limits.push_back(limit);
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
  const Slot* end = heap_.live_slots();
  if (end < stack_base || end > stack_limit) end = stack_top;
  if (end > stack_base) s.scan(stack_base, end, GcScanner::Insides::Addresses);
  if (scan_native_stacks != nullptr) return scan_native_stacks(*this, s, sp);
  const void* stack_end = os::stack_end(sp);
  CHECK(stack_end != nullptr);  // a stack of nobody's, and no /proc
  s.scan(sp, stack_end, GcScanner::Insides::Addresses);
}

std::string Store::interrupt_reason() const {
  std::lock_guard lock(private_->mutex);
  return private_->interrupt_reason;
}

}  // namespace ashlar::runtime

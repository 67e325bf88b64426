// Starting, ending and counting of a program's threads.
#include "api/thread_group.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace ashlar::api {

namespace {

constexpr std::string_view kSpawnModule = "wasi";
constexpr std::string_view kSpawnName = "thread-spawn";
constexpr std::string_view kEntryName = "wasi_thread_start";
/// Numbers of threads are below 2^29: C libraries use the upper bits.
constexpr uint32_t kLastTid = (uint32_t{1} << 29) - 1;
constexpr char kEnded[] = "the program has ended";

Error unfit(std::string why) {
  return Error(ErrorCode::incompatible_import_type, kNoOffset, std::string(kSpawnModule), std::string(kSpawnName),
               std::move(why));
}

bool is_entry_type(const module::FuncType& type) {
  const isa::ValType i32 = isa::ValType::i32();
  return type.results.empty() && type.params.size() == 2 && type.params[0] == i32 && type.params[1] == i32;
}

/// The thread's first function in its instance; null when there is none.
const runtime::FuncCell* entry_of(runtime::Instance& instance) {
  runtime::Extern found{};
  if (!instance.find_export(kEntryName, &found) || found.kind != module::ExternKind::Func) return nullptr;
  return found.func->param_slots == 2 && found.func->result_slots == 0 ? found.func : nullptr;
}

}  // namespace

bool starts_threads(const module::Module& m) {
  return std::ranges::any_of(m.imports, [](const module::Import& import) {
    return import.kind == module::ExternKind::Func && import.module == kSpawnModule && import.name == kSpawnName;
  });
}

Status check_thread_module(const module::Module& m) {
  const module::Export* entry = m.find_export(kEntryName);
  if (entry == nullptr || entry->kind != module::ExternKind::Func ||
      !is_entry_type(m.types[m.funcs[entry->index].type].func)) {
    return std::unexpected(
        unfit("a module that starts threads exports the function wasi_thread_start [i32 i32] -> []"));
  }
  const auto shared = [&](const module::Import& import) {
    return import.kind == module::ExternKind::Memory && m.memories[import.index].type.limits.shared;
  };
  if (std::ranges::any_of(m.imports, shared)) return {};
  return std::unexpected(unfit("a module that starts threads imports its memory, as a shared one"));
}

runtime::Memory* hand_over(const runtime::Store& from, const runtime::Memory& memory, runtime::Store& to) {
  return to.adopt_memory(from.owner_of(memory));
}

/// A thread from its number on until it has ended, or could not be started. Gives back what it has taken.
struct ThreadGroup::Start {
  Start(ThreadGroup& in, uint32_t number) : group(in), tid(number) {}
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;
  ~Start() { finish(); }
  void adopt(std::unique_ptr<ThreadStore> made) {
    thread = std::move(made);
    group.add_store(thread->store());
  }
  void finish() {
    if (thread != nullptr) group.remove_store(thread->store());
    thread.reset();
    if (tid != 0) group.leave_place(std::exchange(tid, 0));
  }

  ThreadGroup& group;
  uint32_t tid;
  uint32_t argument = 0;
  std::unique_ptr<ThreadStore> thread;
  runtime::Instance* instance = nullptr;
  const runtime::FuncCell* entry = nullptr;
};

ThreadGroup::ThreadGroup(runtime::Store& main, uint32_t most)
    : main_(main), most_(most), ledger_(main.account().ledger()) {}

ThreadGroup::~ThreadGroup() { join_finished(); }

bool ThreadGroup::take_place(uint32_t* tid, Refused* why) {
  const std::lock_guard lock(mutex_);
  *why = ended_ ? Refused::Canceled : Refused::Again;
  if (ended_ || tids_.size() >= most_) return false;
  if (ledger_ != nullptr && !ledger_->take(runtime::Resource::Threads, 1)) return false;
  do {
    last_tid_ = last_tid_ < kLastTid ? last_tid_ + 1 : 1;
  } while (!tids_.insert(last_tid_).second);
  *tid = last_tid_;
  return true;
}

void ThreadGroup::leave_place(uint32_t tid) {
  const std::lock_guard lock(mutex_);
  if (ledger_ != nullptr) ledger_->give_back(runtime::Resource::Threads, 1);
  tids_.erase(tid);
  if (const auto found = threads_.find(tid); found != threads_.end()) {
    finished_.push_back(std::move(found->second));
    threads_.erase(found);
  }
  left_.notify_all();
}

void ThreadGroup::add_store(runtime::Store& store) {
  main_.add_follower(store);
  const std::lock_guard lock(mutex_);
  stores_.insert(&store);
  if (ended_) store.interrupt(kEnded);
}

void ThreadGroup::remove_store(runtime::Store& store) {
  main_.remove_follower(store);
  const std::lock_guard lock(mutex_);
  stores_.erase(&store);
  if (store.fuel > 0) fuel_left_ += store.fuel;
}

/// All threads together get no more than the program had: half of what is left, and what ended ones did not need.
void ThreadGroup::share_fuel(runtime::Store& from, runtime::Store& to) {
  const std::lock_guard lock(mutex_);
  from.fuel += std::exchange(fuel_left_, 0);
  to.fuel = std::max<int64_t>(from.fuel, 0) / 2;
  from.fuel -= to.fuel;
}

void ThreadGroup::join_finished() {
  std::vector<std::thread> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (std::thread& thread : finished) thread.join();
}

int32_t ThreadGroup::spawn(runtime::Instance& parent, uint32_t argument, const ThreadStoreMaker& make) {
  join_finished();
  uint32_t tid = 0;
  Refused why{};
  if (!take_place(&tid, &why)) return static_cast<int32_t>(why);
  const auto start = std::make_shared<Start>(*this, tid);
  Result<std::unique_ptr<ThreadStore>> made = make(parent);
  if (!made) return static_cast<int32_t>(Refused::Invalid);
  runtime::Store& store = (*made)->store();
  if (store.engine().config().fuel) share_fuel(parent.store(), store);
  start->adopt(std::move(*made));
  const Result<runtime::Instance*> instance = start->thread->instantiate();
  if (!instance) {
    if (instance.error().phase() == Phase::Exit) end(&instance.error());
    return static_cast<int32_t>(Refused::NoMemory);
  }
  start->argument = argument;
  start->instance = *instance;
  start->entry = entry_of(**instance);
  if (start->entry == nullptr) return static_cast<int32_t>(Refused::Invalid);
  // With the lock held: in its end it looks for what is written here.
  const std::lock_guard lock(mutex_);
  std::thread& thread = threads_[tid];
  try {
    thread = std::thread([this, start] { run(*start); });
  } catch (const std::system_error&) {
    threads_.erase(tid);
    return static_cast<int32_t>(Refused::Again);
  }
  return static_cast<int32_t>(tid);
}

void ThreadGroup::run(Start& start) {
  start.thread->begin(*start.instance);
  runtime::Slot slots[2] = {start.tid, start.argument};
  const Status done = start.thread->store().invoke(*start.entry, slots);
  // An interruption came from without, and to the main thread, too.
  if (!done) end(done.error().code() == ErrorCode::interrupted ? nullptr : &done.error());
  start.finish();
}

Result<runtime::Memory*> ThreadGroup::memory_in(runtime::Store& store, std::string module, std::string name,
                                                const module::MemoryType& type) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<runtime::Memory>& memory = memories_[{std::move(module), std::move(name)}];
  if (memory != nullptr) return store.adopt_memory(memory);
  TRY_ASSIGN(runtime::Memory * made, store.new_thread_memory(type));
  memory = store.owner_of(*made);
  return made;
}

void ThreadGroup::end(const Error* cause) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  if (cause != nullptr) cause_ = cause->clone();
  for (runtime::Store* store : stores_) store->interrupt(kEnded);
  if (cause != nullptr) main_.interrupt(kEnded);
}

void ThreadGroup::wait() {
  {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return tids_.empty(); });
  }
  join_finished();
}

bool ThreadGroup::wait_for(std::chrono::nanoseconds time) {
  {
    std::unique_lock lock(mutex_);
    if (!left_.wait_for(lock, time, [this] { return tids_.empty(); })) return false;
  }
  join_finished();
  return true;
}

Error ThreadGroup::cause_of(Error error) const {
  if (error.code() != ErrorCode::interrupted) return error;
  const std::lock_guard lock(mutex_);
  return cause_ ? cause_->clone() : std::move(error);
}

std::optional<Error> ThreadGroup::cause() const {
  const std::lock_guard lock(mutex_);
  if (!cause_) return std::nullopt;
  return cause_->clone();
}

uint32_t ThreadGroup::size() const {
  const std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(tids_.size());
}

}  // namespace ashlar::api

// Threads of a program (wasi-threads): how they start, what they share, and how all of them end together.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/ledger.h"
#include "runtime/store.h"

namespace ashlar::api {

/// The memory as one of another store's: a shared one of `from`'s.
runtime::Memory* hand_over(const runtime::Store& from, const runtime::Memory& memory, runtime::Store& to);

/// What one thread runs in: a store, with an instance of its own of the program's module.
class ThreadStore {
 public:
  virtual ~ThreadStore() = default;
  virtual runtime::Store& store() = 0;
  /// Links and instantiates, on the thread that starts the other. Shared memories are those of the instance it is for.
  virtual Result<runtime::Instance*> instantiate() = 0;
  /// On the new thread, before anything runs there.
  virtual void begin(runtime::Instance& instance) = 0;
};
/// Makes the store for a thread that this instance starts, on its thread.
using ThreadStoreMaker = std::function<Result<std::unique_ptr<ThreadStore>>(runtime::Instance& parent)>;

/// Whether the module has what starting threads takes: a shared memory that it imports, and the exported function
/// wasi_thread_start [i32 i32] -> []. Errors: Link.
Status check_thread_module(const module::Module& m);
/// Whether it imports wasi.thread-spawn.
bool starts_threads(const module::Module& m);

/// The threads that a program has beside its main one, the one that has `main`. They end together: when one traps or
/// calls proc_exit, when the main one is interrupted, or when end() says so. Thread-safe but for what says otherwise.
class ThreadGroup {
 public:
  /// At most `most` threads at once, beside the main one.
  ThreadGroup(runtime::Store& main, uint32_t most);
  /// end() and wait() come before it.
  ~ThreadGroup();
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  /// wasi.thread-spawn: the new thread's number, or a negative error when there is none.
  int32_t spawn(runtime::Instance& parent, uint32_t argument, const ThreadStoreMaker& make);

  /// The program's memory that modules import by this name, as one of the store's; made when it is first asked for.
  /// For each store once. Errors: Limit.
  Result<runtime::Memory*> memory_in(runtime::Store& store, std::string module, std::string name,
                                     const module::MemoryType& type);

  /// Ends the program, on the part of the main thread: the others stop as soon as they can, and no more start. Does not
  /// wait.
  void end() { end(nullptr); }
  /// Until all threads have ended, which they only do by themselves or after end(). On the main thread.
  void wait();
  /// The same, but not for long. False: some go on.
  bool wait_for(std::chrono::nanoseconds time);
  /// An error of the main thread, or in its place that of the thread that interrupted it.
  Error cause_of(Error error) const;
  /// What a thread other than the main one ended the program with.
  std::optional<Error> cause() const;

  uint32_t size() const;  ///< threads that run now

 private:
  struct Start;
  enum class Refused : int32_t { Again = -6, Canceled = -11, NoMemory = -48, Invalid = -28 };  // WASI's errno, negated

  /// `cause`: what a thread ended the program with, the main one included; only the first counts.
  void end(const Error* cause);
  bool take_place(uint32_t* tid, Refused* why);
  void leave_place(uint32_t tid);
  void add_store(runtime::Store& store);
  void remove_store(runtime::Store& store);
  void share_fuel(runtime::Store& from, runtime::Store& to);
  void join_finished();
  void run(Start& start);

  runtime::Store& main_;
  const uint32_t most_;
  const std::shared_ptr<runtime::Ledger> ledger_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  // Under mutex_.
  bool ended_ = false;
  std::optional<Error> cause_;
  uint32_t last_tid_ = 0;
  std::set<uint32_t> tids_;                  ///< of threads that run or are about to
  std::map<uint32_t, std::thread> threads_;  ///< those that run
  std::vector<std::thread> finished_;        ///< to be joined
  std::set<runtime::Store*> stores_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<runtime::Memory>> memories_;
  int64_t fuel_left_ = 0;  ///< by threads that have ended
};

}  // namespace ashlar::api

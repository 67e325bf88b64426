// The tier that chooses by itself: a program starts in the interpreter, and what turns out to be hot is compiled in the
// background, for this run and, through the cache, for the next ones.
#pragma once

#include <time.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/error.h"
#include "runtime/engine.h"
#include "runtime/store.h"
#include "tiering/sampler.h"
#include "tiering/tiering.h"

namespace ashlar::tiering {

/// One module on its way into machine code, watched where instances of it run: one on each of a few threads. The cache
/// holds for each module the whole of it ("variant" empty, what the optimizing tier uses too) or parts: images of some
/// functions, compiled when they were hot. Parts are followed by the whole when a program has run long enough to
/// deserve it.
class AutoTier final {
 public:
  explicit AutoTier(ImageRequest request);
  /// Never waits for the compiler. With ImageRequest::outlive it finishes by itself what goes to the cache, else it is
  /// ended.
  ~AutoTier();
  AutoTier(const AutoTier&) = delete;
  AutoTier& operator=(const AutoTier&) = delete;

  /// Looks in the cache, before the module's file is read. What it finds contains the module (Image::wasm). Null:
  /// nothing.
  std::shared_ptr<native::Image> find();
  /// The module, made from what find() gave (which it runs already) or else from the file.
  Status adopt(std::shared_ptr<runtime::CompiledModule> module);
  /// From now on functions of the instance's module that are hot on this thread are compiled. Nothing happens before
  /// something is: no thread starts, no file is read. False, and nothing done, where nothing is left to be compiled,
  /// another instance is watched on this thread, or enough threads are. Somebody calls at_safepoint() at the store's
  /// safepoints. Thread-safe.
  bool watch(runtime::Instance& instance);
  /// Before the store ends, on the thread that has it.
  void unwatch(const runtime::Store& store);

  void at_safepoint(const runtime::Store& store);

  // In place of watch(), for who watches threads on which instances come and go (ServiceTier); all on one thread.
  /// Takes in what ran meanwhile, and how long the threads have worked in all; goes on with compiling, and begins
  /// something new where `may_start`.
  void step(std::span<const interp::Sample> samples, uint64_t guest_time, bool may_start);
  bool is_compiling() const { return job_ != nullptr; }
  /// The whole module is compiled, or nothing more ever will be.
  bool is_complete() const { return complete_; }

 private:
  struct Job;
  struct Profile;
  /// An instance that is watched on its thread.
  struct Watched {
    runtime::Instance* instance = nullptr;
    clockid_t clock{};
    uint64_t start = 0;                                   ///< the thread's processor time before
    Sampler sampler;                                      ///< started and stopped inside mutex_
    std::vector<std::shared_ptr<native::Image>> unbound;  ///< the instance's cells don't know them
  };
  static constexpr size_t kMostWatched = 8;

  // On the background thread.
  void run();
  void start_profile();
  void step();
  void take_samples();
  void count(std::span<const interp::Sample> samples);
  void proceed(bool may_start);
  void consider();
  bool awaits_other();
  bool start_part();
  bool start_whole();
  std::vector<native::LoopRow> choose_loops();
  bool start(std::vector<module::FuncIdx> only, std::vector<native::LoopRow> loops, std::string variant);
  void watch_guest();
  void finish_job();
  void publish(std::shared_ptr<native::Image> image);
  void note_compiled(const native::Image& image);
  void give_up();

  bool identify();
  Watched* find(const runtime::Store& store) const;
  void start_thread();
  uint64_t guest_time();
  uint64_t count_guest_time() const;
  uint64_t worth_whole() const;
  const module::Module& module() const { return module_->module(); }

  ImageRequest request_;
  ImageFinder finder_;
  std::shared_ptr<runtime::CompiledModule> module_;
  std::vector<std::shared_ptr<native::Image>> found_;
  std::thread thread_;  ///< started inside mutex_
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  ///< guarded by mutex_
  // Guarded by mutex_: what is watched, and of what was before the processor time and the samples that nobody has read.
  std::vector<std::unique_ptr<Watched>> watched_;
  uint64_t guest_earlier_ = 0;
  uint32_t counted_ = 0;  ///< Sampler::counted() of stores that have ended; under mutex_
  std::vector<interp::Sample> left_;

  // Of the background thread; of the destructor when that has ended.
  std::unique_ptr<Profile> profile_;
  std::vector<bool> compiled_;  ///< by function
  std::unique_ptr<Job> job_;
  bool identified_ = false;            ///< the cache knows the module as it is in memory
  std::atomic<bool> complete_{false};  ///< the whole module is compiled, or nothing more ever will be
  bool tried_whole_ = false;
  std::optional<std::string> awaited_;  ///< the variant that another process makes
  uint64_t ask_again_ = 0;
  uint32_t parts_ = 0;
  uint32_t idle_ = 0;  ///< steps since something happened
};

/// The modules of one store that are on their way into machine code.
class StoreWatch final : public runtime::SafepointHook {
 public:
  explicit StoreWatch(runtime::Store& store) : store_(store) {}
  /// Before the store ends.
  ~StoreWatch();
  StoreWatch(const StoreWatch&) = delete;
  StoreWatch& operator=(const StoreWatch&) = delete;

  /// Watches the instance, of this store, on the calling thread, unless its module is watched elsewhere.
  void add(const std::shared_ptr<AutoTier>& tier, runtime::Instance& instance);
  void at_safepoint() override;

 private:
  runtime::Store& store_;
  std::vector<std::shared_ptr<AutoTier>> tiers_;
};

}  // namespace ashlar::tiering

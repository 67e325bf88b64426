// The tier that chooses by itself: a program starts in the interpreter, and what turns out to be hot is compiled in the
// background, for this run and, through the cache, for the next ones.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.h"
#include "runtime/engine.h"
#include "runtime/store.h"
#include "tiering/sampler.h"
#include "tiering/tiering.h"

namespace ashlar::tiering {

/// One module on its way into machine code, watched where one instance of it at a time runs. The cache holds for each
/// module the whole of it ("variant" empty, what the optimizing tier uses too) or parts: images of some functions,
/// compiled when they were hot. Parts are followed by the whole when a program has run long enough to deserve it.
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
  /// something is: no thread starts, no file is read. False, and nothing done, where nothing is left to be compiled or
  /// another instance is watched. Somebody calls at_safepoint() at the store's safepoints. Thread-safe.
  bool watch(runtime::Instance& instance);
  /// Before the instance's store ends, on the thread that has the store.
  void unwatch();

  void at_safepoint();

 private:
  struct Job;
  struct Profile;

  // On the background thread.
  void run();
  void step();
  void take_samples();
  void consider();
  bool awaits_other();
  bool start_part();
  bool start_whole();
  std::vector<native::LoopRow> choose_loops();
  bool start(std::vector<module::FuncIdx> only, std::vector<native::LoopRow> loops, std::string variant);
  void finish_job();
  void publish(std::shared_ptr<native::Image> image);
  void note_compiled(const native::Image& image);
  void give_up();

  bool identify();
  uint64_t guest_time();
  uint64_t count_guest_time() const;
  uint64_t worth_whole() const;
  const module::Module& module() const { return module_->module(); }

  ImageRequest request_;
  ImageFinder finder_;
  std::shared_ptr<runtime::CompiledModule> module_;
  std::vector<std::shared_ptr<native::Image>> found_;
  Sampler sampler_;  ///< started and stopped inside mutex_
  std::atomic<bool> watched_{false};
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  ///< guarded by mutex_
  // Guarded by mutex_: what is watched, the processor time of its thread, and what was used before that.
  runtime::Instance* instance_ = nullptr;
  clockid_t guest_clock_ = 0;
  uint64_t guest_start_ = 0;
  uint64_t guest_earlier_ = 0;
  std::vector<std::shared_ptr<native::Image>> unbound_;  ///< guarded by mutex_: the instance's cells don't know it

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

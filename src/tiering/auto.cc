// The background thread of the automatic tier: reads samples, decides, compiles, publishes.
#include "tiering/auto.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <system_error>

#include "interp/module_code.h"
#include "native/arch.h"
#include "os/clock.h"
#include "tiering/attach.h"
#include "tiering/batch.h"

namespace ashlar::tiering {

namespace {

using module::FuncIdx;
using namespace std::chrono_literals;

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1'000'000'000;

// Parts: each is larger than the one before, and needs more samples to be worth it.
constexpr uint32_t kMostParts = 6;
constexpr uint64_t kFirstPartBytes = 24 << 10;
constexpr uint32_t kFirstPartSamples = 2;
constexpr uint32_t kPartSamples = 3;
/// Of a loop in a function that has machine code: its frame stays.
constexpr uint32_t kStaleSamples = 2;

/// Calls from machine code to the interpreter that cost as much time as lies between two samples.
constexpr uint32_t kCrossingsPerSample = 4000;

// The whole: when a program has run a quarter of the time that compiling all of it takes, but within bounds.
constexpr uint64_t kCompiledBytesPerSecond = 200'000;
constexpr uint64_t kLeastWhole = 300 * kMillisecond;
constexpr uint64_t kMostWhole = 10 * kSecond;

/// For what another process is compiling.
constexpr uint64_t kAskAgain = 50 * kMillisecond;

constexpr auto kStep = 4ms;
constexpr uint32_t kMostIdleFactor = 16;
/// Steps without anything new after which it is not looked for more of it where the module runs nowhere.
constexpr uint32_t kRest = 16;

std::string part_name(uint32_t i) { return "part " + std::to_string(i); }
std::string path_of(const os::Fd& fd) { return "/proc/self/fd/" + std::to_string(fd.raw()); }

/// Nothing when its thread has ended.
std::optional<uint64_t> read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

interp::ModuleCode& code_of(runtime::CompiledModule& module) { return static_cast<interp::ModuleCode&>(module.tier()); }

}  // namespace

/// One run of the compiler program.
struct AutoTier::Job {
  CompilerProcess process;
  std::string variant;
  bool whole = false;
  os::Fd lock;      ///< with a cache, where the child puts the artifact
  os::Fd artifact;  ///< without
};

struct AutoTier::Profile {
  std::vector<uint32_t> samples;                           ///< by function
  std::map<std::pair<FuncIdx, uint32_t>, uint32_t> loops;  ///< samples by function and loop, until compiled
  std::set<std::pair<FuncIdx, uint32_t>> requested;        ///< loops that were or are being compiled
  uint32_t fresh = 0;                                      ///< of interpreted code since the last part was compiled
  uint32_t crossings = 0;                                  ///< of all functions, as far as they are counted in fresh
};

AutoTier::AutoTier(ImageRequest request) : request_(std::move(request)), finder_(request_) {}

AutoTier::~AutoTier() {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  if (!request_.outlive || !profile_) return;
  if (job_) job_->process.detach();
  // A program that ran long will run long again.
  if (!complete_ && !tried_whole_ && guest_time() >= worth_whole() / 2 && start_whole() && job_) {
    job_->process.detach();
  }
}

std::shared_ptr<native::Image> AutoTier::find() {
  if (auto whole = finder_.find()) {
    complete_ = true;
    found_.push_back(whole);
    return whole;
  }
  while (parts_ < kMostParts) {
    auto part = finder_.find_variant(part_name(parts_));
    if (!part) break;
    found_.push_back(std::move(part));
    ++parts_;
  }
  return found_.empty() ? nullptr : found_.front();
}

Status AutoTier::adopt(std::shared_ptr<runtime::CompiledModule> module) {
  module_ = std::move(module);
  compiled_.resize(this->module().funcs.size());
  for (size_t i = 0; i < found_.size(); ++i) {
    note_compiled(*found_[i]);
    if (i != 0) TRY(attach(*module_, std::move(found_[i])));
  }
  found_.clear();
  return {};
}

AutoTier::Watched* AutoTier::find(const runtime::Store& store) const {
  const auto found = std::ranges::find(watched_, &store, [](const auto& w) { return &w->instance->store(); });
  return found == watched_.end() ? nullptr : found->get();
}

bool AutoTier::watch(runtime::Instance& instance) {
  const module::Module& m = module();
  if (!native::kSupported || complete_ || m.funcs.size() == m.imported_funcs) return false;
  clockid_t clock{};
  if (::pthread_getcpuclockid(::pthread_self(), &clock) != 0) return false;
  std::lock_guard lock(mutex_);
  if (watched_.size() >= kMostWatched) return false;
  if (std::ranges::any_of(watched_, [&](const auto& w) { return w->clock == clock; })) return false;
  auto made = std::make_unique<Watched>();
  made->instance = &instance;
  made->clock = clock;
  made->start = read_clock(clock).value_or(0);
  if (thread_.joinable()) made->sampler.woken();
  made->sampler.count_from(counted_);
  if (!made->sampler.start(&instance.ctx.stack_limit)) return false;
  watched_.push_back(std::move(made));
  wake_.notify_one();
  return true;
}

void AutoTier::unwatch(const runtime::Store& store) {
  std::lock_guard lock(mutex_);
  Watched* const watched = find(store);
  if (watched == nullptr) return;
  watched->sampler.stop();
  guest_earlier_ += read_clock(watched->clock).value_or(watched->start) - watched->start;
  // Stores may be so short that hardly any sees a sample: what they saw adds up.
  counted_ = std::max(counted_, watched->sampler.counted());
  uint64_t lost = 0;
  constexpr size_t kMostLeft = 1024;  // nobody may ever read them
  if (left_.size() < kMostLeft) std::ranges::copy(watched->sampler.read(lost), std::back_inserter(left_));
  std::erase_if(watched_, [watched](const auto& w) { return w.get() == watched; });
}

/// Under mutex_.
void AutoTier::start_thread() {
  for (const auto& watched : watched_) watched->sampler.woken();
  // Signals are for the threads that were there before.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto without_thread = [this] {
    for (const auto& watched : watched_) watched->sampler.stop();  // interpreted to the end
  };
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    without_thread();
  } catch (const std::bad_alloc&) {
    without_thread();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void AutoTier::at_safepoint(const runtime::Store& store) {
  std::vector<std::shared_ptr<native::Image>> images;
  runtime::Instance* instance = nullptr;
  {
    std::lock_guard lock(mutex_);
    Watched* const watched = find(store);
    if (watched == nullptr) return;
    if (!thread_.joinable()) {
      if (!watched->sampler.wants_reader()) return;
      start_thread();
    }
    images.swap(watched->unbound);
    instance = watched->instance;
  }
  const uint32_t imported = module().imported_funcs;
  for (const auto& image : images) {
    for (uint32_t i = 0; i < image->entry_count(); ++i) {
      runtime::FuncCell* cell = instance->ctx.funcs[imported + i];
      if (cell != nullptr && image->entry(i) != nullptr) instance->bind_native(*cell);
    }
  }
}

/// Where memory runs out it stays as it is; nothing may leave a thread.
void AutoTier::run() {
  try {
    watch_guest();
  } catch (const std::bad_alloc&) {
    std::lock_guard lock(mutex_);
    for (const auto& watched : watched_) watched->sampler.stop();
  }
}

void AutoTier::watch_guest() {
  start_profile();
  step();
  std::unique_lock lock(mutex_);
  while (!stop_ && !complete_) {
    // Nobody runs the module: nothing comes in until somebody does.
    if (watched_.empty() && !job_ && idle_ > kRest) wake_.wait(lock, [this] { return stop_ || !watched_.empty(); });
    wake_.wait_for(lock, kStep * std::clamp(idle_ / 16, 1u, kMostIdleFactor), [this] { return stop_; });
    if (stop_) return;
    lock.unlock();
    step();
    lock.lock();
  }
}

void AutoTier::start_profile() {
  auto made = std::make_unique<Profile>();
  made->samples.resize(module().funcs.size());
  profile_ = std::move(made);
}

void AutoTier::step() {
  ++idle_;
  take_samples();
  proceed(true);
}

void AutoTier::step(std::span<const interp::Sample> samples, uint64_t guest_time, bool may_start) {
  if (!profile_) start_profile();
  {
    std::lock_guard lock(mutex_);
    guest_earlier_ = guest_time;
  }
  count(samples);
  proceed(may_start);
}

void AutoTier::proceed(bool may_start) {
  if (job_ && job_->process.poll()) finish_job();
  if (!job_ && !complete_ && may_start) consider();
}

void AutoTier::take_samples() {
  std::vector<interp::Sample> samples;
  {
    std::lock_guard lock(mutex_);
    samples.swap(left_);
    uint64_t lost = 0;
    for (const auto& watched : watched_) std::ranges::copy(watched->sampler.read(lost), std::back_inserter(samples));
  }
  count(samples);
}

void AutoTier::count(std::span<const interp::Sample> samples) {
  const interp::ModuleCode& code = code_of(*module_);
  for (const interp::Sample& sample : samples) {
    if (native::find_image(sample.pc) != nullptr) continue;
    const interp::SamplePlace place = interp::find_place(code, sample);
    if (place.func == nullptr) continue;
    ++profile_->samples[place.func->index];
    ++profile_->fresh;
    idle_ = 0;
    if (place.loop == nullptr) continue;
    const std::pair loop{place.func->index, place.loop->wasm};
    if (!profile_->requested.contains(loop)) ++profile_->loops[loop];
  }
  const uint32_t crossings = code.crossings();
  const uint32_t worth = (crossings - profile_->crossings) / kCrossingsPerSample;
  profile_->crossings += worth * kCrossingsPerSample;
  profile_->fresh += worth;
}

uint64_t AutoTier::guest_time() {
  std::lock_guard lock(mutex_);
  return count_guest_time();
}

uint64_t AutoTier::count_guest_time() const {
  uint64_t out = guest_earlier_;
  for (const auto& watched : watched_) out += read_clock(watched->clock).value_or(watched->start) - watched->start;
  return out;
}

uint64_t AutoTier::worth_whole() const {
  const uint64_t work = uint64_t{module().code_bytes} * (kSecond / kCompiledBytesPerSecond);
  return std::clamp(work / 4, kLeastWhole, kMostWhole);
}

/// Whether another process still makes what we want; when it has, we take that.
bool AutoTier::awaits_other() {
  if (!awaited_) return false;
  const uint64_t now = os::monotonic_now();
  if (now < ask_again_) return true;
  ask_again_ = now + kAskAgain;
  const std::string variant = std::move(*awaited_);
  awaited_.reset();
  auto image = finder_.find_variant(variant);
  if (!image) return false;
  publish(std::move(image));
  if (variant.empty()) {
    give_up();
  } else {
    ++parts_;
  }
  return false;
}

void AutoTier::consider() {
  if (awaits_other() || complete_) return;
  const uint32_t wanted = parts_ == 0 ? kFirstPartSamples : kPartSamples << parts_;
  if (profile_->fresh >= wanted && parts_ < kMostParts && start_part()) return;
  if (!tried_whole_ && !awaited_ && guest_time() >= worth_whole()) start_whole();
}

/// The cache's name for the module that runs. What its index said may have been about a file that is another by now.
bool AutoTier::identify() {
  if (identified_ || !finder_.has_cache()) return false;
  identified_ = true;
  auto whole = finder_.find(module().bytes);
  if (whole) {
    publish(std::move(whole));
    give_up();
    return true;
  }
  for (; parts_ < kMostParts; ++parts_) {
    auto part = finder_.find_variant(part_name(parts_));
    if (!part) break;
    publish(std::move(part));
  }
  return false;
}

bool AutoTier::start_part() {
  const uint32_t before = parts_;
  if (identify()) return true;
  profile_->fresh = 0;
  if (parts_ != before) return false;
  const module::Module& m = module();
  const interp::ModuleCode& code = code_of(*module_);
  std::vector<HotFunction> hot;
  for (FuncIdx f = m.imported_funcs; f < m.funcs.size(); ++f) {
    if (compiled_[f]) continue;
    const uint32_t samples = profile_->samples[f] + code.crossings(f) / kCrossingsPerSample;
    if (samples != 0) hot.push_back({f, samples});
  }
  std::vector<native::LoopRow> loops = choose_loops();
  if (hot.empty() && loops.empty()) return false;
  std::vector<FuncIdx> only;
  if (!hot.empty()) only = choose_batch(m, std::move(hot), compiled_, kFirstPartBytes << parts_);
  if (only.empty()) only.push_back(loops.front().func);
  return start(std::move(only), std::move(loops), part_name(parts_));
}

/// Loops whose frames were there before their function's machine code and go on being interpreted. Of the loops in
/// functions that are compiled now, only the hottest: few frames last as long as a compilation.
std::vector<native::LoopRow> AutoTier::choose_loops() {
  std::vector<native::LoopRow> out;
  uint32_t most = 0;
  for (const auto& [loop, samples] : profile_->loops) most = std::max(most, samples);
  for (auto at = profile_->loops.begin(); at != profile_->loops.end();) {
    const auto [func, wasm] = at->first;
    const bool stale = compiled_[func] && at->second >= kStaleSamples;
    const bool hottest = at->second == most;
    if (!stale && !hottest) {
      ++at;
      continue;
    }
    if (hottest) most = ~uint32_t{0};  // one is enough
    out.push_back({func, wasm, 0});
    profile_->requested.insert(at->first);
    at = profile_->loops.erase(at);
  }
  return out;
}

bool AutoTier::start_whole() {
  tried_whole_ = true;
  if (identify()) return true;
  return start({}, {}, {});
}

bool AutoTier::start(std::vector<FuncIdx> only, std::vector<native::LoopRow> loops, std::string variant) {
  auto job = std::make_unique<CompileJob>();
  job->wasm = module().bytes;
  job->compiler = request_.compiler;
  job->request.level = request_.level;
  job->request.all_places = request_.all_places;
  job->request.config = request_.config;
  job->request.pretend_unsupported = request_.pretend_unsupported;
  // The program keeps a processor to itself: where there are two, and where others want them, too.
  job->request.background = true;
  job->request.threads = std::max(2u, std::thread::hardware_concurrency()) - 1;
  job->only = std::move(only);
  job->loops = std::move(loops);
  os::Fd lock;
  os::Fd artifact;
  if (finder_.has_cache()) {
    std::optional<Cache::Reservation> place = finder_.reserve(variant);
    if (!place) {
      awaited_ = std::move(variant);
      return false;
    }
    job->request.output = place->path;
    job->outlives = request_.outlive;
    lock = std::move(place->lock);
    job->lock = lock.raw();
  } else {
    Result<os::Fd> memory = make_memory_file("ashlar-code");
    if (!memory) {
      give_up();
      return false;
    }
    artifact = std::move(*memory);
    job->output_fd = artifact.raw();
  }
  Result<CompilerProcess> process = CompilerProcess::start(*job);
  if (!process) {
    give_up();
    return false;
  }
  job_ = std::make_unique<Job>(std::move(*process), variant, job->only.empty(), std::move(lock), std::move(artifact));
  return true;
}

void AutoTier::finish_job() {
  const std::unique_ptr<Job> job = std::move(job_);
  std::shared_ptr<native::Image> image;
  if (job->process.wait()) {
    if (finder_.has_cache()) {
      image = finder_.take_variant(job->variant);
    } else if (auto opened = native::Image::open(path_of(job->artifact), native::Image::Trust::Cache)) {
      image = std::move(*opened);
    }
  }
  if (!image) return give_up();
  publish(std::move(image));
  idle_ = 0;
  if (job->whole) {
    give_up();
  } else {
    ++parts_;
  }
}

void AutoTier::note_compiled(const native::Image& image) {
  const uint32_t imported = module().imported_funcs;
  for (uint32_t i = 0; i < image.entry_count(); ++i) {
    if (image.entry(i) != nullptr) compiled_[imported + i] = true;
  }
}

/// Functions become machine code here; the guests' threads tell the cells of their instances.
void AutoTier::publish(std::shared_ptr<native::Image> image) {
  if (!attach(*module_, image)) return;
  note_compiled(*image);
  std::lock_guard lock(mutex_);
  for (const auto& watched : watched_) {
    watched->unbound.push_back(image);
    watched->instance->store().request_safepoint();
  }
}

/// Nothing more will be compiled: all is, or the compiler is missing or broken, and the interpreter does the rest.
void AutoTier::give_up() {
  complete_ = true;
  std::lock_guard lock(mutex_);
  for (const auto& watched : watched_) watched->sampler.stop();
}

StoreWatch::~StoreWatch() {
  for (const auto& tier : tiers_) tier->unwatch(store_);
  if (store_.safepoint_hook == this) store_.safepoint_hook = nullptr;
}

void StoreWatch::add(const std::shared_ptr<AutoTier>& tier, runtime::Instance& instance) {
  if (!tier->watch(instance)) return;
  tiers_.push_back(tier);
  store_.safepoint_hook = this;
}

void StoreWatch::at_safepoint() {
  for (const auto& tier : tiers_) tier->at_safepoint(store_);
}

}  // namespace ashlar::tiering

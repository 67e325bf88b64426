// The driver: partitions the module, compiles the parts in parallel, links them into an image.
#include "optimizing/compile.h"

#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "native/image.h"
#include "optimizing/callees.h"
#include "optimizing/emit.h"
#include "optimizing/link.h"
#include "optimizing/pipeline.h"
#include "optimizing/target.h"
#include "optimizing/unit.h"
#include "optimizing/unsupported.h"

namespace ashlar::optimizing {

namespace {

/// Functions compiled as one LLVM module. Parts depend on the module alone, so that the result does not depend on the
/// number of threads.
struct Part {
  std::vector<module::FuncIdx> funcs;
  size_t bytes = 0;
};

// Small enough that what LLVM makes of one stays in the processor's caches; functions are inlined within a part only,
// which -O1 does not do at all.
constexpr size_t part_bytes(OptLevel level) { return level == OptLevel::O1 ? 24 << 10 : 48 << 10; }

std::vector<Part> partition(const module::Module& m, const std::vector<module::FuncIdx>& funcs, OptLevel level) {
  size_t all = 0;
  for (module::FuncIdx f : funcs) all += m.funcs[f].body_size;
  const size_t count = all / part_bytes(level) + 1;
  const size_t each = all / count + 1;
  std::vector<Part> parts;
  for (module::FuncIdx f : funcs) {
    if (parts.empty() || parts.back().bytes >= each) parts.emplace_back();
    parts.back().funcs.push_back(f);
    parts.back().bytes += m.funcs[f].body_size;
  }
  return parts;
}

class Job {
 public:
  Job(const module::Module& m, const CompileOptions& options)
      : m_(m), options_(options), parts_(partition(m, options.only, options.level)), callees_(m) {
    objects_.resize(parts_.size());
    texts_.resize(parts_.size());
    for (const Part& p : parts_) all_bytes_ += p.bytes;
  }

  Status run() {
    unsigned threads = options_.threads != 0 ? options_.threads : std::max(1u, std::thread::hardware_concurrency());
    threads = static_cast<unsigned>(std::min<size_t>(threads, parts_.size()));
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
    work();
    for (std::thread& t : others) t.join();
    return std::move(error_);
  }

  std::vector<ObjectCode>& objects() { return objects_; }
  std::string text() const {
    std::string out;
    for (const std::string& t : texts_) out += t;
    return out;
  }

 private:
  void work() {
    auto target = make_target(options_);
    if (!target) return fail(std::move(target).error());
    for (;;) {
      const size_t i = next_.fetch_add(1);
      if (i >= parts_.size() || failed_) return;
      if (options_.cancel != nullptr && *options_.cancel) return fail(Error(ErrorCode::cancelled));
      if (Status done = compile_part(i, **target); !done) return fail(std::move(done).error());
      const size_t bytes = done_bytes_ += parts_[i].bytes;
      if (options_.progress) options_.progress(bytes, all_bytes_);
    }
  }

  Status compile_part(size_t i, llvm::TargetMachine& target) {
    const bool x86 = target.getTargetTriple().isX86();
    Unit unit(m_, options_, callees_, parts_[i].funcs, "part" + std::to_string(i), x86);
    unit.ir.setDataLayout(target.createDataLayout());
    unit.ir.setTargetTriple(target.getTargetTriple());
    for (module::FuncIdx f : parts_[i].funcs) {
      if (options_.cancel != nullptr && *options_.cancel) return make_error(ErrorCode::cancelled);
      TRY(translate(unit, f));
      unit.define_entry(f);
    }
    for (const native::LoopRow& loop : options_.loops) {
      const bool here = std::ranges::binary_search(parts_[i].funcs, loop.func);
      const bool nowhere = i == 0 && !std::ranges::binary_search(options_.only, loop.func);
      if (here || nowhere) TRY(translate_loop(unit, loop.func, loop.wasm));
    }
    TRY(translate_borrowed(unit));
    unit.finish();
    TRY(optimize(unit.ir, target, options_, memory_facts(m_, options_.explicit_bounds)));
    if (options_.emit_ir) {
      llvm::raw_string_ostream out(texts_[i]);
      unit.ir.print(out, nullptr);
      return {};
    }
    TRY_ASSIGN(objects_[i], emit(unit.ir, target, options_.all_places));
    return {};
  }

  void fail(Error e) {
    std::lock_guard lock(mutex_);
    if (!failed_) error_ = std::unexpected(std::move(e));
    failed_ = true;
  }

  const module::Module& m_;
  const CompileOptions& options_;
  std::vector<Part> parts_;
  const Callees callees_;
  std::vector<ObjectCode> objects_;
  std::vector<std::string> texts_;
  size_t all_bytes_ = 0;
  std::atomic<size_t> next_{0};
  std::atomic<size_t> done_bytes_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Status error_;
};

}  // namespace

Result<std::vector<uint8_t>> compile(const module::Module& m, const CompileOptions& options) {
  TRY_ASSIGN(auto target, make_target(options));
  CompileOptions chosen = options;
  TRY_ASSIGN(chosen.only, supported_functions(m, options));
  Job job(m, chosen);
  TRY(job.run());
  if (options.emit_ir) {
    const std::string text = job.text();
    return std::vector<uint8_t>(text.begin(), text.end());
  }
  native::ImageParts parts;
  TRY(link(job.objects(), m.imported_funcs, m.funcs.size() - m.imported_funcs, parts));
  parts.target = image_target(*target);
  parts.config.explicit_bounds = options.explicit_bounds;
  parts.config.fuel = options.fuel;
  if (options.fuel) parts.config.fuel_costs = options.fuel_costs.text();
  parts.config.features = options.features.raw();
  parts.wasm = m.bytes;
  native::describe_module(m, parts);
  return native::write_image(parts);
}

}  // namespace ashlar::optimizing

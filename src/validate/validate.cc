// The drivers: one body, all bodies (in parallel when the module is large), branch hints.
#include "validate/validate.h"

#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "binary/body_reader.h"
#include "validate/function.h"

namespace ashlar::validate {

using module::FuncFacts;
using module::FuncIdx;
using module::Module;

namespace {

constexpr uint32_t kParallelCodeBytes = 256 * 1024;
constexpr uint32_t kKeepFactsBytes = 64 * 1024;
constexpr uint32_t kBatch = 32;  ///< functions a worker takes at a time

/// Bodies are handed out in ascending order; the error of the lowest function wins, whatever the timing.
class BodyQueue {
 public:
  BodyQueue(Module& m, const ValidateOptions& options)
      : m_(m), options_(options), next_(m.imported_funcs), failed_(kNoFunc) {
    // Small programs are lowered nearly whole: what is known need not be found out twice.
    if (m.code_bytes < kKeepFactsBytes) m.facts.resize(m.funcs.size() - m.imported_funcs);
  }

  void work() {
    try {
      run_batches();
    } catch (const std::bad_alloc&) {
      record(0, Error::no_memory());
    }
  }

  Status result() {
    if (!error_) return {};
    return std::unexpected(std::move(*error_));
  }

 private:
  void run_batches() {
    FunctionValidator validator(m_, options_);
    FuncFacts facts;
    const auto count = static_cast<uint32_t>(m_.funcs.size());
    for (;;) {
      const uint32_t first = next_.fetch_add(kBatch, std::memory_order_relaxed);
      if (first >= count) return;
      const uint32_t last = std::min(first + kBatch, count);
      for (FuncIdx f = first; f < last; ++f) {
        if (f >= failed_.load(std::memory_order_relaxed)) return;
        Status status = validator.run(f, facts);
        if (!status) return record(f, std::move(status).error());
        if (!m_.facts.empty()) m_.facts[f - m_.imported_funcs] = facts;
      }
    }
  }

  void record(FuncIdx f, Error error) {
    std::lock_guard lock(mutex_);
    if (f >= failed_.load(std::memory_order_relaxed)) return;
    failed_.store(f, std::memory_order_relaxed);
    error_ = std::move(error);
  }

  Module& m_;
  const ValidateOptions& options_;
  std::atomic<uint32_t> next_;
  std::atomic<uint32_t> failed_;
  std::mutex mutex_;
  std::optional<Error> error_;
};

unsigned worker_count(const Module& m, const ValidateOptions& options) {
  if (m.code_bytes < kParallelCodeBytes) return 1;
  const unsigned machine = std::max(1u, std::thread::hardware_concurrency());
  const unsigned wanted = options.threads == 0 ? machine : options.threads;
  return std::min(wanted, 1 + m.code_bytes / (kParallelCodeBytes / 2));
}

}  // namespace

Result<FuncFacts> validate_function(const Module& m, FuncIdx f, const ValidateOptions& options) {
  FuncFacts facts;
  TRY(FunctionValidator(m, options).run(f, facts));
  return facts;
}

Status validate(Module& m, const std::shared_ptr<module::TypeRegistry>& registry, const ValidateOptions& options) {
  TRY(validate_module(m, registry, options));
  if (options.lazy) return {};
  BodyQueue queue(m, options);
  std::vector<std::thread> workers;
  // Where no more threads are to be had, those there are do the work.
  try {
    workers.reserve(worker_count(m, options));
    for (unsigned i = 1; i < worker_count(m, options); ++i) workers.emplace_back([&queue] { queue.work(); });
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  queue.work();
  for (std::thread& worker : workers) worker.join();
  return queue.result();
}

Status check_branch_hints(const Module& m, const isa::Features& features) {
  std::vector<binary::LocalGroup> locals;
  for (size_t i = 0; i < m.branch_hints.size();) {
    const FuncIdx f = m.branch_hints[i].func;
    if (f >= m.funcs.size() || m.funcs[f].imported) return make_error(ErrorCode::branch_hint_target);
    binary::BodyReader reader(m, f, features);
    binary::Imm imm;
    TRY(binary::read_locals(reader, 0, ~uint32_t{0}, locals));
    // Hints of a function are ordered by offset.
    while (i < m.branch_hints.size() && m.branch_hints[i].func == f && !reader.at_end()) {
      const isa::Op op = reader.next(imm);
      if (op == isa::Op::kCount) return std::unexpected(reader.take_error());
      const uint64_t at = reader.op_pos() - m.funcs[f].body_offset;
      if (at < m.branch_hints[i].offset) continue;
      const bool branches = op == isa::Op::if_ || op == isa::Op::br_if;
      if (at != m.branch_hints[i].offset || !branches) {
        return Status(make_error(ErrorCode::branch_hint_target, reader.op_pos()));
      }
      ++i;
    }
    if (i < m.branch_hints.size() && m.branch_hints[i].func == f) return make_error(ErrorCode::branch_hint_target);
  }
  return {};
}

}  // namespace ashlar::validate

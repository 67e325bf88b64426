// The compiler program as a child process: started, listened to, waited for, ended.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "native/compiler_protocol.h"
#include "os/file.h"

namespace ashlar::tiering {

/// Called with bytes of code done and all there are (0: not known yet), about ten times a second while waiting.
using ProgressFunction = std::function<void(uint64_t done, uint64_t all)>;

/// What to compile and where the result goes. The request's input, only, progress and parent are set by start(), its
/// output too when output_fd is given.
struct CompileJob {
  native::CompileRequest request;
  std::span<const uint8_t> wasm;       ///< the module; needed only until start() returns
  std::vector<uint32_t> only;          ///< functions to compile; empty: all
  std::vector<native::LoopRow> loops;  ///< loop entries to compile besides
  std::vector<uint32_t> lines_of;      ///< Emit::SourceLines: offsets in the module, ascending
  std::string compiler;                ///< the program's path; empty: compiler_path()
  int output_fd = -1;                  ///< borrowed; -1: request.output is a path
  int lock = -1;                       ///< borrowed; the child holds it open as long as it works
  bool outlives = false;               ///< the child goes on when we end, and shares nothing with us but files
  bool keep_compiler = false;          ///< more will be compiled: the compiler program stays, and starts only once
};

/// Where the compiler program is: $ASHLAR_LLVM; or ../lib/ashlar/ashlar-llvm seen from this program; or, where that is
/// not there, ashlar/ashlar-llvm beside the shared library that holds this code.
std::string compiler_path();

/// A file in memory that no path names. Errors: Io.
Result<os::Fd> make_memory_file(const char* name, std::span<const uint8_t> content = {});

/// One compilation under way. Not thread-safe. The kernel ends the child when the thread that started it ends.
class CompilerProcess {
 public:
  /// Errors: compiler_missing (with the path), Io.
  static Result<CompilerProcess> start(const CompileJob& job);
  /// For --disassemble: the child writes to our standard output.
  static Result<CompilerProcess> start_disassembly(const std::string& artifact);

  CompilerProcess(CompilerProcess&&) noexcept;
  CompilerProcess& operator=(CompilerProcess&&) noexcept;
  /// Ends the child when it still works.
  ~CompilerProcess();

  /// Takes in what the child said without waiting; true when it has ended.
  bool poll();
  uint64_t done() const;
  uint64_t all() const;
  /// Waits for the end. Errors: compiler_refused (a bad module), compiler_files, unsupported_target, compiler_failed,
  /// each with what the child wrote.
  Status wait(const ProgressFunction& progress = {});
  /// Ends the child. wait() then gives an error.
  void cancel();
  /// Leaves the child alone: with CompileJob::outlives it goes on, else the kernel ends it with our thread.
  void detach();

 private:
  struct State;
  explicit CompilerProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ashlar::tiering

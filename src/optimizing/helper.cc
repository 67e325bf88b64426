// The compiler program: reads a module, checks it again, compiles it, writes the result.
#include "optimizing/helper.h"

#include <errno.h>
#include <llvm/Support/ErrorHandling.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "binary/decode.h"
#include "native/compiler_protocol.h"
#include "optimizing/compile.h"
#include "optimizing/disassemble.h"
#include "optimizing/output.h"
#include "optimizing/serve.h"
#include "optimizing/source_lines.h"
#include "os/clock.h"
#include "os/file_bytes.h"
#include "validate/validate.h"

namespace ashlar::optimizing {
namespace {

using native::CompileRequest;

constexpr char kUsage[] =
    "Usage: ashlar-llvm [FLAGS] INPUT OUTPUT\n"
    "       ashlar-llvm --disassemble=ARTIFACT\n\n"
    "The compiler behind 'ashlar compile' and 'ashlar run', which start it. INPUT is a WebAssembly binary; INPUT and\n"
    "OUTPUT are files or fd:N.\n\n"
    "Flags:\n"
    "  --level=0|1|2|3|s   how much to optimize (2)\n"
    "  --arch=NAME         x86_64 or aarch64 (this machine's)\n"
    "  --cpu=NAME          a processor that LLVM knows, or native, generic (native)\n"
    "  --features=BITS     the WebAssembly features that the module may use\n"
    "  --explicit-bounds   check accesses to memory by comparing, not by guard pages\n"
    "  --fuel              count instructions\n"
    "  --fuel-costs=NAME=COST,...\n"
    "                      what they count, where it is not 1\n"
    "  --only=FILE         compile only these functions (indices, one a line) and entries of loops (FUNCTION:OFFSET)\n"
    "  --threads=N         how many threads compile (all cores)\n"
    "  --emit=ir           write LLVM's intermediate code instead\n"
    "  --all-places        note where each instruction comes from, for debuggers and profilers\n"
    "  --source-lines=FILE write instead where in the source the code at these offsets comes from, by its DWARF\n"
    "  --passes=TEXT       for developers: LLVM's pass pipeline\n"
    "  --pretend-unsupported=OP,...\n"
    "                      for tests: leave functions with these instructions out\n"
    "  --progress-fd=N     say on this descriptor how far it is\n"
    "  --background        leave the processor to others\n"
    "  --parent=PID        end with this process\n"
    "  --serve=N           compile what is asked for on this socket\n"
    "  --protocol=N        the version of these flags\n";

void write_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

/// One line, whatever the message holds: the command shows it as its own.
void complain(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  write_text(STDERR_FILENO, "ashlar-llvm: " + text + "\n");
}

int exit_code(const Error& error) {
  if (error.code() == ErrorCode::unsupported_target) return native::kCompilerUnsupported;
  switch (error.phase()) {
    case Phase::Malformed:
    case Phase::Invalid:
    case Phase::Limit:
      return native::kCompilerBadModule;
    case Phase::Io:
      return native::kCompilerFiles;
    default:
      return native::kCompilerFailed;
  }
}

/// LLVM's own last words: without this it would end with an exit code of its choice.
void on_fatal_error(void*, const char* reason, bool) {
  complain(std::string("LLVM: ") + reason);
  remove_unfinished();
  ::_exit(native::kCompilerFailed);
}

Result<os::FileBytes> read_input(const std::string& where) {
  if (!where.starts_with("fd:")) return os::read_file(where);
  // Opened anew by its name, so that it is read from its start whatever the parent did.
  return os::read_file("/proc/self/fd/" + where.substr(3));
}

/// Lines are functions, or functions with a loop's offset behind a colon.
Status read_functions(const std::string& where, const module::Module& m, CompileOptions& options) {
  TRY_ASSIGN(const os::FileBytes file, read_input(where));
  const char* at = reinterpret_cast<const char*>(file.bytes().data());
  const char* const end = at + file.bytes().size();
  while (at != end) {
    if (*at == '\n' || *at == ' ') {
      ++at;
      continue;
    }
    uint32_t f = 0;
    const std::from_chars_result parsed = std::from_chars(at, end, f);
    if (parsed.ec != std::errc() || f >= m.funcs.size() || m.funcs[f].imported) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, "--only", std::string(at, std::min(end, at + 12)),
                        "a function of the module");
    }
    at = parsed.ptr;
    if (at == end || *at != ':') {
      options.only.push_back(f);
      continue;
    }
    native::LoopRow loop{f, 0, 0};
    at = std::from_chars(at + 1, end, loop.wasm).ptr;
    if (loop.wasm == 0) return make_error(ErrorCode::bad_flag_value, kNoOffset, "--only", "0", "a loop's offset");
    options.loops.push_back(loop);
  }
  return {};
}

OptLevel level_of(char level) {
  switch (level) {
    case '0':
      return OptLevel::O0;
    case '1':
      return OptLevel::O1;
    case '3':
      return OptLevel::O3;
    case 's':
      return OptLevel::Os;
    default:
      return OptLevel::O2;
  }
}

/// Says how far the work is, but not more often than anybody looks.
class Progress {
 public:
  explicit Progress(int fd) : fd_(fd) {}
  void operator()(size_t done, size_t all) {
    constexpr uint64_t kPause = 20'000'000;
    const uint64_t now = os::monotonic_now();
    uint64_t last = last_;
    if (now - last < kPause || !last_.compare_exchange_strong(last, now)) return;
    char line[64];
    const int size = std::snprintf(line, sizeof line, "%zu %zu\n", done, all);
    // A reader that is slow or gone misses it.
    [[maybe_unused]] const ssize_t ignored = ::write(fd_, line, static_cast<size_t>(size));
  }

 private:
  int fd_;
  std::atomic<uint64_t> last_ = 0;
};

Result<std::unique_ptr<module::Module>> load(const CompileRequest& request) {
  TRY_ASSIGN(os::FileBytes file, read_input(request.input));
  auto kept = std::make_shared<const os::FileBytes>(std::move(file));
  const std::span<const uint8_t> bytes = kept->bytes();
  binary::DecodeOptions decode;
  decode.features = native::features_from_bits(request.config.features);
  TRY_ASSIGN(auto module, binary::decode(bytes, std::move(kept), decode));
  validate::ValidateOptions validate;
  validate.features = decode.features;
  validate.threads = request.threads;
  TRY(validate::validate(*module, std::make_shared<module::TypeRegistry>(), validate));
  return module;
}

Status compile_file(const CompileRequest& request) {
  TRY(check_output(request.output));
  TRY_ASSIGN(const auto module, load(request));
  CompileOptions options;
  options.level = level_of(request.level);
  options.arch = request.arch;
  options.cpu = request.cpu;
  options.threads = request.threads;
  options.explicit_bounds = request.config.explicit_bounds;
  options.fuel = request.config.fuel;
  options.fuel_costs = isa::FuelCosts::parse(request.config.fuel_costs).value_or(isa::FuelCosts());
  options.features = native::features_from_bits(request.config.features);
  options.all_places = request.all_places;
  options.emit_ir = request.emit == CompileRequest::Emit::Ir;
  options.pass_log = request.passes;
  options.pretend_unsupported = request.pretend_unsupported;
  if (!request.only.empty()) {
    TRY(read_functions(request.only, *module, options));
  }
  Progress progress(request.progress);
  if (request.progress >= 0) {
    options.progress = [&progress](size_t done, size_t all) { progress(done, all); };
  }
  TRY_ASSIGN(const std::vector<uint8_t> result, compile(*module, options));
  TRY(write_output(request.output, result));
  if (request.progress >= 0) write_text(request.progress, "ok\n");
  return {};
}

/// Names in the source of the guest for places in its code. The module was validated when it was compiled.
Status write_source_lines(const CompileRequest& request) {
  TRY_ASSIGN(const os::FileBytes input, read_input(request.input));
  binary::DecodeOptions decode;
  decode.features = native::features_from_bits(request.config.features);
  decode.names = false;
  TRY_ASSIGN(const auto module, binary::decode(input.bytes(), nullptr, decode));
  TRY_ASSIGN(const os::FileBytes file, read_input(request.source_lines));
  std::vector<uint32_t> offsets(file.bytes().size() / sizeof(uint32_t));
  if (!offsets.empty()) std::memcpy(offsets.data(), file.bytes().data(), offsets.size() * sizeof(uint32_t));
  return write_output(request.output, native::encode_source_lines(read_source_lines(*module, offsets)));
}

/// Ends with the parent, which may have ended already.
bool follow_parent(int64_t parent) {
  if (parent == 0) return true;
  return ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && ::getppid() == static_cast<pid_t>(parent);
}

Status work(const CompileRequest& request) {
  switch (request.emit) {
    case CompileRequest::Emit::Artifact:
    case CompileRequest::Emit::Ir:
      return compile_file(request);
    case CompileRequest::Emit::Disassembly:
      return disassemble_artifact(request.input, STDOUT_FILENO);
    case CompileRequest::Emit::SourceLines:
      return write_source_lines(request);
  }
  return {};
}

int run(std::span<char* const> arguments) {
  for (const char* argument : arguments) {
    if (std::strcmp(argument, "--help") == 0) {
      write_text(STDOUT_FILENO, kUsage);
      return native::kCompilerDone;
    }
  }
  const Result<CompileRequest> request = native::parse_arguments(arguments);
  if (!request) {
    complain(request.error().message());
    return native::kCompilerFailed;
  }
  if (request->serve >= 0) return serve(request->serve, run);
  // A progress descriptor that nobody reads is no reason to end.
  ::signal(SIGPIPE, SIG_IGN);
  remove_unfinished_on_signals();
  if (!follow_parent(request->parent)) return native::kCompilerFailed;
  constexpr int kBackground = 10;
  if (request->background) [[maybe_unused]]
    const int ignored = ::nice(kBackground);
  llvm::install_fatal_error_handler(on_fatal_error);
  const Status done = work(*request);
  if (done) return native::kCompilerDone;
  complain(done.error().render());
  return exit_code(done.error());
}

}  // namespace
}  // namespace ashlar::optimizing

int ashlar_llvm_main(int argc, char** argv) {
  return ashlar::optimizing::run(std::span<char* const>(argv + 1, static_cast<size_t>(argc > 0 ? argc - 1 : 0)));
}

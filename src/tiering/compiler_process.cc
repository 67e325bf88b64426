// Starting and watching of the compiler program.
#include "tiering/compiler_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "os/cpu_extensions.h"
#include "tiering/child.h"
#include "tiering/compiler_server.h"

namespace ashlar::tiering {
namespace {

using native::CompileRequest;

struct Pipe {
  os::Fd read;
  os::Fd write;
};

Result<Pipe> make_pipe(int flags) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | flags) != 0) return io_failed("pipe", errno);
  return Pipe{os::Fd::own(ends[0]), os::Fd::own(ends[1])};
}

std::string name_of(int fd) { return "fd:" + std::to_string(fd); }

std::string signal_text(int number) {
  const char* name = ::sigabbrev_np(number);
  return "it was ended by " + (name ? std::string("SIG") + name : "signal " + std::to_string(number));
}

}  // namespace

struct CompilerProcess::State {
  pid_t pid = -1;
  std::unique_ptr<CompilerServer> server;  ///< instead of a child of our own
  Pipe progress;
  Pipe messages;
  std::string unread;  ///< of the progress pipe, an unfinished line
  std::string text;    ///< what it wrote to standard error
  uint64_t done = 0;
  uint64_t all = 0;
  bool said_ok = false;
  bool ended = false;
  bool cancelled = false;
  int status = 0;  ///< of waitpid
  bool reaped_elsewhere = false;

  Status launch(Inherited& inherited, CompileRequest& request, const CompileJob& job);
  bool read_some(os::Fd& fd, std::string& into);
  void take_progress();
  void reap(bool block);
  Status result() const;
};

/// False when the pipe is at its end (and closed then).
bool CompilerProcess::State::read_some(os::Fd& fd, std::string& into) {
  if (!fd) return false;
  for (;;) {
    char buffer[4096];
    const ssize_t got = ::read(fd.raw(), buffer, sizeof buffer);
    if (got > 0) {
      constexpr size_t kMost = 1 << 20;
      if (into.size() < kMost) into.append(buffer, static_cast<size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    fd.close();
    return false;
  }
}

void CompilerProcess::State::take_progress() {
  size_t from = 0;
  for (size_t end; (end = unread.find('\n', from)) != unread.npos; from = end + 1) {
    const std::string_view line = std::string_view(unread).substr(from, end - from);
    if (line == "ok") {
      said_ok = true;
      done = all;
      continue;
    }
    uint64_t values[2] = {};
    const char* at = line.data();
    for (uint64_t& value : values) {
      const std::from_chars_result parsed = std::from_chars(at, line.data() + line.size(), value);
      at = parsed.ptr + (parsed.ptr != line.data() + line.size());
    }
    // Threads of the compiler may overtake each other.
    done = std::max(done, std::min(values[0], values[1]));
    all = std::max(all, values[1]);
  }
  unread.erase(0, from);
}

void CompilerProcess::State::reap(bool block) {
  if (server) {
    const CompilerServer::Answer answer = server->receive(block);
    if (!answer.ended) return;
    ended = true;
    reaped_elsewhere = !answer.status;
    status = answer.status.value_or(0);
    if (answer.status) CompilerServer::keep(std::move(server));
    return;
  }
  while (!ended) {
    const pid_t got = ::waitpid(pid, &status, block ? 0 : WNOHANG);
    if (got == 0) return;
    if (got < 0 && errno == EINTR) continue;
    // Somebody else's handler of child processes may have taken the status: then only its last word tells.
    reaped_elsewhere = got < 0;
    ended = true;
  }
}

Status CompilerProcess::State::result() const {
  if (cancelled) return make_error(ErrorCode::compiler_failed, kNoOffset, "it was cancelled");
  std::string said = text.substr(0, text.find_last_not_of('\n') + 1);
  constexpr std::string_view kPrefix = "ashlar-llvm: ";
  if (said.starts_with(kPrefix)) said.erase(0, kPrefix.size());
  const bool exited = !reaped_elsewhere && WIFEXITED(status);
  if (reaped_elsewhere ? said_ok : exited && WEXITSTATUS(status) == native::kCompilerDone) return {};
  if (exited && WEXITSTATUS(status) == native::kCompilerBadModule && !said.empty()) {
    return make_error(ErrorCode::compiler_refused, kNoOffset, said);
  }
  if (exited && WEXITSTATUS(status) == native::kCompilerFiles && !said.empty()) {
    return make_error(ErrorCode::compiler_files, kNoOffset, said);
  }
  if (exited && WEXITSTATUS(status) == native::kCompilerUnsupported) {
    constexpr std::string_view kSame = "unsupported target: ";
    if (said.starts_with(kSame)) said.erase(0, kSame.size());
    return make_error(ErrorCode::unsupported_target, kNoOffset, said);
  }
  if (!reaped_elsewhere && WIFSIGNALED(status)) {
    said = signal_text(WTERMSIG(status)) + (said.empty() ? "" : "; " + said);
  } else if (said.empty()) {
    said = "it gave no reason";
  }
  return make_error(ErrorCode::compiler_failed, kNoOffset, said);
}

std::string compiler_path() {
  if (const char* own = std::getenv("ASHLAR_LLVM"); own && *own) return own;
  char self[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", self, sizeof self);
  const std::string_view program(self, size > 0 ? static_cast<size_t>(size) : 0);
  const size_t slash = program.rfind('/');
  const std::string_view bin = program.substr(0, slash == program.npos ? 0 : slash);
  const size_t above = bin.rfind('/');
  std::string beside_program = std::string(bin.substr(0, above == bin.npos ? 0 : above)) + "/lib/ashlar/ashlar-llvm";
  if (::access(beside_program.c_str(), X_OK) == 0) return beside_program;
  Dl_info own_file;
  if (::dladdr(reinterpret_cast<const void*>(&compiler_path), &own_file) == 0 || own_file.dli_fname == nullptr) {
    return beside_program;
  }
  const std::string library = own_file.dli_fname;
  const size_t end = library.rfind('/');
  std::string beside_library = library.substr(0, end == library.npos ? 0 : end + 1) + "ashlar/ashlar-llvm";
  return ::access(beside_library.c_str(), X_OK) == 0 ? beside_library : beside_program;
}

Result<os::Fd> make_memory_file(const char* name, std::span<const uint8_t> content) {
  const int raw = ::memfd_create(name, MFD_CLOEXEC);
  if (raw < 0) return io_failed("memory for the compiler", errno);
  os::Fd out = os::Fd::own(raw);
  while (!content.empty()) {
    const ssize_t written = ::write(raw, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_failed("memory for the compiler", errno);
    content = content.subspan(static_cast<size_t>(written));
  }
  return out;
}

CompilerProcess::CompilerProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}
CompilerProcess::CompilerProcess(CompilerProcess&&) noexcept = default;
CompilerProcess& CompilerProcess::operator=(CompilerProcess&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

CompilerProcess::~CompilerProcess() {
  if (state_) cancel();
}

Status CompilerProcess::State::launch(Inherited& inherited, CompileRequest& request, const CompileJob& job) {
  Result<std::unique_ptr<CompilerServer>> kept(nullptr);
  if (job.keep_compiler && job.compiler.empty()) kept = CompilerServer::take();
  // Where there is no server, a program for this module alone does as well.
  if (kept && *kept) {
    request.parent = (*kept)->pid();
    if ((*kept)->send(native::to_arguments(request), inherited.descriptors())) {
      server = std::move(*kept);
      return {};
    }
  }
  request.parent = job.outlives ? 0 : ::getpid();
  TRY_ASSIGN(pid,
             inherited.spawn(job.compiler.empty() ? compiler_path() : job.compiler, native::to_arguments(request)));
  return {};
}

Result<CompilerProcess> CompilerProcess::start(const CompileJob& job) {
  auto state = std::make_unique<State>();
  TRY_ASSIGN(state->progress, make_pipe(O_NONBLOCK));
  TRY_ASSIGN(state->messages, make_pipe(O_NONBLOCK));
  TRY_ASSIGN(const os::Fd module, make_memory_file("ashlar-module", job.wasm));
  CompileRequest request = job.request;
  // Said, because an emulated command starts the machine's own compiler.
  if (request.arch.empty()) request.arch = os::cpu_arch();
  Inherited inherited;
  TRY(inherited.give(state->messages.write.raw(), STDERR_FILENO));
  TRY_ASSIGN(const int input, inherited.next(module.raw()));
  request.input = name_of(input);
  TRY_ASSIGN(request.progress, inherited.next(state->progress.write.raw()));
  if (job.output_fd >= 0) {
    TRY_ASSIGN(const int output, inherited.next(job.output_fd));
    request.output = name_of(output);
  }
  os::Fd offsets;
  if (request.emit == CompileRequest::Emit::SourceLines) {
    const std::span bytes(reinterpret_cast<const uint8_t*>(job.lines_of.data()),
                          job.lines_of.size() * sizeof(uint32_t));
    TRY_ASSIGN(offsets, make_memory_file("ashlar-offsets", bytes));
    TRY_ASSIGN(const int number, inherited.next(offsets.raw()));
    request.source_lines = name_of(number);
  }
  os::Fd functions;
  if (!job.only.empty()) {
    std::string list;
    for (uint32_t f : job.only) list += std::to_string(f) + "\n";
    for (const native::LoopRow& loop : job.loops) {
      list += std::to_string(loop.func) + ":" + std::to_string(loop.wasm) + "\n";
    }
    const std::span bytes(reinterpret_cast<const uint8_t*>(list.data()), list.size());
    TRY_ASSIGN(functions, make_memory_file("ashlar-functions", bytes));
    TRY_ASSIGN(const int only, inherited.next(functions.raw()));
    request.only = name_of(only);
  }
  if (job.lock >= 0) TRY(inherited.next(job.lock));
  // Whoever waits for the end of our output must not wait for the child.
  if (job.outlives) inherited.silence(STDOUT_FILENO);
  TRY(state->launch(inherited, request, job));
  state->progress.write.close();
  state->messages.write.close();
  return CompilerProcess(std::move(state));
}

Result<CompilerProcess> CompilerProcess::start_disassembly(const std::string& artifact) {
  auto state = std::make_unique<State>();
  TRY_ASSIGN(state->messages, make_pipe(O_NONBLOCK));
  CompileRequest request;
  request.emit = CompileRequest::Emit::Disassembly;
  request.input = artifact;
  request.parent = ::getpid();
  Inherited inherited;
  TRY(inherited.give(state->messages.write.raw(), STDERR_FILENO));
  TRY_ASSIGN(state->pid, inherited.spawn(compiler_path(), native::to_arguments(request)));
  state->messages.write.close();
  return CompilerProcess(std::move(state));
}

bool CompilerProcess::poll() {
  State& s = *state_;
  if (s.ended) return true;
  s.read_some(s.progress.read, s.unread);
  s.take_progress();
  s.read_some(s.messages.read, s.text);
  s.reap(false);
  if (s.ended) {
    // What it wrote between the two.
    s.read_some(s.progress.read, s.unread);
    s.take_progress();
    s.read_some(s.messages.read, s.text);
  }
  return s.ended;
}

uint64_t CompilerProcess::done() const { return state_->done; }
uint64_t CompilerProcess::all() const { return state_->all; }

Status CompilerProcess::wait(const ProgressFunction& progress) {
  State& s = *state_;
  while (!poll()) {
    if (progress) progress(s.done, s.all);
    pollfd waited[2] = {{s.progress.read ? s.progress.read.raw() : -1, POLLIN, 0},
                        {s.messages.read ? s.messages.read.raw() : -1, POLLIN, 0}};
    if (waited[0].fd < 0 && waited[1].fd < 0) {
      s.reap(true);
      break;
    }
    constexpr int kTick = 100;
    ::poll(waited, 2, progress ? kTick : -1);
  }
  return s.result();
}

void CompilerProcess::detach() { state_.reset(); }

void CompilerProcess::cancel() {
  State& s = *state_;
  if (s.ended) return;
  s.cancelled = true;
  s.ended = true;
  if (s.server) {
    s.server.reset();  // ends what it was doing, too
  } else {
    s.status = end_child(s.pid, SIGTERM);
  }
}

}  // namespace ashlar::tiering

// Writing of results; see output.h.
#include "optimizing/output.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "native/compiler_protocol.h"
#include "os/file.h"
#include "os/file_bytes.h"

namespace ashlar::optimizing {
namespace {

constexpr int kEndingSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT};

// What a signal handler removes. Plain memory: it is written while the flag is off.
char unfinished_path[PATH_MAX];
std::atomic<bool> has_unfinished = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void on_ending_signal(int number) {
  remove_unfinished();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

std::unexpected<Error> failed(const std::string& path, int code) {
  return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(code));
}

/// The file behind symbolic links (replacing the link would surprise), and whether it can be replaced at all.
struct Target {
  std::string path;
  bool replace = true;
};

Target find_target(const std::string& where) {
  Target out{where};
  struct stat info;
  if (::stat(where.c_str(), &info) != 0) return out;
  out.replace = S_ISREG(info.st_mode);
  if (char* real = ::realpath(where.c_str(), nullptr)) {
    out.path = real;
    std::free(real);
  }
  return out;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Opens a new file beside `path` and registers it as unfinished, with the signals held off.
Result<os::Fd> open_unfinished(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t name_at = slash == path.npos ? 0 : slash + 1;
  constexpr int kTries = 16;
  int code = EEXIST;
  for (int i = 0; i < kTries && code == EEXIST; ++i) {
    const std::string name = path.substr(0, name_at) + "." + path.substr(name_at) + "." + std::to_string(::getpid()) +
                             (i ? "-" + std::to_string(i) : "") + ".tmp";
    if (name.size() >= sizeof unfinished_path) return failed(path, ENAMETOOLONG);
    sigset_t ending, before;
    sigemptyset(&ending);
    for (int number : kEndingSignals) sigaddset(&ending, number);
    ::pthread_sigmask(SIG_BLOCK, &ending, &before);
    const int raw = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    code = errno;
    if (raw >= 0) {
      std::memcpy(unfinished_path, name.c_str(), name.size() + 1);
      has_unfinished = true;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (raw >= 0) return os::Fd::own(raw);
  }
  return failed(path, code);
}

}  // namespace

void remove_unfinished() {
  if (has_unfinished.exchange(false)) ::unlink(unfinished_path);
}

void remove_unfinished_on_signals() {
  struct sigaction action = {};
  action.sa_handler = on_ending_signal;
  for (int number : kEndingSignals) ::sigaction(number, &action, nullptr);
}

Status check_output(const std::string& where) {
  if (where.starts_with("fd:")) {
    const int fd = native::descriptor_of(where);
    if (fd < 0 || ::fcntl(fd, F_GETFD) < 0) return failed(where, EBADF);
    return {};
  }
  const Target target = find_target(where);
  struct stat info;
  if (::stat(target.path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return failed(where, EISDIR);
  const std::string asked = target.replace ? folder_of(target.path) : target.path;
  if (::access(asked.c_str(), target.replace ? W_OK | X_OK : W_OK) != 0) return failed(where, errno);
  return {};
}

Status write_output(const std::string& where, std::span<const uint8_t> bytes) {
  if (where.starts_with("fd:")) return os::write_all(native::descriptor_of(where), bytes, where);
  const Target target = find_target(where);
  if (!target.replace) {
    auto file = os::open_at(os::kWorkingDirectory, target.path.c_str(), os::kOpenWrite);
    if (!file) return failed(where, file.error());
    return os::write_all(file->raw(), bytes, where);
  }
  TRY_ASSIGN(os::Fd file, open_unfinished(target.path));
  Status written = os::write_all(file.raw(), bytes, where);
  // Whoever finds the file under its name takes its contents for whole, even after the machine stopped.
  if (written && ::fdatasync(file.raw()) != 0) written = failed(where, errno);
  if (!written) {
    remove_unfinished();
    return std::unexpected(written.error().clone());
  }
  file.close();
  if (::rename(unfinished_path, target.path.c_str()) != 0) {
    const int code = errno;
    remove_unfinished();
    return failed(where, code);
  }
  has_unfinished = false;
  return {};
}

}  // namespace ashlar::optimizing

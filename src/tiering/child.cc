// Starting and ending of child processes.
#include "tiering/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ashlar::tiering {
namespace {

std::unexpected<Error> missing(const std::string& path, int code) {
  std::string why = std::strerror(code);
  if (code == ENOENT && std::getenv("ASHLAR_LLVM") == nullptr) {
    why += "; $ASHLAR_LLVM can say where it is";
  }
  return make_error(ErrorCode::compiler_missing, kNoOffset, path, why);
}

}  // namespace

std::unexpected<Error> io_failed(const char* what, int code) {
  return make_error(ErrorCode::io_failed, kNoOffset, what, std::strerror(code));
}

Inherited::Inherited() {
  ::posix_spawn_file_actions_init(&actions_);
  ::posix_spawnattr_init(&attributes_);
  sigset_t reset, none;
  sigemptyset(&reset);
  for (int number : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD}) sigaddset(&reset, number);
  sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes_, &reset);
  ::posix_spawnattr_setsigmask(&attributes_, &none);
  ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
}

Inherited::~Inherited() {
  ::posix_spawn_file_actions_destroy(&actions_);
  ::posix_spawnattr_destroy(&attributes_);
}

// The copy is far above the child's numbers, so that none overwrites another.
Status Inherited::give(int fd, int number) {
  constexpr int kAbove = 64;
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, kAbove);
  if (copy < 0) return io_failed("descriptor for the compiler", errno);
  copies_.push_back(os::Fd::own(copy));
  ::posix_spawn_file_actions_adddup2(&actions_, copy, number);
  end_ = std::max(end_, number + 1);
  return {};
}

Result<int> Inherited::next(int fd) {
  TRY(give(fd, next_));
  return next_++;
}

void Inherited::silence(int number) { ::posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_WRONLY, 0); }

std::vector<int> Inherited::descriptors() const {
  std::vector<int> out;
  for (const os::Fd& copy : copies_) out.push_back(copy.raw());
  return out;
}

Result<pid_t> Inherited::spawn(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // Nothing else: a socket that the host listens on would outlive it.
  ::posix_spawn_file_actions_addclosefrom_np(&actions_, end_);
  pid_t pid = 0;
  const int code = ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(), environ);
  if (code != 0) return missing(program, code);
  return pid;
}

int end_child(pid_t pid, int signal) {
  int status = 0;
  const auto reap = [&](int flags) {
    for (;;) {
      const pid_t got = ::waitpid(pid, &status, flags);
      if (got < 0 && errno == EINTR) continue;
      return got != 0;  // somebody else may have taken the status
    }
  };
  if (signal != 0) ::kill(pid, signal);
  // It has only a file to remove; one that does not answer is not waited for.
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    if (reap(WNOHANG)) return status;
    ::poll(nullptr, 0, i < 10 ? 1 : 10);
  }
  ::kill(pid, SIGKILL);
  reap(0);
  return status;
}

}  // namespace ashlar::tiering

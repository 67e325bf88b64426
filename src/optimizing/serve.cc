// Receiving of requests, and the processes that do them.
#include "optimizing/serve.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "native/compiler_protocol.h"
#include "optimizing/target.h"
#include "os/file.h"

namespace ashlar::optimizing {
namespace {

struct Request {
  std::string text;
  std::vector<os::Fd> descriptors;

  std::vector<char*> arguments() {
    std::vector<char*> out;
    for (size_t at = 0; at < text.size(); at += std::strlen(&text[at]) + 1) out.push_back(&text[at]);
    return out;
  }
};

/// Nothing at the end.
std::optional<Request> receive(int socket) {
  Request out;
  out.text.resize(native::kMostRequest);
  iovec part = {out.text.data(), out.text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(native::kMostDescriptors * sizeof(int))];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return std::nullopt;
  out.text.resize(static_cast<size_t>(got));
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
      out.descriptors.push_back(os::Fd::own(fd));
    }
  }
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) return std::nullopt;
  return out;
}

/// In the child: standard error, 3, 4, ... are the request's descriptors.
bool install(std::vector<os::Fd>& descriptors) {
  constexpr int kAbove = 64;
  std::vector<int> copies;
  for (os::Fd& fd : descriptors) {
    copies.push_back(::fcntl(fd.raw(), F_DUPFD, kAbove));
    fd.close();
  }
  for (size_t i = 0; i < copies.size(); ++i) {
    const int number = i == 0 ? STDERR_FILENO : static_cast<int>(i) + 2;
    if (copies[i] < 0 || ::dup2(copies[i], number) < 0) return false;
    ::close(copies[i]);
  }
  return true;
}

/// Waits for the child, which is ended when the socket is closed meanwhile. Nothing: then.
std::optional<int> wait_for(pid_t child, int socket) {
  const os::Fd ended = os::Fd::own(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  bool cancelled = false;
  // Without the descriptor (an old kernel) a closed socket is seen only afterwards.
  while (ended) {
    pollfd waited[2] = {{ended.raw(), POLLIN, 0}, {socket, POLLIN, 0}};
    if (::poll(waited, 2, -1) < 0 && errno == EINTR) continue;
    cancelled = waited[1].revents != 0;  // it owes an answer: nothing else can come
    if (cancelled) ::kill(child, SIGTERM);
    break;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  if (cancelled) return std::nullopt;
  return status;
}

}  // namespace

int serve(int socket, const std::function<int(std::span<char* const>)>& run) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  const unsigned version = native::kCompilerProtocol;
  if (::send(socket, &version, sizeof version, MSG_NOSIGNAL) < 0) return native::kCompilerFailed;
  // What every run needs is there before they are forked off.
  (void)make_target({});
  while (std::optional<Request> request = receive(socket)) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(socket);
      const bool installed = install(request->descriptors);
      ::_exit(installed ? run(request->arguments()) : native::kCompilerFailed);
    }
    request.reset();  // whoever reads from the run's descriptors sees their end
    // A run that could not be started looks like one that was killed.
    const std::optional<int> status = child < 0 ? SIGKILL : wait_for(child, socket);
    if (!status || ::send(socket, &*status, sizeof *status, MSG_NOSIGNAL) < 0) break;
  }
  return native::kCompilerDone;
}

}  // namespace ashlar::optimizing

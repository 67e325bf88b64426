// Starting, asking and keeping of compiler servers.
#include "tiering/compiler_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "native/compiler_protocol.h"
#include "tiering/child.h"
#include "tiering/compiler_process.h"

namespace ashlar::tiering {
namespace {

struct Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<CompilerServer>> servers;
};

/// Never destroyed: at the end of the process nobody waits for them.
Idle& idle() {
  static auto* instance = new Idle;
  return *instance;
}

std::unexpected<Error> failed(const char* why) {
  return make_error(ErrorCode::compiler_failed, kNoOffset, std::string("as a server: ") + why);
}

/// One message; its size, 0 at the end. Negative: nothing yet.
ssize_t receive_message(int fd, void* data, size_t size, int flags) {
  for (;;) {
    const ssize_t got = ::recv(fd, data, size, flags);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    return errno == EAGAIN ? -1 : 0;
  }
}

}  // namespace

Result<std::unique_ptr<CompilerServer>> CompilerServer::start(const std::string& path) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return io_failed("socket", errno);
  os::Fd ours = os::Fd::own(ends[0]);
  const os::Fd theirs = os::Fd::own(ends[1]);
  Inherited inherited;
  inherited.silence(STDERR_FILENO);
  TRY_ASSIGN(const int number, inherited.next(theirs.raw()));
  native::CompileRequest request;
  request.serve = number;
  TRY_ASSIGN(const pid_t pid, inherited.spawn(path, native::to_arguments(request)));
  return std::unique_ptr<CompilerServer>(new CompilerServer(path, pid, std::move(ours)));
}

Result<std::unique_ptr<CompilerServer>> CompilerServer::take() {
  const std::string path = compiler_path();
  {
    std::lock_guard lock(idle().mutex);
    auto& servers = idle().servers;
    const auto found = std::ranges::find(servers, path, [](const auto& server) { return server->path_; });
    if (found != servers.end()) {
      auto out = std::move(*found);
      servers.erase(found);
      return out;
    }
  }
  TRY_ASSIGN(auto server, start(path));
  // It speaks first: a program that only knows how to compile one module ends instead.
  unsigned version = 0;
  if (receive_message(server->socket_.raw(), &version, sizeof version, 0) != sizeof version ||
      version != native::kCompilerProtocol) {
    return failed("it does not answer");
  }
  return server;
}

void CompilerServer::keep(std::unique_ptr<CompilerServer> server) {
  std::lock_guard lock(idle().mutex);
  idle().servers.push_back(std::move(server));
}

CompilerServer::~CompilerServer() {
  socket_.close();
  end_child(pid_, 0);
}

Status CompilerServer::send(const std::vector<std::string>& arguments, std::span<const int> descriptors) {
  std::string text;
  for (const std::string& argument : arguments) text.append(argument).push_back('\0');
  if (descriptors.size() > native::kMostDescriptors || text.size() > native::kMostRequest) {
    return failed("the request is too long");
  }
  iovec part = {text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(native::kMostDescriptors * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
  for (;;) {
    if (::sendmsg(socket_.raw(), &message, MSG_NOSIGNAL) >= 0) return {};
    if (errno != EINTR) return failed("it is gone");
  }
}

CompilerServer::Answer CompilerServer::receive(bool block) {
  int status = 0;
  const ssize_t got = receive_message(socket_.raw(), &status, sizeof status, block ? 0 : MSG_DONTWAIT);
  if (got < 0) return {};
  if (got != sizeof status) return {.ended = true, .status = std::nullopt};
  return {.ended = true, .status = status};
}

}  // namespace ashlar::tiering

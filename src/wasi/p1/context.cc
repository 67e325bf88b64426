// Builds a program's context from its grants.
#include "wasi/p1/context.h"

#include <unistd.h>

#include <cstring>

#include "os/socket.h"

namespace ashlar::wasi::p1 {
namespace {

Status no_nul(const std::vector<std::string>& strings) {
  for (const std::string& text : strings) {
    if (text.find('\0') != std::string::npos) return make_error(ErrorCode::wasi_nul_in_string, kNoOffset, text.c_str());
  }
  return {};
}

}  // namespace

Context Context::for_thread(std::function<bool()> interrupted) {
  fds().share();
  Context out;
  out.program_ = program_;
  out.interrupt_ = host::Interrupt(std::move(interrupted));
  return out;
}

Context::Builder& Context::Builder::args(std::vector<std::string> args) {
  args_ = std::move(args);
  return *this;
}

Context::Builder& Context::Builder::arg(std::string arg) {
  args_.push_back(std::move(arg));
  return *this;
}

Context::Builder& Context::Builder::env(std::string_view name, std::string_view value) {
  std::string entry(name);
  entry += '=';
  const size_t prefix = entry.size();
  entry += value;
  for (std::string& old : env_) {
    if (old.compare(0, prefix, entry, 0, prefix) == 0) {
      old = std::move(entry);
      return *this;
    }
  }
  env_.push_back(std::move(entry));
  return *this;
}

Context::Builder& Context::Builder::inherit_env() {
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) env(text.substr(0, equals), text.substr(equals + 1));
  }
  return *this;
}

Context::Builder& Context::Builder::inherit_stdio() {
  for (uint32_t fd = 0; fd < 3; ++fd) stdio(fd, os::Fd::borrow(static_cast<int>(fd)));
  return *this;
}

Context::Builder& Context::Builder::stdio(uint32_t fd, os::Fd handle) {
  CHECK(fd < 3);
  stdio_[fd] = std::move(handle);
  return *this;
}

Context::Builder& Context::Builder::stdio(uint32_t fd, std::shared_ptr<host::Pipe> pipe) {
  CHECK(fd < 3);
  pipes_[fd] = std::move(pipe);
  return *this;
}

Context::Builder& Context::Builder::preopen_dir(std::string host_path, std::string guest_path, bool read_only) {
  dirs_.push_back({std::move(host_path), os::Fd(), std::move(guest_path), read_only});
  return *this;
}

Context::Builder& Context::Builder::preopen_dir(os::Fd handle, std::string guest_path, bool read_only) {
  dirs_.push_back({{}, std::move(handle), std::move(guest_path), read_only});
  return *this;
}

Context::Builder& Context::Builder::preopen_listener(std::string address) {
  listeners_.push_back({std::move(address), os::Fd()});
  return *this;
}

Context::Builder& Context::Builder::preopen_listener(os::Fd handle) {
  listeners_.push_back({{}, std::move(handle)});
  return *this;
}

Context::Builder& Context::Builder::interrupted(std::function<bool()> hook) {
  interrupted_ = std::move(hook);
  return *this;
}

Context::Builder& Context::Builder::waiter(host::Waiter* waiter) {
  waiter_ = waiter;
  return *this;
}

Context::Builder& Context::Builder::resolution(host::Resolution resolution) {
  resolution_ = resolution;
  return *this;
}

Context::Builder& Context::Builder::quota(host::Quota* quota) {
  quota_ = quota;
  return *this;
}

namespace {

/// Why a descriptor found no place.
std::unexpected<Error> no_place(host::Errno why) {
  if (why == host::Errno::nfile) {
    return make_error(ErrorCode::store_limit, kNoOffset, "no WASI descriptor is left to the tenant");
  }
  return make_error(ErrorCode::implementation_limit, kNoOffset, "descriptors of a WASI program");
}

}  // namespace

Status Context::Builder::open_stdio(Context& context) {
  for (uint32_t fd = 0; fd < 3; ++fd) {
    const bool for_reading = fd == 0;
    if (pipes_[fd]) {
      CHECK(waiter_ != nullptr);
      auto placed = context.fds().place(fd, host::make_pipe(std::move(pipes_[fd]), for_reading));
      if (!placed) return no_place(placed.error());
      continue;
    }
    os::Fd handle = std::move(stdio_[fd]);
    auto made = host::make_stdio(std::move(handle), for_reading);
    if (!made) {
      // Not given, or closed by whoever started the process.
      auto null = os::open_at(os::kWorkingDirectory, "/dev/null", for_reading ? os::kOpenRead : os::kOpenWrite);
      if (!null) return make_error(ErrorCode::io_failed, kNoOffset, "/dev/null", std::strerror(null.error()));
      made = host::make_stdio(std::move(*null), for_reading);
    }
    if (!made) continue;
    if (auto placed = context.fds().place(fd, std::move(*made)); !placed) return no_place(placed.error());
  }
  return {};
}

Status Context::Builder::open_dirs(Context& context) {
  for (Dir& dir : dirs_) {
    host::HostResult<host::Descriptor> made =
        dir.handle ? host::make_preopen(std::move(dir.handle), std::move(dir.guest_path), dir.read_only, resolution_)
                   : host::make_preopen(dir.host_path, std::move(dir.guest_path), dir.read_only, resolution_);
    if (!made) {
      return make_error(ErrorCode::wasi_dir_failed, kNoOffset, dir.host_path,
                        std::string(host::errno_name(made.error())));
    }
    if (auto placed = context.fds().insert(std::move(*made)); !placed) return no_place(placed.error());
  }
  return {};
}

Status Context::Builder::open_listeners(Context& context) {
  for (Listener& listener : listeners_) {
    if (!listener.handle) {
      auto opened = os::listen_tcp(listener.address);
      if (!opened) {
        return make_error(ErrorCode::wasi_listen_failed, kNoOffset, listener.address, std::strerror(opened.error()));
      }
      listener.handle = std::move(*opened);
    } else if (!os::is_listening(listener.handle.raw())) {
      return make_error(ErrorCode::wasi_listen_failed, kNoOffset, std::to_string(listener.handle.raw()),
                        "not a listening socket");
    } else if (auto set = os::set_status_flags(listener.handle.raw(), false, true); !set) {
      return make_error(ErrorCode::wasi_listen_failed, kNoOffset, std::to_string(listener.handle.raw()),
                        std::strerror(set.error()));
    }
    auto placed = context.fds().insert(host::make_listener(std::move(listener.handle)));
    if (!placed) return no_place(placed.error());
  }
  return {};
}

Result<Context> Context::Builder::build() {
  TRY(no_nul(args_));
  TRY(no_nul(env_));
  Context context;
  context.fds().set_quota(quota_);
  context.interrupt_ = host::Interrupt(std::move(interrupted_), waiter_);
  TRY(open_stdio(context));
  TRY(open_dirs(context));
  TRY(open_listeners(context));
  context.program_->args = std::move(args_);
  context.program_->env = std::move(env_);
  *this = Builder();
  return context;
}

}  // namespace ashlar::wasi::p1

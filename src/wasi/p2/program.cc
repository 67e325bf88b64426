// Opening what a program is granted; see program.h.
#include "wasi/p2/program.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <utility>

#include "os/file_wait.h"
#include "wasi/p2/http.h"
#include "wasi/p2/interfaces.h"
#include "wasi/p2/sockets.h"

namespace ashlar::wasi::p2 {

namespace {

/// The program's own limit, and the embedder's count.
class SocketQuota final : public host::Quota {
 public:
  SocketQuota(uint32_t most, host::Quota* next) : left_(most), next_(next) {}
  bool take() override {
    if (left_ == 0 || (next_ != nullptr && !next_->take())) return false;
    --left_;
    return true;
  }
  void give_back() override {
    ++left_;
    if (next_ != nullptr) next_->give_back();
  }

 private:
  uint32_t left_;
  host::Quota* next_;
};

}  // namespace

struct Program::Impl {
  explicit Impl(const Grants& grants) : quota(grants.max_sockets, grants.quota) {}
  SocketQuota quota;  // outlives the sockets
  World world;
  ErrorHost error{world};
  PollHost poll{world};
  StreamsHost streams{world};
  CliHost cli{world};
  MonotonicHost monotonic{world};
  WallHost wall;
  RandomHost random;
  FilesystemHost filesystem{world};
  NetworkHost network{world};
  TcpHost tcp{world};
  UdpHost udp{world};
  std::optional<ConfigHost> config;
  std::optional<KeyValueHost> key_values;
  std::optional<LoggingHost> logging;
  HttpHost http{world};
};

Program::Program(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Program::~Program() = default;

namespace {

/// What is nothing to read and takes everything: one of each kind for all programs of the process, of which ten
/// thousand may wait at once. They have no function that changes it.
os::SysResult<os::Fd> null_device(bool for_reading) {
  static std::mutex mutex;
  static std::array<os::Fd, 2> devices;
  std::lock_guard lock(mutex);
  os::Fd& device = devices[for_reading ? 1 : 0];
  if (!device) {
    auto opened = os::open_at(os::kWorkingDirectory, "/dev/null", for_reading ? os::kOpenRead : os::kOpenWrite);
    if (!opened) return opened;
    device = std::move(*opened);
  }
  return os::Fd::borrow(device.raw());
}

Result<SharedDescriptor> open_stdio(int fd, const Grants& grants) {
  const bool for_reading = fd == 0;
  if (grants.inherit_stdio || (grants.log_handle && !for_reading)) {
    if (auto made = host::make_stdio(os::Fd::borrow(grants.inherit_stdio ? fd : *grants.log_handle), for_reading)) {
      return std::make_shared<host::Descriptor>(std::move(*made));
    }
  }
  // Not given, or closed by whoever started the process.
  auto null = null_device(for_reading);
  if (!null) return make_error(ashlar::ErrorCode::io_failed, kNoOffset, "/dev/null", std::strerror(null.error()));
  auto made = host::make_stdio(std::move(*null), for_reading);
  if (!made)
    return make_error(ashlar::ErrorCode::io_failed, kNoOffset, "/dev/null",
                      std::string(host::errno_name(made.error())));
  return std::make_shared<host::Descriptor>(std::move(*made));
}

Status count(host::Descriptor& descriptor, host::Quota* quota) {
  if (descriptor.share.take(quota)) return {};
  return make_error(ashlar::ErrorCode::store_limit, kNoOffset, "no WASI descriptor is left to the tenant");
}

}  // namespace

Result<std::unique_ptr<Program>> Program::make(Grants grants) {
  auto impl = std::make_unique<Impl>(grants);
  World& w = impl->world;
  w.interrupt = host::Interrupt(std::move(grants.interrupted));
  w.waking->waiter = grants.waiter;
  impl->http.set_client(grants.http);
  for (int fd = 0; fd < 3; ++fd) {
    TRY_ASSIGN(w.stdio[fd], open_stdio(fd, grants));
    TRY(count(*w.stdio[fd], grants.quota));
  }
  for (Grants::Dir& dir : grants.dirs) {
    auto made = host::make_preopen(dir.host, std::move(dir.guest), dir.read_only, host::Resolution::Kernel);
    if (!made) {
      return make_error(ashlar::ErrorCode::wasi_dir_failed, kNoOffset, dir.host,
                        std::string(host::errno_name(made.error())));
    }
    w.preopens.push_back(std::make_shared<host::Descriptor>(std::move(*made)));
    TRY(count(*w.preopens.back(), grants.quota));
  }
  w.network = std::move(grants.network);
  w.quota = &impl->quota;
  w.files = grants.quota;
  if (grants.config) impl->config.emplace(std::move(*grants.config));
  if (grants.key_values) impl->key_values.emplace(std::move(*grants.key_values), grants.waiter);
  if (grants.log) impl->logging.emplace(std::move(grants.log));
  w.args = std::move(grants.args);
  w.env = std::move(grants.env);
  return std::unique_ptr<Program>(new Program(std::move(impl)));
}

void Program::add_to(component::HostImports& to) {
  Impl& i = *impl_;
  io::error::add_to(to, i.error);
  io::poll::add_to(to, i.poll);
  io::streams::add_to(to, i.streams);
  cli::environment::add_to(to, i.cli);
  cli::exit::add_to(to, i.cli);
  cli::stdin_::add_to(to, i.cli);
  cli::stdout_::add_to(to, i.cli);
  cli::stderr_::add_to(to, i.cli);
  cli::terminal_input::add_to(to, i.cli);
  cli::terminal_output::add_to(to, i.cli);
  cli::terminal_stdin::add_to(to, i.cli);
  cli::terminal_stdout::add_to(to, i.cli);
  cli::terminal_stderr::add_to(to, i.cli);
  clocks::monotonic_clock::add_to(to, i.monotonic);
  clocks::wall_clock::add_to(to, i.wall);
  random::random::add_to(to, i.random);
  random::insecure::add_to(to, i.random);
  random::insecure_seed::add_to(to, i.random);
  filesystem::types::add_to(to, i.filesystem);
  filesystem::preopens::add_to(to, i.filesystem);
  add_sockets(to, i);
  add_settings(to, i);
  http::types::add_to(to, i.http);
  http::outgoing_handler::add_to(to, i.http);
  // Many programs import what there is besides (of unstable features) and few call it.
  to.unsupported("wasi:http/");
}

void Program::add_sockets(component::HostImports& to, Impl& i) {
  sockets::network::add_to(to, i.network);
  sockets::instance_network::add_to(to, i.network);
  sockets::ip_name_lookup::add_to(to, i.network);
  sockets::tcp::add_to(to, i.tcp);
  sockets::tcp_create_socket::add_to(to, i.tcp);
  sockets::udp::add_to(to, i.udp);
  sockets::udp_create_socket::add_to(to, i.udp);
  // Unstable (network-error-code), and so not among what is generated.
  to.function(sockets::network::kName, "network-error-code",
              component::typed_function([&w = i.world](Borrow<io::error::Error> e) {
                return Result<std::optional<socket_types::ErrorCode>>(NetworkHost::error_code(w.errors[e.rep].code));
              }));
}

void Program::add_settings(component::HostImports& to, Impl& i) {
  if (i.config) {
    // The same interface in an earlier draft, which others have stayed with.
    to.also_as(config::store::kName, "wasi:config/store@0.2.0-rc.1");
    config::store::add_to(to, *i.config);
  }
  if (i.key_values) {
    keyvalue::store::add_to(to, *i.key_values);
    keyvalue::atomics::add_to(to, *i.key_values);
    keyvalue::batch::add_to(to, *i.key_values);
  }
  if (i.logging) logging::logging::add_to(to, *i.logging);
  to.hint("wasi:config/", "--config or --config-file enables wasi:config");
  to.hint("wasi:keyvalue/", "--keyvalue enables wasi:keyvalue");
  to.hint("wasi:logging/", "--logging enables wasi:logging");
}

void Program::finish(uint64_t at_most) {
  World& w = impl_->world;
  const uint64_t end = os::monotonic_now() + at_most;
  for (w.drain(); !w.sending.empty() && !w.interrupt.requested(); w.drain()) {
    const uint64_t now = os::monotonic_now();
    if (now >= end) return;
    std::vector<os::WaitItem> items;
    for (const auto& c : w.sending) items.push_back({.fd = c->handle(), .write = true});
    (void)os::wait_files(items, std::min(end - now, host::kInterruptSlice));
  }
}

Program::Incoming Program::add_incoming(host::HttpRequest request, std::function<void(host::HttpOutcome)> respond) {
  return {impl_->http.add_request(std::move(request)), impl_->http.add_outparam(std::move(respond))};
}

void Program::reset() {
  World& w = impl_->world;
  // Bodies that others still have tell nobody any more.
  Waiter* const waiter = std::exchange(w.waking->waiter, nullptr);
  World fresh;
  fresh.args = std::move(w.args);
  fresh.env = std::move(w.env);
  std::ranges::move(w.stdio, fresh.stdio);
  fresh.preopens = std::move(w.preopens);
  fresh.interrupt = std::move(w.interrupt);
  fresh.interrupt.reset();
  fresh.waking->waiter = waiter;
  fresh.network = std::move(w.network);
  fresh.quota = w.quota;
  fresh.files = w.files;
  impl_->http.reset();
  impl_->network.reset();
  impl_->tcp.reset();
  impl_->udp.reset();
  if (impl_->key_values) impl_->key_values->reset();
  w = std::move(fresh);
}

}  // namespace ashlar::wasi::p2

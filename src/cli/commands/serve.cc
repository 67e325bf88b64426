// ashlar serve: answers HTTP requests with a program, or with the programs that a file names.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/network_flags.h"
#include "cli/output.h"
#include "cli/registry.h"
#include "cli/run_plan.h"
#include "cli/service/reloader.h"
#include "cli/service/service_loader.h"
#include "serve/service.h"

namespace ashlar::cli {

namespace {

enum ServeFlag : int {
  kAddr = kFirstFlagBehindRun,
  kThreads,
  kMaxConnections,
  kMaxRequests,
  kMaxBody,
  kMaxHeader,
  kIdleTime,
  kDrainTime,
  kMetrics,
  kStatus,
  kAccessLog,
  kAccessLogFile,
  kTls,
  kCheck,
  kWatch,
  kReuse,
  kReuseCount,
  kReuseIdle,
  kReuseAge,
  kReuseMemory,
};

constexpr auto kFlags = std::to_array<Flag>({
    {kAddr, 0, "addr", "HOST:PORT", "where to listen (127.0.0.1:8080); port 0: any, which is told; unix:PATH"},
    {kTls, 0, "tls", "CERT,KEY", "speak TLS: PEM files of the certificate chain and its private key"},
    {kThreads, 0, "threads", "N", "event loops (one a core)"},
    {kCheck, 0, "check", "", "say all that is wrong, and serve nothing"},
    {kWatch, 0, "watch", "", "load FILE anew when it changes (of a .toml file the usual)"},
    {kStyle, 0, "style", "cgi|raw", "how a WASI program is asked, in place of a guess"},
    kDirFlagRow,
    kEnvFlagRow,
    kAllowHttpFlagRow,
    kCaCertFlagRow,
    kAllowNetFlagRow,
    kAllowNameLookupFlagRow,
    kConfigFlagRow,
    kConfigFileFlagRow,
    kKeyValueFlagRow,
    kLoggingFlagRow,
    kInheritEnvFlagRow,
    {kTimeoutFlag, 0, "timeout", "DURATION", "end a request's program after so long (30s); 0: never"},
    {kMaxMemoryFlag, 0, "max-memory", "SIZE", "limit of a request's linear memory (512M, 2G)"},
    {kMaxStackFlag, 0, "max-stack", "SIZE", "limit of a request's call stack (1M)"},
    {kFuelFlag, 0, "fuel", "N", "end a request's program after about N instructions"},
    {kReuse, 0, "reuse", "", "let a component's instance answer several requests, one after\nanother"},
    {kReuseCount, 0, "max-instance-reuse-count", "N", "the same: at most so many (128; 1: each request its own)"},
    {kReuseIdle, 0, "idle-instance-timeout", "DURATION", "with --reuse: how long one waits for a request (1s)"},
    {kReuseAge, 0, "max-instance-age", "DURATION", "with --reuse: how old one becomes (no limit)"},
    {kReuseMemory, 0, "max-instance-memory", "SIZE", "with --reuse: the memory with which one stays (128M)"},
    {kMaxRequests, 0, "max-requests", "N", "under way at once (10000); more are answered with 503"},
    {kMaxConnections, 0, "max-connections", "N", "open at once (16384); more wait"},
    {kMaxHeader, 0, "max-header", "SIZE", "of a request's header (64K)"},
    {kMaxBody, 0, "max-body", "SIZE", "of a request's body (no limit)"},
    {kIdleTime, 0, "idle-timeout", "DURATION", "close connections on which nothing comes or goes (60s)"},
    {kDrainTime, 0, "drain-timeout", "DURATION", "for requests under way when SIGTERM comes (10s)"},
    {kMetrics, 0, "metrics", "HOST:PORT", "answer there with metrics for Prometheus (/metrics)"},
    {kStatus, 0, "status", "HOST:PORT", "answer there with a page of live figures (/status)"},
    {kAccessLog, 0, "access-log", "text|json", "write a line for each request, to standard error"},
    {kAccessLogFile, 0, "access-log-file", "FILE", "or to the end of FILE, which SIGHUP opens anew"},
    kTierFlagRow,
    kAllowPrecompiledFlagRow,
    kNoCacheFlagRow,
    kFeatureFlagRow,
});

constexpr uint64_t kUsualTime = 30'000'000'000;
constexpr uint64_t kUsualStack = 1 << 20;
/// Places for memories, which take address space where they are used.
constexpr uint32_t kPooledMemories = 8192;
/// What idle ones keep together beyond 256 KiB each: of interpreters a megabyte, of as many as run at the same time.
constexpr uint64_t kKeptMemory = 256 << 20;

struct ServePlan {
  Plan run;
  serve::Reuse reuse;
  serve::ServiceOptions service;
  LogPlan log;
};

bool is_service_file(std::string_view file) { return file.ends_with(".toml"); }

Result<uint64_t> number(const Args& args, int id, uint64_t usual,
                        Result<uint64_t> (*parse)(std::string_view, std::string_view), uint64_t least = 0) {
  const Args::Given* given = args.find(id);
  if (given == nullptr) return usual;
  TRY_ASSIGN(const uint64_t out, parse(given->flag, given->value));
  if (out >= least) return out;
  return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given->flag), std::string(given->value),
                    least == 1 ? "more than 0" : std::to_string(least) + " at least");
}

Result<std::chrono::milliseconds> duration(const Args& args, int id, std::chrono::milliseconds usual, uint64_t least) {
  const auto nanoseconds = static_cast<uint64_t>(std::chrono::nanoseconds(usual).count());
  TRY_ASSIGN(const uint64_t time, number(args, id, nanoseconds, &parse_duration, least));
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(time));
}

Status read_limits(const Args& args, ServePlan& plan) {
  http::HttpLimits& limits = plan.service.limits;
  constexpr uint64_t kMost = 1 << 30;
  TRY_ASSIGN(plan.service.requests, number(args, kMaxRequests, plan.service.requests, &parse_count, 1));
  TRY_ASSIGN(const uint64_t connections, number(args, kMaxConnections, limits.connections, &parse_count, 1));
  TRY_ASSIGN(const uint64_t header, number(args, kMaxHeader, limits.header_bytes, &parse_size, kLeastHeader));
  TRY_ASSIGN(limits.body_bytes, number(args, kMaxBody, limits.body_bytes, &parse_size));
  TRY_ASSIGN(limits.idle_time, duration(args, kIdleTime, limits.idle_time, 1));
  TRY_ASSIGN(plan.service.drain_time, duration(args, kDrainTime, plan.service.drain_time, 0));
  limits.connections = static_cast<uint32_t>(std::min(connections, kMost));
  limits.header_bytes = static_cast<uint32_t>(std::min(header, kMost));
  return {};
}

Status read_reuse(const Args& args, serve::Reuse& out) {
  const uint64_t usual = args.has(kReuse) ? kUsualReuse : 1;
  TRY_ASSIGN(out.requests, number(args, kReuseCount, usual, &parse_count));
  TRY_ASSIGN(const uint64_t idle,
             number(args, kReuseIdle, static_cast<uint64_t>(out.idle.count()), &parse_duration, 1));
  TRY_ASSIGN(const uint64_t age, number(args, kReuseAge, 0, &parse_duration));
  TRY_ASSIGN(out.memory, number(args, kReuseMemory, out.memory, &parse_size, 1));
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  out.idle = std::chrono::nanoseconds(std::min(idle, kMost));
  out.age = std::chrono::nanoseconds(std::min(age, kMost));
  if (const Args::Given* count = args.find(kReuseCount); count != nullptr && out.requests == 0) {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(count->flag), std::string(count->value),
                      "a number of requests, 1 at least");
  }
  for (const int id : {kReuseIdle, kReuseAge, kReuseMemory}) {
    const Args::Given* given = args.find(id);
    if (given == nullptr || args.has(kReuse) || args.has(kReuseCount)) continue;
    return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given->flag), std::string(given->value),
                      "of use without --reuse");
  }
  return {};
}

Status read_observation(const Args& args, LogPlan& log, serve::ServiceOptions& out) {
  for (const int id : {kMetrics, kStatus}) {
    if (const Args::Given* given = args.find(id)) add_admin(given->value, out);
  }
  if (const Args::Given* given = args.find(kAccessLog)) {
    log.format = log_format_from_name(given->value);
    if (!log.format) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given->flag), std::string(given->value),
                        "text or json");
    }
  }
  if (const Args::Given* given = args.find(kAccessLogFile)) {
    log.file = given->value;
    if (!log.format) log.format = serve::LogFormat::Text;
  }
  return {};
}

/// Whether it can be listened on at all of them. `usual`: where the service listens when --addr says nothing, empty: it
/// is not known.
Status check_addresses(const Args& args, std::string usual) {
  std::vector<std::pair<std::string, bool>> before;  // and whether operators look there
  if (!usual.empty() && !args.has(kAddr)) before.emplace_back(std::move(usual), false);
  for (const int id : {kAddr, kMetrics, kStatus}) {
    const Args::Given* given = args.find(id);
    if (given == nullptr) continue;
    const auto bad = [&](std::string what) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given->flag), std::string(given->value),
                        std::move(what));
    };
    auto plain = serve::plain_address(std::string(given->value));
    if (!plain) return bad("HOST:PORT or unix:PATH: " + plain.error().arg(1));
    const bool admin = id != kAddr;
    for (const auto& [other, of_admin] : before) {
      if (!serve::addresses_clash(*plain, other) || (admin && of_admin && *plain == other)) continue;
      return bad("another address than '" + other + "', where something else is listened for");
    }
    before.emplace_back(std::move(*plain), admin);
  }
  return {};
}

Result<serve::ListenOptions> read_listen(const Args& args) {
  serve::ListenOptions out;
  out.address = args.value(kAddr, out.address);
  const Args::Given* tls = args.find(kTls);
  if (tls == nullptr) return out;
  const std::string_view files = tls->value;
  const size_t comma = std::min(files.find(','), files.size());
  out.certificate = files.substr(0, comma);
  out.key = files.substr(std::min(comma + 1, files.size()));
  if (out.certificate.empty() || out.key.empty()) {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(tls->flag), std::string(files),
                      "two files, CERTIFICATE,KEY");
  }
  return out;
}

Result<ServePlan> read_serve_plan(const Args& args) {
  ServePlan out;
  TRY_ASSIGN(out.run, read_plan(args));
  if (!out.run.arguments.empty()) {
    return make_error(ErrorCode::extra_operand, kNoOffset, std::string(out.run.arguments[0]));
  }
  Settings& settings = out.run.settings;
  if (!args.has(kMaxStackFlag)) settings.limits.stack_bytes = kUsualStack;
  // Read again: for 'ashlar run' a limit of 0 is one.
  TRY_ASSIGN(settings.timeout_ns, number(args, kTimeoutFlag, kUsualTime, &parse_duration));
  settings.config.pool.memories = kPooledMemories;
  settings.config.pool.keep_more_bytes = kKeptMemory;
  TRY_ASSIGN(serve::ListenOptions listen, read_listen(args));
  TRY(check_addresses(args, is_service_file(out.run.file) ? "" : listen.address));
  out.service.listen.push_back(std::move(listen));
  TRY_ASSIGN(const uint64_t threads,
             number(args, kThreads, std::max(1u, std::thread::hardware_concurrency()), &parse_count, 1));
  constexpr uint64_t kMostThreads = 256;
  out.service.loops = static_cast<unsigned>(std::clamp<uint64_t>(threads, 1, kMostThreads));
  TRY(read_limits(args, out));
  TRY(read_reuse(args, out.reuse));
  TRY(read_observation(args, out.log, out.service));
  return out;
}

/// What is said of one program would be lost where there are several.
Status refuse_program_flags(const Args& args, const std::string& file) {
  constexpr int kOfServices[] = {kAddr,      kThreads,       kCheck,    kWatch,       kMetrics,    kStatus,
                                 kAccessLog, kAccessLogFile, kTierFlag, kNoCacheFlag, kFeatureFlag};
  for (const Args::Given& given : args.flags) {
    if (std::ranges::find(kOfServices, given.id) != std::end(kOfServices)) continue;
    return make_error(ErrorCode::service_flag, kNoOffset, std::string(given.flag), file);
  }
  return {};
}

ServiceDefaults defaults_of(const Args& args, const ServePlan& plan) {
  ServiceDefaults out;
  out.run = plan.run;
  if (args.has(kAddr)) out.listen.push_back(plan.service.listen[0].address);
  if (args.has(kThreads)) out.threads = plan.service.loops;
  out.admin = plan.service.admin;
  out.log = plan.log;
  return out;
}

int report_all(const std::vector<Error>& mistakes) {
  int code = kExitFailure;
  for (const Error& error : mistakes) code = report(error);
  return mistakes.size() == 1 ? code : kExitFailure;
}

/// Opens the log.
Status begin_observing(const LogPlan& log, serve::Observation& out) {
  out.on_failure = [](std::string_view route, std::string_view id, const Error& error) {
    static std::mutex one;
    const std::lock_guard lock(one);
    print_error(std::string(route) + ": request " + std::string(id) + ": " + error.render());
  };
  if (!log.format) return {};
  TRY_ASSIGN(out.log, serve::AccessLog::open(log.file, *log.format));
  return {};
}

int check_service(ServiceLoader& loader, const std::string& name) {
  const auto found = loader.check();
  if (!found) return report_all(found.error());
  // That of a service's file has been looked at.
  if (const std::string why = problem_of_log(found->plan.log.file); !why.empty()) {
    return report(Error(ErrorCode::io_failed, kNoOffset, found->plan.log.file, why));
  }
  for (const Error& warning : found->warnings) print_error("warning: " + describe(warning));
  const size_t all = found->routes->apps.size();
  write_all(kStdout, name + ": good, " + std::to_string(all) + (all == 1 ? " program\n" : " programs\n"));
  return kExitOk;
}

int run_service(ServiceLoader& loader, const std::string& name, bool always_watch) {
  auto loaded = loader.load();
  if (!loaded) return report_all(loaded.error());
  loader.keep(*loaded);
  for (const Error& warning : loaded->warnings) print_error("warning: " + describe(warning));
  std::unique_ptr<Reloader> reloader;
  serve::ServiceOptions options = loaded->plan.service;
  options.version = ASHLAR_VERSION;
  if (const Status begun = begin_observing(loaded->plan.log, *options.observation); !begun) {
    return report(begun.error(), name);
  }
  serve::AccessLog* const log = options.observation->log.get();
  options.on_hangup = [&] {
    if (const Status reopened = log == nullptr ? Status() : log->reopen(); !reopened) {
      print_error("warning: " + describe(reopened.error()));
    }
    reloader->reload();
  };
  const auto service = serve::Service::open(options, loaded->routes);
  if (!service) return report(service.error(), name);
  const auto& apps = loaded->routes->apps;
  const std::string kind =
      apps.size() == 1 ? std::string(apps[0]->app->kind()) : std::to_string(apps.size()) + " programs";
  for (size_t i = 0; i < (*service)->addresses().size(); ++i) {
    const std::string url = serve::url_of(options.listen[i], (*service)->addresses()[i]);
    print_error("serving " + name + " (" + kind + ") on " + url);
  }
  for (const std::string& address : (*service)->admin_addresses()) {
    print_error("figures on http://" + address + "/status, metrics on http://" + address + "/metrics");
  }
  const bool watch = always_watch || (is_service_file(name) && loaded->plan.watch);
  reloader = std::make_unique<Reloader>(**service, loader, *loaded, name, watch);
  loaded = {};
  (*service)->run();
  // Whoever asks for the end once more, while the process ends, changes nothing about how it ends.
  for (const int ending : {SIGTERM, SIGINT, SIGHUP}) std::signal(ending, SIG_IGN);
  if (reloader->stop()) return kExitOk;
  // No destructor runs: what is still to be written is, here.
  options.observation->log.reset();
  std::_Exit(kExitOk);
}

int serve(const Args& args) {
  const auto usage = [&](const Error& error) { return report_usage(error, args.command->name); };
  Result<ServePlan> plan = read_serve_plan(args);
  if (!plan) return usage(plan.error());
  const std::string& file = plan->run.file;
  ServiceLoader::ReadPlan read = [&plan] {
    PlanReading out = plan_of_program(plan->run, plan->service);
    out.plan.log = plan->log;
    out.plan.routes[0].reuse = plan->reuse;
    return out;
  };
  if (is_service_file(file)) {
    if (const Status fit = refuse_program_flags(args, file); !fit) return usage(fit.error());
    read = [file, defaults = defaults_of(args, *plan)] { return read_service_file(file, defaults); };
  }
  ServiceLoader loader(file, std::move(read));
  return args.has(kCheck) ? check_service(loader, file) : run_service(loader, file, args.has(kWatch));
}

}  // namespace

constinit const Command kServeCommand = {
    .name = "serve",
    .operands = "FILE",
    .summary = "Answer HTTP requests with programs",
    .details =
        "FILE is a component that exports wasi:http/incoming-handler of WASI 0.2, or a WASI program: one of\n"
        "CGI (the request in its environment, a response with or without a status line on standard output),\n"
        "or raw (the request's text on standard input); or a .toml file that gives several their routes. A\n"
        "program's strings tell its style; --style decides. Each request meets an instance of its own (but\n"
        "with --reuse); one that waits holds no thread. What a program prints otherwise goes to standard\n"
        "error, as do the backtraces of traps. SIGHUP loads FILE anew; SIGTERM ends the service when the\n"
        "requests under way are answered.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = serve,
};

}  // namespace ashlar::cli

// Reading of the command line of `ashlar run`.
#include "cli/run_plan.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/output.h"
#include "cli/output_file.h"

namespace ashlar::cli {
namespace {

/// So many threads no program has by intention on one machine, and no machine ends up without any for others.
constexpr uint32_t kUsualThreads = 1024;

void add_environment(api::WasiOptions& out) {
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != text.npos && equals != 0) out.set_env(text.substr(0, equals), text.substr(equals + 1));
  }
}

Status add_env(const Args::Given& given, api::WasiOptions& out) {
  const size_t equals = given.value.find('=');
  const std::string name(given.value.substr(0, equals));
  if (name.empty()) {
    return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                      "NAME=VALUE or NAME");
  }
  if (equals != given.value.npos) {
    out.set_env(name, given.value.substr(equals + 1));
  } else if (const char* own = std::getenv(name.c_str())) {
    out.set_env(name, own);
  }
  return {};
}

/// After Wasmtime's manner. What it has and we have not is told rather than ignored.
Status read_wasi_options(const Args::Given& given, api::WasiOptions& out) {
  const std::string_view list = given.value;
  for (size_t from = 0; from <= list.size();) {
    const size_t comma = std::min(list.find(',', from), list.size());
    const std::string_view item = list.substr(from, comma - from);
    const size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    const std::string shown = std::string(given.flag) + " " + std::string(name);
    bool on = true;
    if (equals < item.size()) {
      TRY_ASSIGN(on, parse_switch(shown, item.substr(equals + 1)));
    }
    if (name == "threads") {
      out.max_threads = !on ? 0 : out.max_threads != 0 ? out.max_threads : kUsualThreads;
    } else if (name == "inherit-env") {
      if (on) add_environment(out);
    } else if (name == "inherit-network") {
      if (on) out.allow_net.emplace_back("*");
    } else if (name == "allow-ip-name-lookup") {
      out.name_lookup = out.resolver = on;
    } else if (name == "tcp") {
      out.tcp = on;
    } else if (name == "udp") {
      out.udp = on;
    } else {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(item),
                        "threads, inherit-env, inherit-network, tcp, udp or allow-ip-name-lookup, with =n to forbid");
    }
    from = comma + 1;
  }
  return {};
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

/// --profile and --debug-info.
Status read_inspection(const Args& args, Plan& plan) {
  inspect::Options& out = plan.inspect;
  const Args::Given* shown = args.find(kDebugInfo);
  out.debugger = shown != nullptr;
  if (const Args::Given* given = args.find(kProfile)) {
    shown = given;
    const std::optional<inspect::Profile> profile = inspect::profile_from_name(given->value);
    if (!profile) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given->flag), std::string(given->value),
                        "perf or jitdump");
    }
    out.profile = *profile;
  }
  if (shown == nullptr) return {};
  tiering::TierOptions& tier = plan.settings.tier;
  // Who asked for the interpreter by name must know; whoever left the tier open gets machine code from the start.
  if (!tier.chosen || tier.mode == tiering::TierMode::Interpreter) {
    if (tier.chosen && !tier.allow_precompiled) {
      return make_error(ErrorCode::no_code_to_show, kNoOffset, std::string(shown->flag));
    }
    tier.mode = tiering::TierMode::Optimizing;
  }
  tier.all_places = out.debugger || out.profile == inspect::Profile::Jitdump;
  // What is to be measured is compiled as it is without; what is to be stepped through goes line by line.
  if (out.debugger && out.profile == inspect::Profile::None) tier.level = '0';
  out.file = plan.file;
  out.warn = [](const Error& e) { print_error("warning: " + e.render()); };
  return {};
}

Result<serve::ProgramStyle> parse_style(const Args::Given& given) {
  if (const auto style = serve::style_from_name(given.value)) return *style;
  return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                    "cgi or raw");
}

/// Beside nothing of the program's: in the working directory.
std::string snapshot_path(std::string_view file) {
  constexpr std::string_view kEnding = ".heapsnapshot";
  return file == "-" ? "stdin" + std::string(kEnding) : output_path({}, base_name(file), kEnding);
}

}  // namespace

api::WasiOptions::Dir parse_dir(std::string_view text) {
  api::WasiOptions::Dir out;
  if (text.ends_with(":ro") && !text.ends_with("::ro")) {
    out.read_only = true;
    text.remove_suffix(3);
  }
  const size_t split = text.find("::");
  out.host = text.substr(0, split);
  out.guest = split == text.npos ? out.host : std::string(text.substr(split + 2));
  return out;
}

Result<Plan> read_plan(const Args& args) {
  Plan plan;
  TRY_ASSIGN(plan.settings, read_settings(args));
  if (!plan.settings.tier.chosen) plan.settings.tier.mode = tiering::TierMode::Auto;
  if (args.operands.empty()) return make_error(ErrorCode::missing_operand, kNoOffset, "FILE");
  plan.file = args.operands[0];
  plan.arguments = std::span(args.operands).subspan(1);
  if (args.has(kInheritEnv)) add_environment(plan.wasi);
  plan.wasi.max_threads = kUsualThreads;
  for (const Args::Given& given : args.flags) {
    switch (given.id) {
      case kDir:
        plan.wasi.dirs.push_back(parse_dir(given.value));
        break;
      case kEnv:
        TRY(add_env(given, plan.wasi));
        break;
      case kListen:
        plan.wasi.listen.emplace_back(given.value);
        break;
      case kAllowNet:
        plan.wasi.allow_net.emplace_back(given.value);
        break;
      case kAllowNameLookup:
        plan.wasi.name_lookup = true;
        break;
      case kConfig:
        plan.wasi.config.emplace_back(given.value);
        break;
      case kConfigFile:
        plan.wasi.config_files.emplace_back(given.value);
        break;
      case kKeyValue:
        plan.wasi.key_values.emplace_back(given.value);
        break;
      case kLogging:
        plan.wasi.logging = given.value;
        break;
      case kWasiOptions:
        TRY(read_wasi_options(given, plan.wasi));
        break;
      case kMaxThreads: {
        TRY_ASSIGN(const uint64_t most, parse_count(given.flag, given.value));
        plan.wasi.max_threads = static_cast<uint32_t>(std::min<uint64_t>(most, ~uint32_t{0}));
        break;
      }
      case kAllowHttp:
        for (size_t from = 0; from <= given.value.size();) {
          const size_t comma = std::min(given.value.find(',', from), given.value.size());
          plan.allow_http.emplace_back(given.flag, given.value.substr(from, comma - from));
          from = comma + 1;
        }
        break;
      case kCaCert:
        plan.cacert = given.value;
        break;
      case kStyle: {
        TRY_ASSIGN(plan.style, parse_style(given));
        break;
      }
      case kHeapSnapshot:
        plan.heap_snapshot = given.value;
        break;
      case kInvoke:
        plan.invoke = given.value;
        break;
      case kPreload: {
        const size_t equals = given.value.find('=');
        if (equals == given.value.npos) {
          return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                            "NAME=FILE");
        }
        plan.preloads.emplace_back(given.value.substr(0, equals), given.value.substr(equals + 1));
        break;
      }
      default:
        break;
    }
  }
  plan.snapshot_at_end = args.command->name == kHeapCommandName;
  if (plan.snapshot_at_end && plan.heap_snapshot.empty()) plan.heap_snapshot = snapshot_path(plan.file);
  TRY(read_inspection(args, plan));
  plan.wasi.interruptible = plan.settings.timeout_ns != 0;
  plan.wasi.args.emplace_back(args.value(kArgv0, base_name(plan.file)));
  return plan;
}

Status start_inspection(const Plan& plan) {
  if (plan.inspect.profile == inspect::Profile::None && !plan.inspect.debugger) return {};
  return inspect::start(plan.inspect);
}

Status check_module_grants(const Plan& plan) {
  const api::WasiOptions& wasi = plan.wasi;
  if (!wasi.allow_net.empty() || wasi.name_lookup || !wasi.config.empty() || !wasi.config_files.empty() ||
      !wasi.key_values.empty() || !wasi.logging.empty()) {
    return make_error(ErrorCode::not_implemented, kNoOffset,
                      "network, settings, stores and logging of programs that are not components");
  }
  if (!plan.allow_http.empty()) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "HTTP requests of programs that are not components");
  }
  return {};
}

Status accept_late_invoke(const module::Module& m, Plan& plan) {
  if (plan.invoke || plan.arguments.empty() || m.find_export("_start")) return {};
  std::string_view first = plan.arguments[0];
  constexpr std::string_view kFlag = "--invoke";
  if (first == kFlag) {
    if (plan.arguments.size() < 2) {
      return make_error(ErrorCode::flag_needs_value, kNoOffset, std::string(kFlag), "NAME");
    }
    plan.invoke = plan.arguments[1];
    plan.arguments = plan.arguments.subspan(2);
  } else if (first.starts_with("--invoke=")) {
    plan.invoke = first.substr(kFlag.size() + 1);
    plan.arguments = plan.arguments.subspan(1);
  }
  return {};
}

}  // namespace ashlar::cli

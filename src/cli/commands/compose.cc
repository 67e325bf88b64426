// ashlar compose: plugs components together.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/load_component.h"
#include "cli/load_wit.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/registry.h"
#include "componentize/composition.h"
#include "componentize/wac.h"
#include "os/file_bytes.h"
#include "tiering/cache.h"

namespace ashlar::cli {
namespace {

enum ComposeFlag : int { kOutput = 1, kPlug, kDep, kDepsDir };

constexpr Flag kFlags[] = {
    {kOutput, 'o', "output", "FILE", "where to write (default: standard output)"},
    {kPlug, 0, "plug", "FILE", "a component that gives what the socket imports; may be repeated"},
    {kDep, 0, "dep", "NS:NAME=FILE", "the component that a .wac file calls NS:NAME; may be repeated"},
    {kDepsDir, 0, "deps-dir", "DIR", "where packages are that no --dep names (default: deps)"},
};

Result<componentize::NamedBytes> read_named(const std::string& path) {
  TRY_ASSIGN(std::vector<uint8_t> bytes, read_component(path));
  return componentize::NamedBytes{path, std::move(bytes)};
}

Result<std::vector<uint8_t>> plug_together(const Args& args, const std::string& socket) {
  TRY_ASSIGN(componentize::NamedBytes base, read_named(socket));
  std::vector<componentize::NamedBytes> plugs;
  for (const Args::Given& given : args.flags) {
    if (given.id != kPlug) continue;
    TRY_ASSIGN(componentize::NamedBytes one, read_named(std::string(given.value)));
    plugs.push_back(std::move(one));
  }
  return componentize::plug(std::move(base), std::move(plugs), binary_options({}));
}

/// What --dep says of a package.
std::optional<std::string> named_path(const Args& args, const std::string& name) {
  for (const Args::Given& given : args.flags) {
    if (given.id != kDep) continue;
    if (given.value.size() > name.size() && given.value.starts_with(name) && given.value[name.size()] == '=') {
      return std::string(given.value.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

/// deps/NS/NAME
std::string usual_path(const Args& args, const std::string& name) {
  const size_t colon = name.find(':');
  return std::string(args.value(kDepsDir, "deps")) + "/" + name.substr(0, colon) + "/" + name.substr(colon + 1);
}

Result<componentize::NamedBytes> read_package(const Args& args, const std::string& name) {
  if (const auto path = named_path(args, name)) return read_named(*path);
  const std::string binary = usual_path(args, name) + ".wasm", text = usual_path(args, name) + ".wat";
  return read_named(!tiering::regular_file_info(binary) && tiering::regular_file_info(text) ? text : binary);
}

/// The WIT of a package: a file in either form, or a folder.
Result<wit::Resolved> read_package_wit(const Args& args, const std::string& name) {
  if (const auto path = named_path(args, name)) return load_wit({*path}, {});
  for (const char* ending : {".wasm", ".wat", ".wit"}) {
    const std::string path = usual_path(args, name) + ending;
    if (tiering::regular_file_info(path)) return load_wit({path}, {});
  }
  return load_wit({usual_path(args, name)}, {});
}

Result<std::vector<uint8_t>> compose_file(const Args& args, const std::string& path) {
  TRY_ASSIGN(const os::FileBytes file, os::read_file(path));
  const std::span<const uint8_t> bytes = file.bytes();
  const std::string text(bytes.begin(), bytes.end());
  return componentize::compose_wac(
      {path, text}, binary_options({}), [&](const std::string& name) { return read_package(args, name); },
      [&](const std::string& name) { return read_package_wit(args, name); });
}

int run_compose(const Args& args) {
  if (args.operands.size() != 1) {
    const Error error = args.operands.empty()
                            ? Error(ErrorCode::missing_operand, kNoOffset, "FILE")
                            : Error(ErrorCode::extra_operand, kNoOffset, std::string(args.operands[1]));
    return report_usage(error, "compose");
  }
  const std::string path(args.operands[0]);
  const bool plugs = args.has(kPlug);
  if (!plugs && !path.ends_with(".wac")) {
    return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "--plug FILE (or a .wac file)"), "compose");
  }
  const auto out = plugs ? plug_together(args, path) : compose_file(args, path);
  if (!out) return report(out.error());
  const Status done = write_output(std::string(args.value(kOutput, "-")), *out);
  return done ? kExitOk : report(done.error());
}

}  // namespace

constinit const Command kComposeCommand = {
    .name = "compose",
    .operands = "FILE",
    .summary = "Make one component of several",
    .details =
        "  ashlar compose SOCKET --plug FILE...   what the component SOCKET imports and a plug exports comes from an\n"
        "                                         instance of the plug; the rest is imported, SOCKET's exports are\n"
        "                                         the result's. Interfaces match by name and compatible version.\n"
        "  ashlar compose FILE.wac                does what the file says:\n"
        "    package my:app targets my:worlds/app;      // ...: and says how the result does not fit that world\n"
        "    import log: wasi:logging/logging;          // or func(..), or interface { .. }: gives `log` to arguments\n"
        "    let lib = new my:lib { ... };              // ...: what is not given is imported\n"
        "    let app = new my:main { shapes: lib.shapes, ...lib, ... };\n"
        "    export app.run as start;                   // or: export app...;\n"
        "  It may declare interfaces, worlds and types as WIT does.\n"
        "A package NS:NAME is the file that --dep names, else deps/NS/NAME.wasm; one of WIT may also be\n"
        "deps/NS/NAME.wit or the folder deps/NS/NAME.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_compose,
};

}  // namespace ashlar::cli

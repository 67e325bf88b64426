// ashlar bindgen: bindings for hosts and guests out of WIT.
#include <string>
#include <vector>

#include "cli/load_wit.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/registry.h"
#include "componentize/world_encoder.h"
#include "wit/bindgen_world.h"

namespace ashlar::cli {
namespace {

enum BindgenFlag : int { kFolder = 1, kWorld, kGuest, kDeps, kFeatures, kAllFeatures };

constexpr Flag kFlags[] = {
    {kWorld, 'w', "world", "WORLD", "the world: 'command', or 'wasi:cli/command@0.2.12' (default: the only one)"},
    {kFolder, 'o', "out-dir", "DIR", "where to write, made if it is not there (default: here)"},
    {kGuest, 0, "guest", "", "for components instead of hosts: a header, a source and ashlar_guest.h"},
    {kDeps, 0, "deps", "DIR", "where more packages are, as in a folder 'deps'; may be repeated"},
    {kFeatures, 0, "features", "NAME,...", "features whose @unstable items are there"},
    {kAllFeatures, 0, "all-features", "", "every @unstable item is there"},
};

Status write_text(const std::string& path, std::string_view text) {
  return write_output(path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status generate(const Args& args, const std::vector<std::string>& paths) {
  wit::LoadOptions options;
  options.all_features = args.has(kAllFeatures);
  for (const Args::Given& given : args.flags) {
    if (given.id == kFeatures) add_list(options.features, given.value);
    if (given.id == kDeps) options.deps.emplace_back(given.value);
  }
  TRY_ASSIGN(const wit::Resolved loaded, load_wit(paths, options));
  TRY_ASSIGN(const wit::WorldId id, wit::select_world(loaded.model, loaded.roots.back(), args.value(kWorld)));
  // Also for hosts: a world that no component can have is refused here, and types that double at each step.
  TRY_ASSIGN(const std::vector<uint8_t> section,
             componentize::encode_world_section(loaded.model, id, component::StringEncoding::Utf8));
  TRY_ASSIGN(const wit::BoundWorld world, wit::BoundWorld::make(loaded.model, id));
  const std::string folder(args.value(kFolder, "."));
  TRY(make_folder(folder));
  const std::string& name = loaded.model[id].name;
  const std::string source = "the world " + loaded.model.full_name(id);
  if (!args.has(kGuest)) {
    return write_text(folder + "/" + name + ".h", wit::generate_world_host(world, source));
  }
  const wit::GuestFiles files = wit::generate_world_guest(world, name, source, section);
  TRY(write_text(folder + "/" + name + ".h", files.header));
  TRY(write_text(folder + "/" + name + ".cc", files.source));
  return write_text(folder + "/ashlar_guest.h", wit::guest_support());
}

int run_bindgen(const Args& args) {
  std::vector<std::string> paths(args.operands.begin(), args.operands.end());
  if (paths.empty() || paths[0] != "cpp") {
    if (paths.empty()) return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "cpp"), "bindgen");
    return report_usage(Error(ErrorCode::bad_flag_value, kNoOffset, "bindgen", paths[0], "cpp"), "bindgen");
  }
  paths.erase(paths.begin());
  if (paths.empty()) return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "PATH"), "bindgen");
  const Status done = generate(args, paths);
  return done ? kExitOk : report(done.error());
}

}  // namespace

constinit const Command kBindgenCommand = {
    .name = "bindgen",
    .operands = "cpp PATH...",
    .summary = "Make C++ bindings out of WIT, for hosts and for components",
    .details =
        "Reads WIT as `ashlar wit` does, also of a component, and writes the bindings of one world, named like it.\n"
        "  ashlar bindgen cpp app.wit -o gen          gen/WORLD.h for hosts, over <ashlar/ashlar.h>: abstract\n"
        "                                             classes for what the world imports, typed callers for its\n"
        "                                             exports\n"
        "  ashlar bindgen cpp --guest app.wit -o gen  gen/WORLD.h and gen/WORLD.cc for a component, to be compiled\n"
        "                                             with `clang++ -std=c++23 --target=wasm32-wasi\n"
        "                                             -mexec-model=reactor -fno-exceptions -fno-rtti`: functions to\n"
        "                                             call for imports, functions to define for exports",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_bindgen,
};

}  // namespace ashlar::cli

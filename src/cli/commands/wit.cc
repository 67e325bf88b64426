// ashlar wit: prints, checks and compares WIT.
#include <algorithm>
#include <string>
#include <vector>

#include "cli/load_wit.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/registry.h"
#include "component/encode.h"
#include "componentize/world_encoder.h"
#include "wit/diff.h"
#include "wit/json.h"
#include "wit/load.h"
#include "wit/print.h"

namespace ashlar::cli {
namespace {

enum WitFlag : int {
  kOutput = 1,
  kOutDir,
  kWorld,
  kFeatures,
  kAllFeatures,
  kDeps,
  kWithDeps,
  kNoDocs,
  kFlat,
  kJson,
  kFor,
  kWasm,
};

constexpr Flag kFlags[] = {
    {kOutput, 'o', "output", "FILE", "where to write (default: standard output)"},
    {kOutDir, 0, "out-dir", "DIR", "write each package to a file of its own, those that it needs to DIR/deps"},
    {kWorld, 'w', "world", "WORLD", "a world, complete: 'command', or 'wasi:cli/command@0.2.12'"},
    {kFeatures, 0, "features", "NAME,...", "features whose @unstable items are there"},
    {kAllFeatures, 0, "all-features", "", "every @unstable item is there"},
    {kDeps, 0, "deps", "DIR", "where more packages are, as in a folder 'deps'; may be repeated"},
    {kWithDeps, 0, "with-deps", "", "print the packages needed too, so that the text stands alone"},
    {kNoDocs, 0, "no-docs", "", "leave documentation out"},
    {kFlat, 0, "flat", "", "print worlds complete, without 'include'"},
    {kJson, 0, "json", "", "print everything that was read as JSON"},
    {kWasm, 0, "wasm", "", "write the package in binary form"},
    {kFor, 0, "for", "SIDE", "diff: whom a change may not break: guests, hosts or both (default: both)"},
};

wit::LoadOptions load_options(const Args& args) {
  wit::LoadOptions options;
  options.all_features = args.has(kAllFeatures);
  for (const Args::Given& given : args.flags) {
    if (given.id == kDeps) options.deps.emplace_back(given.value);
    if (given.id == kFeatures) add_list(options.features, given.value);
  }
  return options;
}

wit::PrintOptions print_options(const Args& args) {
  wit::PrintOptions options;
  options.docs = !args.has(kNoDocs);
  options.flat_worlds = args.has(kFlat) || args.has(kWorld);
  return options;
}

Result<std::string> print(const Args& args, const wit::Resolved& loaded) {
  if (args.has(kJson)) return wit::to_json(loaded.model) + "\n";
  const wit::PrintOptions options = print_options(args);
  if (args.has(kWorld)) {
    TRY_ASSIGN(const wit::WorldId world, wit::select_world(loaded.model, loaded.roots.back(), args.value(kWorld)));
    return wit::print_world(loaded.model, world, options);
  }
  std::string out;
  for (const wit::PackageId root : loaded.roots) {
    if (!out.empty()) out += '\n';
    out += args.has(kWithDeps) ? wit::print_with_dependencies(loaded.model, root, options)
                               : wit::print_package(loaded.model, root, options);
  }
  return out;
}

/// DIR/io.wit for each root, DIR/deps/wasi-io@0.2.12.wit for what it needs: a folder that can be read again.
Status write_folder(const Args& args, const wit::Resolved& loaded, const std::string& folder) {
  const wit::PrintOptions options = print_options(args);
  const auto is_root = [&](wit::PackageId id) { return std::ranges::find(loaded.roots, id) != loaded.roots.end(); };
  TRY(make_folder(folder));
  for (const wit::PackageId root : loaded.roots) {
    TRY(write_output(folder + "/" + loaded.model[root].name.name + ".wit",
                     wit::print_package(loaded.model, root, options)));
    for (const wit::PackageId needed : wit::package_dependencies(loaded.model, root)) {
      if (is_root(needed)) continue;
      TRY(make_folder(folder + "/deps"));
      std::string name = loaded.model[needed].name.str();
      std::ranges::replace(name, ':', '-');
      TRY(write_output(folder + "/deps/" + name + ".wit", wit::print_package(loaded.model, needed, options)));
    }
  }
  return {};
}

Result<int> run_print(const Args& args, const std::vector<std::string>& paths) {
  TRY_ASSIGN(const wit::Resolved loaded, load_wit(paths, load_options(args)));
  if (!args.has(kJson)) {
    for (const wit::PackageId root : loaded.roots) TRY(wit::check_scopes(loaded.model, root));
  }
  if (args.has(kOutDir)) {
    TRY(write_folder(args, loaded, std::string(args.value(kOutDir))));
    return kExitOk;
  }
  if (args.has(kWasm)) {
    TRY_ASSIGN(const component::Component package, componentize::encode_package(loaded.model, loaded.roots.back()));
    TRY(write_output(std::string(args.value(kOutput, "-")), component::encode(package)));
    return kExitOk;
  }
  TRY_ASSIGN(const std::string text, print(args, loaded));
  TRY(write_output(std::string(args.value(kOutput, "-")), text));
  return kExitOk;
}

Result<int> run_check(const Args& args, const std::vector<std::string>& paths) {
  TRY_ASSIGN(const wit::Resolved loaded, load_wit(paths, load_options(args)));
  if (args.has(kWorld)) TRY(wit::select_world(loaded.model, loaded.roots.back(), args.value(kWorld)));
  return kExitOk;
}

std::string describe_change(const wit::Change& change) {
  const char* verdict = change.breaks_guests && change.breaks_hosts ? "breaks both"
                        : change.breaks_guests                      ? "breaks guests"
                        : change.breaks_hosts                       ? "breaks hosts"
                                                                    : "compatible";
  return strf("%-14s ", verdict) + change.where + ": " + change.what + "\n";
}

Result<int> run_diff(const Args& args, const std::vector<std::string>& paths) {
  const std::string_view side = args.value(kFor, "both");
  TRY_ASSIGN(const wit::Resolved old_side, load_wit({paths[0]}, load_options(args)));
  TRY_ASSIGN(const wit::Resolved new_side, load_wit({paths[1]}, load_options(args)));
  std::vector<wit::Change> changes;
  if (args.has(kWorld)) {
    const std::string_view name = args.value(kWorld);
    TRY_ASSIGN(const wit::WorldId old_world, wit::select_world(old_side.model, old_side.roots[0], name));
    TRY_ASSIGN(const wit::WorldId new_world, wit::select_world(new_side.model, new_side.roots[0], name));
    changes = wit::diff_worlds(old_side.model, old_world, new_side.model, new_world);
  } else {
    changes = wit::diff_packages(old_side.model, old_side.roots[0], new_side.model, new_side.roots[0]);
  }
  std::string out;
  size_t breaking = 0;
  for (const wit::Change& change : changes) {
    out += describe_change(change);
    if ((change.breaks_guests && side != "hosts") || (change.breaks_hosts && side != "guests")) ++breaking;
  }
  out += breaking > 0      ? strf("incompatible: %zu of %zu changes break something\n", breaking, changes.size())
         : changes.empty() ? std::string("no difference\n")
                           : std::string("compatible\n");
  TRY(write_output(std::string(args.value(kOutput, "-")), out));
  return breaking > 0 ? kExitFailure : kExitOk;
}

int run_wit(const Args& args) {
  std::vector<std::string> paths(args.operands.begin(), args.operands.end());
  const std::string what = paths.empty() ? std::string() : paths[0];
  const bool check = what == "check";
  const bool diff = what == "diff";
  if (check || diff) paths.erase(paths.begin());
  if (paths.size() < (diff ? 2 : 1)) {
    const char* missing = !diff ? "PATH" : paths.empty() ? "OLD" : "NEW";
    return report_usage(Error(ErrorCode::missing_operand, kNoOffset, missing), "wit");
  }
  if (diff && paths.size() > 2) return report_usage(Error(ErrorCode::extra_operand, kNoOffset, paths[2]), "wit");
  const std::string_view side = args.value(kFor, "both");
  if (side != "both" && side != "guests" && side != "hosts") {
    return report_usage(
        Error(ErrorCode::bad_flag_value, kNoOffset, "--for", std::string(side), "guests, hosts or both"), "wit");
  }
  const Result<int> code = check ? run_check(args, paths) : diff ? run_diff(args, paths) : run_print(args, paths);
  return code ? *code : report(code.error());
}

}  // namespace

constinit const Command kWitCommand = {
    .name = "wit",
    .operands = "[check|diff] PATH...",
    .summary = "Print, check and compare WIT, the interfaces of components",
    .details =
        "Reads WIT text and resolves all names. PATH is a file, or a folder: its *.wit files are one package,\n"
        "and each file and folder in its folder 'deps' is a package too. '-' reads standard input.\n"
        "A PATH that stands alone may be a component (its world is read, or the package that it is the binary\n"
        "form of) or a core module with an embedded world.\n"
        "  ashlar wit PATH...        prints the packages of the paths in a canonical form\n"
        "  ashlar wit check PATH...  prints nothing; exit code 0 when all is well\n"
        "  ashlar wit diff OLD NEW   lists what is different, and whom it breaks: guests are components built\n"
        "                            for OLD on hosts of NEW; hosts are those of OLD with components built for\n"
        "                            NEW. With --world the contract of that world is compared, otherwise each\n"
        "                            interface of the package by itself, and the lists of imports and exports\n"
        "                            of its worlds. Exit code 1 when something breaks.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_wit,
};

}  // namespace ashlar::cli

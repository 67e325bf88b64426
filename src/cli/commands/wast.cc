// ashlar wast: runs scripts of the specification's test format.
#include "cli/wast_runner.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "cli/output.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

enum WastFlag : int { kJson = kFirstOwnFlag, kNoRun, kVerbose, kGates };

constexpr Flag kFlags[] = {
    {kJson, 0, "json", "", "report as one JSON object"},
    {kNoRun, 0, "no-run", "", "decode and validate only; what executes counts as skipped"},
    {kVerbose, 'v', "verbose", "", "name each file, and let spectest's functions print"},
    {kGates, 0, "gates", "NAME,...|all", "features of the Component Model that components may use, too"},
    kTierFlagRow,
    kNoCacheFlagRow,
    kPretendUnsupportedFlagRow,
    kBoundsChecksFlagRow,
    kLazyFlagRow,
    {kMaxStackFlag, 0, "max-stack", "SIZE", "limit of the call stack (8M)"},
    kMaxGcHeapFlagRow,
    kGcStressFlagRow,
    kPoolFlagRow,
    kStatsFlagRow,
    kFeatureFlagRow,
};

Result<component::Gates> read_gates(std::string_view names) {
  component::Gates gates;
  if (names == "all") return component::Gates::all();
  while (!names.empty()) {
    const size_t comma = std::min(names.find(','), names.size());
    const std::string_view name = names.substr(0, comma);
    const std::optional<component::Gate> gate = component::gate_from_name(name);
    if (!gate) {
      std::string known = "all";
      for (const component::GateInfo& info : component::kGateTable) known += ", " + std::string(info.name);
      return make_error(ErrorCode::bad_flag_value, kNoOffset, "--gates", std::string(name), known);
    }
    gates.set(*gate);
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return gates;
}

std::string counts_json(const WastReport& report) {
  return strf("\"passed\":%zu,\"failed\":%zu,\"skipped\":%zu", report.passed, report.failed, report.skipped);
}

std::string file_json(const WastReport& report) {
  std::string out = "{\"file\":" + base::json_string(report.file) + "," + counts_json(report) + ",\"failures\":[";
  for (const WastFailure& failure : report.failures) {
    if (out.back() != '[') out += ',';
    out += strf("{\"line\":%u,\"kind\":", failure.line) + base::json_string(failure.kind) +
           ",\"message\":" + base::json_string(failure.message) + "}";
  }
  return out + "]}";
}

void print_failures(const WastReport& report, bool verbose) {
  std::string out;
  for (const WastFailure& failure : report.failures) {
    out += report.file + strf(":%u: ", failure.line) + failure.kind + ": " + failure.message + "\n";
  }
  if (verbose) out += report.file + strf(": %zu passed, %zu failed\n", report.passed, report.failed);
  write_all(kStdout, out);
}

int run_wast(const Args& args) {
  if (args.operands.empty()) return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "FILE"), "wast");
  Result<Settings> settings = read_settings(args);
  if (!settings) return report_usage(settings.error(), "wast");
  WastOptions options;
  options.settings = *settings;
  options.run = !args.has(kNoRun);
  options.verbose = args.has(kVerbose);
  Result<component::Gates> gates = read_gates(args.value(kGates));
  if (!gates) return report_usage(gates.error(), "wast");
  options.gates = *gates;
  const bool json = args.has(kJson);
  WastReport total;
  std::string files;
  for (std::string_view file : args.operands) {
    WastReport report = run_script(std::string(file), options);
    if (json) {
      files += (files.empty() ? "" : ",") + file_json(report);
    } else {
      print_failures(report, options.verbose);
    }
    report.failures.clear();
    total.add(std::move(report));
  }
  if (json) {
    write_all(kStdout, "{\"files\":[" + files + "]," + counts_json(total) + "}\n");
  } else {
    write_all(kStdout, strf("%zu passed, %zu failed, %zu skipped\n", total.passed, total.failed, total.skipped));
  }
  return total.failed == 0 ? kExitOk : kExitFailure;
}

}  // namespace

constinit const Command kWastCommand = {
    .name = "wast",
    .operands = "FILES...",
    .summary = "Run test scripts and report what fails",
    .details =
        "Each failed directive is printed as FILE:LINE: DIRECTIVE: MESSAGE; the last line counts all directives.\n"
        "Exits with 0 when none failed.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_wast,
};

}  // namespace ashlar::cli

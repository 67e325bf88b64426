// ashlar objdump: section headers, details, disassembly and raw contents of a module or component; machine code of a
// compiled one.
#include <unistd.h>

#include "api/load.h"
#include "binary/decode.h"
#include "cli/config_flags.h"
#include "cli/disassemble.h"
#include "cli/dump_component.h"
#include "cli/load_component.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/registry.h"
#include "cli/sections.h"
#include "native/bundle.h"
#include "native/compiler_protocol.h"
#include "native/image.h"
#include "tiering/compiler_process.h"
#include "tiering/tiering.h"

namespace ashlar::cli {
namespace {

enum ObjdumpFlag : int { kHeaders = kFirstOwnFlag, kDetails, kDisassemble, kFull, kSection };

constexpr Flag kFlags[] = {
    {kHeaders, 'h', "headers", "", "list the sections"},
    {kDetails, 'x', "details", "", "show what each section declares"},
    {kDisassemble, 'd', "disassemble", "", "disassemble the functions"},
    {kFull, 's', "full-contents", "", "show the bytes of the sections"},
    {kSection, 'j', "section", "NAME", "only this section (type, code, ..., or a custom section's name)"},
    kFeatureFlagRow,
};

/// "a, b": the features that differ from what is on unless told otherwise, as -W takes them.
std::string feature_text(isa::Features features) {
  std::string out;
  for (size_t i = 0; i < isa::kFeatureCount; ++i) {
    const auto feature = static_cast<isa::Feature>(i);
    if (features.has(feature) == isa::info(feature).default_on || feature == isa::Feature::mvp) continue;
    out += (out.empty() ? "" : ",") + std::string(isa::info(feature).name) + (features.has(feature) ? "" : "=n");
  }
  return out.empty() ? "as usual" : out;
}

std::string artifact_header(const native::Image& image) {
  const bool x86 = image.target().arch == native::Arch::X86_64;
  uint32_t compiled = 0;
  for (uint32_t i = 0; i < image.entry_count(); ++i) compiled += image.entry(i) != nullptr;
  const std::string& features = image.target().features;
  std::string out = "\nHeader:\n\n";
  out += "    Target " + std::string(x86 ? "x86_64" : "aarch64") + ", " + printable(image.target().cpu) + "\n";
  out += "     Needs " + (features.empty() ? "nothing more" : printable(features)) + "\n";
  out += "    Bounds " + std::string(image.config().explicit_bounds ? "explicit" : "guard") + "\n";
  out += "      Fuel " + std::string(image.config().fuel ? "counted" : "not counted") + "\n";
  if (!image.config().fuel_costs.empty()) out += "     Costs " + printable(image.config().fuel_costs) + "\n";
  out += "  Features " + feature_text(native::features_from_bits(image.config().features)) + "\n";
  out += strf(" Functions %u of %u compiled\n", compiled, image.entry_count());
  out += "      Code " + size_text(image.text_size()) + "\n";
  return out + "    Module " + size_text(image.wasm().size()) + "\n";
}

/// Of a compiled program: what it demands, and its machine code as the compiler program tells it.
Status dump_artifact(const std::string& path, const Args& args) {
  TRY_ASSIGN(const auto image, native::Image::open(path, native::Image::Trust::Inspect));
  write_all(kStdout, "\n" + path + ":\tfile format ashlar\n");
  const bool only_header = args.has(kHeaders) || args.has(kDetails);
  if (!args.has(kDisassemble) || only_header) write_all(kStdout, artifact_header(*image));
  if (!args.has(kDisassemble) && only_header) return {};
  write_all(kStdout, "\nCode Disassembly:\n");
  TRY_ASSIGN(auto process, tiering::CompilerProcess::start_disassembly(path));
  return process.wait();
}

/// Image by image.
Status dump_bundle(const std::string& path, const Args& args) {
  TRY_ASSIGN(const native::Bundle bundle, native::open_bundle(path, native::Image::Trust::Inspect));
  write_all(kStdout, "\n" + path + ":\tfile format ashlar component\n");
  const bool only_header = args.has(kHeaders) || args.has(kDetails);
  for (size_t i = 0; i < bundle.images.size(); ++i) {
    const native::Image& image = *bundle.images[i];
    write_all(kStdout, strf("\nModule %zu:\n", i));
    if (!args.has(kDisassemble) || only_header) write_all(kStdout, artifact_header(image));
    if (!args.has(kDisassemble) && only_header) continue;
    write_all(kStdout, "\nCode Disassembly:\n");
    // The child opens it by a path of ours.
    TRY_ASSIGN(const os::Fd file, tiering::make_memory_file("ashlar-code", image.bytes()));
    const std::string name = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file.raw());
    TRY_ASSIGN(auto process, tiering::CompilerProcess::start_disassembly(name));
    TRY(process.wait());
  }
  return {};
}

Status dump_component_file(const std::string& path, const InputFile& file, const Args& args,
                           const runtime::Config& config) {
  TRY_ASSIGN(const LoadedComponent component, decode_component(file.bytes, file.storage, config));
  const bool any = args.has(kHeaders) || args.has(kDetails) || args.has(kDisassemble) || args.has(kFull);
  write_all(kStdout, "\n" + path + ":\tfile format wasm component 0xd\n");
  return dump_component(component, config,
                        {!any || args.has(kHeaders), args.has(kDetails), !any || args.has(kDisassemble),
                         args.has(kFull), args.value(kSection)});
}

Status dump(const std::string& path, const Args& args, const Settings& settings) {
  if (tiering::is_bundle_file(path)) return dump_bundle(path, args);
  if (tiering::is_artifact_file(path)) return dump_artifact(path, args);
  TRY_ASSIGN(InputFile file, read_input(path));
  if (file.is_component) return dump_component_file(path, file, args, settings.config);
  TRY_ASSIGN(api::ModuleBytes source, api::assemble(file.bytes, std::move(file.storage)));
  const binary::DecodeOptions options{settings.config.features, settings.config.limits};
  TRY_ASSIGN(auto module, binary::decode(source.bytes, source.storage, options));
  const std::string_view only = args.value(kSection);
  const bool any = args.has(kHeaders) || args.has(kDetails) || args.has(kDisassemble) || args.has(kFull);
  write_all(kStdout, "\n" + path + ":\tfile format wasm 0x1\n");
  const std::vector<SectionRow> sections = list_sections(*module, only);
  if (!any || args.has(kHeaders)) write_all(kStdout, section_headers(sections));
  if (args.has(kDetails)) {
    write_all(kStdout, "\nSection Details:\n");
    for (const SectionRow& row : sections) write_all(kStdout, section_details(*module, row, settings.config.features));
  }
  if (!any || args.has(kDisassemble)) write_disassembly(*module, settings.config.features);
  if (args.has(kFull)) {
    for (const SectionRow& row : sections) write_all(kStdout, section_bytes(module->bytes, row));
  }
  return {};
}

int run_objdump(const Args& args) {
  if (args.operands.empty()) return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "FILE"), "objdump");
  Result<Settings> settings = read_settings(args);
  if (!settings) return report_usage(settings.error(), "objdump");
  // A module that does not match the settings can still be looked at.
  if (!args.has(kFeatureFlag)) settings->config.features = isa::Features::all();
  int code = kExitOk;
  for (std::string_view file : args.operands) {
    const std::string path(file);
    Status done = dump(path, args, *settings);
    if (!done) code = report(done.error(), path);
  }
  return code;
}

}  // namespace

constinit const Command kObjdumpCommand = {
    .name = "objdump",
    .operands = "FILES...",
    .summary = "Show sections, code and contents of a module or component",
    .details =
        "Without -h, -x, -d or -s: the section headers and the disassembly. Nothing is validated.\n"
        "Sections of core modules and components in a component are listed behind the section that holds them.\n"
        "Of what 'ashlar compile' wrote: what it was compiled for (-h), and its machine code beside the offsets of "
        "the\n"
        "WebAssembly instructions (-d; '*': inlined from another function).",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_objdump,
};

}  // namespace ashlar::cli

// ashlar objdump: section headers, details, disassembly and raw contents of a binary module.
#include "api/load.h"
#include "binary/decode.h"
#include "cli/config_flags.h"
#include "cli/disassemble.h"
#include "cli/output.h"
#include "cli/registry.h"
#include "cli/sections.h"

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

void dump_disassembly(const module::Module& m, isa::Features features) {
  write_all(kStdout, "\nCode Disassembly:\n");
  std::string out;
  for (uint32_t f = m.imported_funcs; f < m.funcs.size(); ++f) {
    out += '\n';
    disassemble(m, f, features, out);
    constexpr size_t kFlushAt = 1 << 16;
    if (out.size() < kFlushAt) continue;
    if (!write_all(kStdout, out)) return;
    out.clear();
  }
  write_all(kStdout, out);
}

Status dump(const std::string& path, const Args& args, const Settings& settings) {
  TRY_ASSIGN(api::ModuleBytes source, api::read_module(path));
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
  if (!any || args.has(kDisassemble)) dump_disassembly(*module, settings.config.features);
  if (args.has(kFull)) {
    for (const SectionRow& row : sections) write_all(kStdout, section_bytes(*module, row));
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
    .summary = "Show sections, code and contents of a module",
    .details = "Without -h, -x, -d or -s: the section headers and the disassembly. Nothing is validated.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_objdump,
};

}  // namespace ashlar::cli

// The public entry; see snapshot.h.
#include "snapshot/snapshot.h"

#include "snapshot/module_writer.h"

namespace ashlar::snapshot {

Status check_alone(const module::Module& m) {
  for (const module::Import& import : m.imports) {
    if (import.kind == module::ExternKind::Func || import.kind == module::ExternKind::Tag) continue;
    return make_error(ErrorCode::snapshot_refused, kNoOffset,
                      "the module imports " + std::string(module::to_string(import.kind)) + " \"" +
                          std::string(import.module) + "\" \"" + std::string(import.name) +
                          "\"; only functions and tags may be somebody else's");
  }
  return {};
}

Result<std::vector<std::vector<uint8_t>>> write(std::span<const Part> parts, const Options& options) {
  for (const Part& part : parts) {
    const module::Module& m = part.instance->module();
    for (module::MemIdx i = 0; i < m.memories.size(); ++i) {
      if (!m.memories[i].type.limits.shared) continue;
      return make_error(ErrorCode::snapshot_refused, kNoOffset,
                        part.place + "memory " + std::to_string(i) + " is shared with threads");
    }
  }
  TRY_ASSIGN(const auto runs, table_runs(parts));
  std::vector<std::vector<uint8_t>> out;
  for (size_t i = 0; i < parts.size(); ++i) {
    TRY_ASSIGN(out.emplace_back(), ModuleWriter(parts[i], options).run(runs[i]));
  }
  return out;
}

}  // namespace ashlar::snapshot

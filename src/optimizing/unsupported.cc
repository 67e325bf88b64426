// The search for instructions without a lowering.
#include "optimizing/unsupported.h"

#include <algorithm>

#include "binary/body_reader.h"
#include "module/limits.h"

namespace ashlar::optimizing {
namespace {

using isa::Op;

OpSet unsupported() {
  OpSet out;
#define UNSUPPORTED(id) out.set(static_cast<size_t>(Op::id));
#include "optimizing/unsupported.def"
#undef UNSUPPORTED
  return out;
}

Result<bool> uses_one_of(const OpSet& ops, const module::Module& m, module::FuncIdx f, isa::Features features) {
  binary::BodyReader reader(m, f, features);
  std::vector<binary::LocalGroup> locals;
  TRY(binary::read_locals(reader, static_cast<uint32_t>(m.func_type(f).params.size()), module::ModuleLimits().locals,
                          locals));
  binary::Imm imm;
  while (!reader.at_end()) {
    const Op op = reader.next(imm);
    if (op == Op::kCount) return std::unexpected(reader.take_error());
    if (ops[static_cast<size_t>(op)]) return true;
  }
  return false;
}

}  // namespace

Result<OpSet> read_op_list(std::string_view list) {
  OpSet out;
  while (!list.empty()) {
    const std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(name.size() + 1, list.size()));
    const Op op = isa::find_mnemonic(name);
    if (op == Op::kCount) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, "--pretend-unsupported", std::string(name),
                        "an instruction");
    }
    out.set(static_cast<size_t>(op));
  }
  return out;
}

Result<std::vector<module::FuncIdx>> supported_functions(const module::Module& m, const CompileOptions& options) {
  std::vector<module::FuncIdx> funcs = options.only;
  if (funcs.empty()) {
    for (module::FuncIdx f = m.imported_funcs; f < m.funcs.size(); ++f) funcs.push_back(f);
  }
  std::ranges::sort(funcs);
  TRY_ASSIGN(OpSet ops, read_op_list(options.pretend_unsupported));
  ops |= unsupported();
  if (ops.none()) return funcs;
  std::vector<module::FuncIdx> out;
  for (module::FuncIdx f : funcs) {
    TRY_ASSIGN(const bool left_out, uses_one_of(ops, m, f, options.features));
    if (!left_out) out.push_back(f);
  }
  return out;
}

}  // namespace ashlar::optimizing

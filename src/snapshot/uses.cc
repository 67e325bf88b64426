// Reading of bodies; see uses.h.
#include "snapshot/uses.h"

#include <algorithm>

#include "binary/body_reader.h"

namespace ashlar::snapshot {

namespace {

using isa::ImmKind;

void note(isa::Op op, const binary::Imm& imm, BodyUses& out) {
  const ImmKind kind = isa::info(op).imm;
  if (op == isa::Op::ref_func) out.funcs[imm.a] = true;  // validated: index in range
  if (kind == ImmKind::Data || kind == ImmKind::MemInit) out.datas = std::max(out.datas, imm.a + 1);
  if (kind == ImmKind::TypeData) out.datas = std::max(out.datas, imm.b + 1);
  if (kind == ImmKind::Elem || kind == ImmKind::TableInit) out.elems = std::max(out.elems, imm.a + 1);
  if (kind == ImmKind::TypeElem) out.elems = std::max(out.elems, imm.b + 1);
}

}  // namespace

Result<BodyUses> scan_bodies(const module::Module& m, isa::Features features) {
  BodyUses out;
  out.funcs.resize(m.funcs.size());
  std::vector<binary::LocalGroup> locals;
  binary::Imm imm;
  for (module::FuncIdx f = m.imported_funcs; f < m.funcs.size(); ++f) {
    binary::BodyReader body(m, f, features);
    const auto params = static_cast<uint32_t>(m.func_type(f).params.size());
    TRY(binary::read_locals(body, params, module::ModuleLimits{}.locals, locals));
    while (!body.at_end()) {
      const isa::Op op = body.next(imm);
      if (op == isa::Op::kCount) return std::unexpected(body.take_error());
      note(op, imm, out);
    }
  }
  return out;
}

}  // namespace ashlar::snapshot

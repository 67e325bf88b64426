// A pass over a body that looks at nothing but locals, blocks and calls.
#include "interp/local_uses.h"

#include <array>

#include "binary/body_reader.h"

namespace ashlar::interp {
namespace {

using isa::ImmKind;
using isa::Op;

constexpr uint64_t kLoopFactor = 8;
constexpr uint64_t kMostWeight = 100'000;  ///< deeper loops weigh no more

/// What the pass does with an opcode byte. The immediates are valid: most are skipped without a look.
enum class Action : uint8_t { Read, Skip, SkipLeb, SkipMemArg, Local, Call, Enter, Loop, Leave };

constexpr Action action_of(Op op, ImmKind imm) {
  switch (op) {
    case Op::local_get:
    case Op::local_set:
    case Op::local_tee:
      return Action::Local;
    case Op::call:
      return Action::Call;
    case Op::block:
    case Op::if_:
      return Action::Enter;
    case Op::loop:
      return Action::Loop;
    case Op::end:
      return Action::Leave;
    case Op::delegate:
      return Action::Read;
    default:
      break;
  }
  switch (imm) {
    case ImmKind::None:
      return Action::Skip;
    case ImmKind::Label:
    case ImmKind::Global:
    case ImmKind::I32:
    case ImmKind::I64:
      return Action::SkipLeb;
    case ImmKind::MemArg:
      return Action::SkipMemArg;
    default:
      return Action::Read;
  }
}

consteval std::array<Action, 256> make_actions() {
  std::array<Action, 256> out{};
  for (size_t i = 0; i < isa::kOpCount; ++i) {
    const isa::OpInfo& row = isa::kOpTable[i];
    if (row.prefix == 0) out[row.code] = action_of(static_cast<Op>(i), row.imm);
  }
  return out;
}
constexpr std::array<Action, 256> kActions = make_actions();

/// Behind a LEB128 integer.
const uint8_t* skip_leb(const uint8_t* p) {
  while (*p++ >= 0x80) {
  }
  return p;
}

/// Whether a block's type is this byte alone: none, or a number.
bool is_short_block_type(uint8_t byte) { return byte == isa::kEmptyBlockTypeCode || (byte >= 0x7c && byte <= 0x7f); }

}  // namespace

void LocalUses::enter(bool loop) {
  outer_.push_back(here_);
  if (loop && here_ < kMostWeight) here_ *= kLoopFactor;
}

void LocalUses::leave() {
  if (outer_.empty()) return;
  here_ = outer_.back();
  outer_.pop_back();
}

void LocalUses::apply(Op op, uint32_t index) {
  switch (op) {
    case Op::local_get:
    case Op::local_set:
    case Op::local_tee:
      weight[index] += here_;
      return;
    case Op::loop:
      return enter(true);
    case Op::block:
    case Op::if_:
    case Op::try_:
    case Op::try_table:
      return enter(false);
    case Op::end:
    case Op::delegate:
      return leave();
    case Op::call:
    case Op::call_indirect:
    case Op::call_ref:
      calls += here_;
      return;
    default:
      return;
  }
}

void LocalUses::count(const module::Module& m, module::FuncIdx f, size_t locals) {
  weight.assign(locals, 0);
  calls = 0;
  here_ = 1;
  outer_.clear();
  binary::BodyReader reader(m, f, isa::Features::all());
  std::vector<binary::LocalGroup> groups;
  (void)binary::read_locals(reader, 0, ~uint32_t{0} >> 1, groups);
  binary::Imm imm;
  const uint8_t* const begin = m.bytes.data();
  const uint8_t* const end = begin + m.funcs[f].body_offset + m.funcs[f].body_size;
  const uint8_t* p = begin + reader.pos();
  const auto read = [&] {
    reader.restart(static_cast<size_t>(p - begin), static_cast<size_t>(end - begin));
    const Op op = reader.next(imm);
    apply(op, imm.a);
    p = begin + reader.pos();
  };
  while (p != end) {
    switch (kActions[*p]) {
      case Action::Skip:
        ++p;
        break;
      case Action::SkipLeb:
        p = skip_leb(p + 1);
        break;
      case Action::SkipMemArg:
        // Flags from 0x40 on say that the memory is named.
        if (p[1] < 0x40) {
          p = skip_leb(p + 2);
        } else {
          read();
        }
        break;
      case Action::Local:
        if (p[1] < 0x80) {
          weight[p[1]] += here_;
          p += 2;
        } else {
          read();
        }
        break;
      case Action::Call:
        calls += here_;
        p = skip_leb(p + 1);
        break;
      case Action::Enter:
      case Action::Loop:
        if (is_short_block_type(p[1])) {
          enter(kActions[*p] == Action::Loop);
          p += 2;
        } else {
          read();
        }
        break;
      case Action::Leave:
        leave();
        ++p;
        break;
      case Action::Read:
        read();
        break;
    }
  }
}

}  // namespace ashlar::interp

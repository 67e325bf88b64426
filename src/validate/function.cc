// Body entry, dispatch by signature and the operand stack; see function.h.
#include "validate/function.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ashlar::validate {

using isa::ImmKind;
using module::FuncType;

namespace {

/// How the dispatcher treats an instruction: the frequent shapes of scalar operands have paths of their own.
enum class Shape : uint8_t { Special, Const, Unary, Binary, General };

/// A table row in the form the checker reads.
struct Signature {
  Shape shape = Shape::Special;
  bool has_index = false;  ///< the immediate names something, or is bounded: check_index
  bool is_access = false;  ///< loads and stores: check_memory_access is the whole of check_index
  uint8_t width_log2 = 0;  ///< of an access that need not be aligned
  uint8_t operands_n = 0;
  uint8_t results_n = 0;
  std::array<ValType, isa::kMaxSigOperands> operands;
  std::array<ValType, isa::kMaxSigResults> results;
};

/// Stands for address_ in signatures.
constexpr ValType kAddress = ValType::bot();

/// Immediate kinds that check_index knows.
constexpr bool is_checked(ImmKind kind) {
  return kind == ImmKind::MemArg || kind == ImmKind::MemArgLane || kind == ImmKind::Lane || kind == ImmKind::Shuffle ||
         kind == ImmKind::MemInit || kind == ImmKind::Mem || kind == ImmKind::Table || kind == ImmKind::TableInit ||
         kind == ImmKind::Data || kind == ImmKind::Elem;
}

constexpr bool is_constant(ImmKind kind) {
  return kind == ImmKind::I32 || kind == ImmKind::I64 || kind == ImmKind::F32 || kind == ImmKind::F64 ||
         kind == ImmKind::V128;
}

constexpr Shape shape_of(const isa::OpInfo& row) {
  const bool vectors = row.sig.find('v') != std::string_view::npos;
  if (vectors || row.result_count() != 1) return Shape::General;
  if (row.operand_count() == 0 && is_constant(row.imm)) return Shape::Const;
  if (row.operand_count() == 1) return Shape::Unary;
  return row.operand_count() == 2 && row.imm == ImmKind::None ? Shape::Binary : Shape::General;
}

consteval std::array<Signature, isa::kOpCount> make_signatures() {
  std::array<Signature, isa::kOpCount> out;
  for (size_t i = 0; i < isa::kOpCount; ++i) {
    const isa::OpInfo& row = isa::kOpTable[i];
    if (row.has_special_typing()) continue;
    Signature& sig = out[i];
    sig.shape = shape_of(row);
    sig.operands_n = static_cast<uint8_t>(row.operand_count());
    sig.results_n = static_cast<uint8_t>(row.result_count());
    for (size_t j = 0; j < row.operand_count(); ++j)
      sig.operands[j] = isa::sig_type(row.operand(j), kAddress, kAddress);
    for (size_t j = 0; j < row.result_count(); ++j) sig.results[j] = isa::sig_type(row.result(j), kAddress, kAddress);
    sig.has_index = !is_constant(row.imm) && row.imm != ImmKind::None && row.imm != ImmKind::Fence;
    // Fails to compile for a kind that check_index lacks.
    if (sig.has_index && !is_checked(row.imm)) throw "extend check_index";
    sig.is_access = row.imm == ImmKind::MemArg && row.feature != isa::Feature::threads;
    while (sig.is_access && (1u << sig.width_log2) < row.width) ++sig.width_log2;
  }
  return out;
}

constexpr auto kSignatures = make_signatures();

}  // namespace

Status FunctionValidator::run(module::FuncIdx f, module::FuncFacts& facts) {
  const module::Func& func = m_.funcs[f];
  func_ = f;
  facts_ = &facts;
  std::vector<module::ControlEntry> control = std::move(facts.control);
  control.clear();
  facts = {};
  facts.control = std::move(control);
  error_.reset();
  op_ = Op::nop;
  body_offset_ = func.body_offset;
  in_.restart(func.body_offset, size_t{func.body_offset} + func.body_size);
  sp_ = height_ = vectors_ = max_slots_ = 0;
  frames_.clear();
  init_log_.clear();
  if (stack_.empty()) stack_.resize(64);
  if (!declare_locals() || !body()) return std::unexpected(std::move(*error_));
  facts.max_slots = max_slots_;
  facts.local_count = local_count_;
  return {};
}

bool FunctionValidator::declare_locals() {
  const FuncType& type = m_.func_type(func_);
  const auto params = static_cast<uint32_t>(type.params.size());
  Status read = binary::read_locals(in_, params, options_.limits.locals, groups_);
  if (!read) return fail(std::move(read).error());
  locals_.assign(type.params.begin(), type.params.end());
  late_locals_.clear();
  initialized_.clear();
  track_inits_ = false;
  local_count_ = params;
  for (const binary::LocalGroup& group : groups_) {
    if (!check_val_type(group.type)) return false;
    local_count_ += group.count;
    const uint32_t flat = std::max(std::min(local_count_, kFlatLocals), static_cast<uint32_t>(locals_.size()));
    locals_.resize(flat, group.type);
    if (local_count_ > flat) late_locals_.push_back({local_count_, group.type});
    track_inits_ |= !group.type.is_defaultable();
  }
  if (!track_inits_) return true;
  initialized_.assign(params, true);
  for (const binary::LocalGroup& group : groups_) {
    initialized_.insert(initialized_.end(), group.count, group.type.is_defaultable());
  }
  return true;
}

bool FunctionValidator::body() {
  Frame frame;
  frame.kind = FrameKind::Function;
  frame.type = &m_.func_type(func_);
  frames_.push_back(frame);
  while (!frames_.empty()) {
    op_ = in_.next(imm_);
    if (op_ == Op::kCount) [[unlikely]]
      return fail(in_.take_error());
    if (!step(op_)) [[unlikely]]
      return false;
  }
  if (in_.at_end()) return true;
  return fail(Error(ErrorCode::section_size_mismatch, in_.pos(), ": code behind the end of the function"));
}

bool FunctionValidator::step(Op op) {
  switch (op) {  // a quarter of all code
    case Op::local_get:
      return local_get();
    case Op::local_set:
      return local_set(false);
    case Op::local_tee:
      return local_set(true);
    default:
      break;
  }
  const Signature& sig = kSignatures[static_cast<size_t>(op)];
  if (sig.shape == Shape::Special) return instruction(op);
  if (sig.has_index) {
    const bool plain = sig.is_access && imm_.memory == 0 && has_memory_ && imm_.align_log2 <= sig.width_log2 &&
                       imm_.offset <= most_offset_;
    if (plain) [[likely]] {
      address_ = address0_;
    } else if (!check_index(op)) {
      return false;
    }
  }
  // Scalars only: neither the count of vectors nor, in place, the greatest height can change.
  if (sig.shape == Shape::Unary && sp_ > height_) [[likely]] {
    const ValType operand = sig.operands[0] == kAddress ? address_ : sig.operands[0];
    if (stack_[sp_ - 1] == operand) [[likely]] {
      stack_[sp_ - 1] = sig.results[0] == kAddress ? address_ : sig.results[0];
      return true;
    }
  }
  if (sig.shape == Shape::Binary && sp_ > height_ + 1) [[likely]] {
    if (stack_[sp_ - 1] == sig.operands[1] && stack_[sp_ - 2] == sig.operands[0]) [[likely]] {
      stack_[--sp_ - 1] = sig.results[0];
      return true;
    }
  }
  if (sig.shape == Shape::Const) return push(sig.results[0]);
  for (uint32_t i = sig.operands_n; i-- > 0;) {
    const ValType type = sig.operands[i];
    if (!pop(type == kAddress ? address_ : type)) return false;
  }
  for (uint32_t i = 0; i < sig.results_n; ++i) {
    const ValType type = sig.results[i];
    if (!push(type == kAddress ? address_ : type)) return false;
  }
  return true;
}

bool FunctionValidator::check_index(Op op) {
  switch (isa::info(op).imm) {
    case ImmKind::MemArg:
      return check_memory_access(op);
    case ImmKind::MemArgLane:
      return check_memory_access(op) && check_lane(op);
    case ImmKind::Lane:
    case ImmKind::Shuffle:
      return check_lane(op);
    case ImmKind::MemInit:
    case ImmKind::Mem:
      if (imm_.memory >= m_.memories.size()) return fail_unknown("memory", imm_.memory);
      address_ = address_of(m_.memories[imm_.memory].type.limits);
      return isa::info(op).imm == ImmKind::Mem || check_data(imm_.a);
    case ImmKind::Table:
      if (imm_.a >= m_.tables.size()) return fail_unknown("table", imm_.a);
      address_ = address_of(m_.tables[imm_.a].type.limits);
      return true;
    case ImmKind::TableInit:
      return check_table_init();
    case ImmKind::Data:
      return check_data(imm_.a);
    case ImmKind::Elem:
      if (imm_.a >= m_.elems.size()) return fail_unknown("elem segment", imm_.a);
      return true;
    default:
      CHECK(false);  // is_checked
      return false;
  }
}

bool FunctionValidator::check_memory_access(Op op) {
  if (imm_.memory >= m_.memories.size()) return fail_unknown("memory", imm_.memory);
  const module::Limits& limits = m_.memories[imm_.memory].type.limits;
  address_ = address_of(limits);
  const isa::OpInfo& row = isa::info(op);
  const uint64_t alignment = imm_.align_log2 < 16 ? uint64_t{1} << imm_.align_log2 : ~uint64_t{0};
  if (alignment > row.width) {
    return fail(ErrorCode::alignment_too_large, std::to_string(imm_.align_log2), std::string(row.mnemonic));
  }
  if (row.feature == isa::Feature::threads && alignment != row.width) {
    return fail(ErrorCode::alignment_not_natural, std::to_string(imm_.align_log2), std::string(row.mnemonic));
  }
  if (imm_.offset > ~uint32_t{0} && !limits.is64) {
    return fail(ErrorCode::offset_out_of_range, std::to_string(imm_.offset));
  }
  return true;
}

bool FunctionValidator::check_lane(Op op) {
  const uint32_t lanes = isa::info(op).lane_count();
  uint32_t lane = imm_.lane;
  if (isa::info(op).imm == ImmKind::Shuffle) lane = *std::max_element(imm_.bytes.begin(), imm_.bytes.end());
  return lane < lanes || fail(ErrorCode::invalid_lane, std::to_string(lane), std::to_string(lanes));
}

bool FunctionValidator::check_data(uint32_t index) {
  if (!m_.data_count) return fail(ErrorCode::data_count_required);
  return index < *m_.data_count || fail_unknown("data segment", index);
}

bool FunctionValidator::check_heap_type(HeapType type) {
  return !type.is_concrete() || type.index() < m_.types.size() || fail_unknown("type", type.index());
}

bool FunctionValidator::check_val_type(ValType type) { return !type.is_ref() || check_heap_type(type.heap()); }

// --- errors

bool FunctionValidator::fail(Error error) {
  error_ = std::move(error).in_func(func_);
  return false;
}

bool FunctionValidator::fail(ErrorCode code, std::string arg0, std::string arg1) {
  return fail(Error(code, in_.op_pos(), std::move(arg0), std::move(arg1)));
}

bool FunctionValidator::fail_unknown(std::string_view what, uint64_t index) {
  return fail(ErrorCode::unknown_index, std::string(what), std::to_string(index));
}

bool FunctionValidator::mismatch(std::string detail) {
  return fail(ErrorCode::type_mismatch, std::move(detail), " (" + std::string(isa::mnemonic(op_)) + ")");
}

bool FunctionValidator::mismatch_operand(std::string_view expected, bool empty, ValType actual) {
  return mismatch("instruction requires [" + std::string(expected) + "] but stack has [" +
                  (empty ? "" : isa::to_string(actual)) + "]");
}

// --- operand stack

bool FunctionValidator::grow() {
  if (stack_.size() >= options_.limits.operands) {
    return fail(ErrorCode::operand_limit, std::to_string(stack_.size() + 1));
  }
  stack_.resize(std::min<size_t>(stack_.size() * 2, options_.limits.operands));
  return true;
}

bool FunctionValidator::pop_slow(ValType expected) {
  if (sp_ == height_) return top().unreachable || mismatch_operand(isa::to_string(expected), true, {});
  const ValType actual = stack_[sp_ - 1];
  if (!types_.matches(actual, expected)) return mismatch_operand(isa::to_string(expected), false, actual);
  --sp_;
  if (actual.is_vec()) --vectors_;
  return true;
}

bool FunctionValidator::pop_any(ValType& out) {
  if (sp_ == height_) {
    out = ValType::bot();
    return top().unreachable || mismatch("instruction requires an operand but stack has []");
  }
  out = stack_[--sp_];
  if (out.is_vec()) --vectors_;
  return true;
}

bool FunctionValidator::pop_ref(ValType& out) {
  if (!pop_any(out)) return false;
  if (out.is_bot()) out = ValType::ref(isa::AbsHeap::Bot);
  return out.is_ref() || mismatch_operand("ref", false, out);
}

bool FunctionValidator::push_all(std::span<const ValType> types) {
  for (const ValType type : types) {
    if (!push(type)) return false;
  }
  return true;
}

bool FunctionValidator::pop_all(std::span<const ValType> types) {
  for (size_t i = types.size(); i-- > 0;) {
    if (!pop(types[i])) return false;
  }
  return true;
}

bool FunctionValidator::check_top(std::span<const ValType> types) {
  uint32_t at = sp_;
  for (size_t i = types.size(); i-- > 0;) {
    if (at == height_) return top().unreachable || mismatch_operand(isa::to_string(types[i]), true, {});
    const ValType actual = stack_[--at];
    if (!types_.matches(actual, types[i])) return mismatch_operand(isa::to_string(types[i]), false, actual);
  }
  return true;
}

}  // namespace ashlar::validate

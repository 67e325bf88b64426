// Instruction sequences, plain and folded, with an explicit stack of open constructs instead of recursion.
#include "base/leb128.h"
#include "text/parser.h"

namespace ashlar::text {
namespace {

constexpr uint8_t kElse = 0x05;
constexpr uint8_t kEnd = 0x0b;
constexpr size_t kMaxNesting = 10'000'000;  // open constructs; bounds memory

// Stages of folded ifs and tries.
enum IfStage : uint8_t { kCondition, kAfterThen, kAfterElse };
enum TryStage : uint8_t { kBeforeDo, kAfterDo, kAfterCatch, kClosed };

// Instructions that are parts of others.
bool is_clause(Op op) {
  return op == Op::else_ || op == Op::end || op == Op::catch_ || op == Op::catch_all || op == Op::delegate;
}

}  // namespace

bool Parser::takes_sequence(FrameKind kind) const {
  return kind != FrameKind::Folded && kind != FrameKind::FoldedIf && kind != FrameKind::FoldedTry;
}

// Reads instructions up to the ")" of the surrounding construct (left unread), or exactly one folded instruction.
Status Parser::parse_instrs(ExprEnd end) {
  frames_.clear();
  labels_.clear();
  label_depth_ = 0;
  hint_ = -1;
  frames_.push_back({.kind = FrameKind::Root});
  const bool only_one = end == ExprEnd::AfterOneFolded;
  if (only_one && !at(TokenKind::LParen)) return unexpected(cur_, "(");
  for (;;) {
    const bool at_root = frames_.size() == 1;
    switch (cur_.kind) {
      case TokenKind::LParen:
        if (frames_.size() > kMaxNesting) {
          return fail(cur_.offset, ErrorCode::text_nesting, std::to_string(kMaxNesting));
        }
        TRY(open_paren());
        break;
      case TokenKind::RParen:
        if (hint_ >= 0) return fail(hint_offset_, ErrorCode::text_branch_hint_target);
        if (at_root) return {};
        TRY(close_paren());
        if (only_one && frames_.size() == 1) return {};
        break;
      case TokenKind::Keyword:
        TRY(parse_plain());
        break;
      case TokenKind::Annotation:
        TRY(parse_branch_hint());
        break;
      default:
        return unexpected(cur_, "an instruction");
    }
  }
}

// Notes where the instruction about to be written stands, and its branch hint.
Status Parser::mark(uint32_t source, Op op, int8_t hint) {
  const uint32_t offset = static_cast<uint32_t>(out_.size() - body_start_);
  if (func_ && options_.source_map != nullptr) options_.source_map->add(*func_, offset, source);
  if (hint < 0) return {};
  if (op != Op::if_ && op != Op::br_if) return fail(source, ErrorCode::text_branch_hint_target);
  module_->branch_hints.push_back({*func_, offset, hint != 0});
  return {};
}

int8_t Parser::take_hint() {
  const int8_t hint = hint_;
  hint_ = -1;
  return hint;
}

// --- Labels. ---

Status Parser::parse_label_id(Frame& frame) {
  if (at(TokenKind::Id)) {
    frame.label = id_text(cur_);
    if (options_.debug_names) frame.label_name = frame.label;
    TRY(advance());
  }
  if (func_ && at(TokenKind::Annotation) && cur_.text == "name") {
    TRY_ASSIGN(const std::optional<std::string_view> name, parse_name_annotation());
    frame.label_name = name;
  }
  return {};
}

void Parser::push_label(const Frame& frame) {
  if (!frame.label.empty()) labels_[frame.label].push_back(label_depth_);
  if (frame.label_name && func_) {
    module_->names.labels[*func_][label_count_] = intern(std::string(*frame.label_name));
  }
  ++label_depth_;
  ++label_count_;
}

void Parser::pop_label(const Frame& frame) {
  --label_depth_;
  if (frame.label.empty()) return;
  const auto found = labels_.find(frame.label);
  found->second.pop_back();
  if (found->second.empty()) labels_.erase(found);
}

// The optional identifier behind "end" and "else".
Status Parser::check_end_label(const Frame& frame) {
  if (!at(TokenKind::Id)) return {};
  const std::string_view id = id_text(cur_);
  if (id != frame.label) return fail(cur_.offset, ErrorCode::text_mismatching_label, std::string(id));
  return advance();
}

void Parser::emit_end() { out_.push_back(kEnd); }

// --- Plain instructions. ---

Status Parser::parse_plain() {
  Frame& top = frames_.back();
  if (!takes_sequence(top.kind)) return unexpected(cur_, "(");
  const Op op = isa::find_mnemonic(cur_.text);
  if (op == Op::kCount) return unexpected(cur_, "an instruction");
  if (is_clause(op)) return op == Op::end ? parse_plain_end(top) : parse_plain_clause(op, top);
  const uint32_t source = cur_.offset;
  TRY(mark(source, op, take_hint()));
  const bool is_block = op == Op::block || op == Op::loop || op == Op::if_ || op == Op::try_ || op == Op::try_table;
  if (is_block) return parse_plain_block(op);
  return parse_operation(op, out_);
}

Status Parser::parse_plain_block(Op op) {
  if (frames_.size() > kMaxNesting) return fail(cur_.offset, ErrorCode::text_nesting, std::to_string(kMaxNesting));
  Frame frame{.kind = op == Op::if_ ? FrameKind::If : op == Op::try_ ? FrameKind::Try : FrameKind::Block};
  frame.op = op;
  TRY(advance());
  TRY(parse_label_id(frame));
  out_.push_back(static_cast<uint8_t>(isa::info(op).code));
  TRY(parse_block_type(out_));
  if (op == Op::try_table) TRY(parse_catches(out_));
  push_label(frame);
  frames_.push_back(frame);
  return {};
}

Status Parser::parse_plain_end(Frame& top) {
  const bool is_open = top.kind == FrameKind::Block || top.kind == FrameKind::If || top.kind == FrameKind::IfElse ||
                       top.kind == FrameKind::Try || top.kind == FrameKind::TryCatch ||
                       top.kind == FrameKind::TryCatchAll;
  if (!is_open) return unexpected(cur_);
  if (hint_ >= 0) return fail(hint_offset_, ErrorCode::text_branch_hint_target);
  TRY(mark(cur_.offset, Op::end, -1));
  TRY(advance());
  TRY(check_end_label(top));
  pop_label(top);
  frames_.pop_back();
  emit_end();
  return {};
}

// else, catch, catch_all, delegate
Status Parser::parse_plain_clause(Op op, Frame& top) {
  const bool is_try = top.kind == FrameKind::Try || top.kind == FrameKind::TryCatch;
  const bool fits = op == Op::else_      ? top.kind == FrameKind::If
                    : op == Op::delegate ? top.kind == FrameKind::Try
                                         : is_try;
  if (!fits) return unexpected(cur_);
  if (hint_ >= 0) return fail(hint_offset_, ErrorCode::text_branch_hint_target);
  TRY(mark(cur_.offset, op, -1));
  TRY(advance());
  out_.push_back(static_cast<uint8_t>(isa::info(op).code));
  if (op == Op::else_) {
    top.kind = FrameKind::IfElse;
    return check_end_label(top);
  }
  if (op == Op::delegate) {
    // The label counts from outside the try.
    pop_label(top);
    frames_.pop_back();
    TRY_ASSIGN(const uint32_t label, parse_label());
    base::append_leb_u32(out_, label);
    return {};
  }
  top.kind = op == Op::catch_ ? FrameKind::TryCatch : FrameKind::TryCatchAll;
  if (op == Op::catch_) {
    TRY_ASSIGN(const uint32_t tag, parse_index(tags_));
    base::append_leb_u32(out_, tag);
  }
  return {};
}

// --- Folded instructions. ---

Status Parser::open_paren() {
  Frame& top = frames_.back();
  if (!nxt_.is(TokenKind::Keyword)) return unexpected(nxt_, "an instruction");
  if (top.kind == FrameKind::FoldedIf && (top.stage != kCondition || nxt_.text == "then")) return open_if_clause(top);
  if (top.kind == FrameKind::FoldedTry) return open_try_clause(top);
  return open_folded();
}

Status Parser::open_if_clause(Frame& top) {
  const bool is_then = top.stage == kCondition;
  if (!is_then && (top.stage != kAfterThen || nxt_.text != "else")) return unexpected(nxt_, ")");
  if (is_then) {
    TRY(mark(top.source, Op::if_, top.hint));
    out_.insert(out_.end(), pending_.begin() + static_cast<std::ptrdiff_t>(top.pending), pending_.end());
    pending_.resize(top.pending);
    push_label(top);
  } else {
    TRY(mark(nxt_.offset, Op::else_, -1));
    out_.push_back(kElse);
  }
  top.stage = is_then ? kAfterThen : kAfterElse;
  TRY(advance());
  TRY(advance());
  frames_.push_back({.kind = is_then ? FrameKind::Then : FrameKind::Else});
  return {};
}

Status Parser::open_try_clause(Frame& top) {
  const uint32_t source = nxt_.offset;
  if (top.stage == kBeforeDo) {
    TRY(enter("do"));
    top.stage = kAfterDo;
    frames_.push_back({.kind = FrameKind::Clause});
    return {};
  }
  const Op op = isa::find_mnemonic(nxt_.text);
  const bool is_catch = op == Op::catch_ || op == Op::catch_all;
  const bool is_delegate = op == Op::delegate && top.stage == kAfterDo;
  if (top.stage == kClosed || (!is_catch && !is_delegate)) return unexpected(nxt_, ")");
  TRY(mark(source, op, -1));
  TRY(advance());
  TRY(advance());
  out_.push_back(static_cast<uint8_t>(isa::info(op).code));
  top.stage = op == Op::catch_ ? kAfterCatch : kClosed;
  if (is_delegate) {
    top.delegated = true;
    pop_label(top);
    TRY_ASSIGN(const uint32_t label, parse_label());
    base::append_leb_u32(out_, label);
    return expect(TokenKind::RParen);
  }
  if (op == Op::catch_) {
    TRY_ASSIGN(const uint32_t tag, parse_index(tags_));
    base::append_leb_u32(out_, tag);
  }
  frames_.push_back({.kind = FrameKind::Clause});
  return {};
}

Status Parser::open_folded() {
  Frame frame{.kind = FrameKind::Folded};
  frame.source = nxt_.offset;
  frame.pending = pending_.size();
  frame.op = isa::find_mnemonic(nxt_.text);
  if (frame.op == Op::kCount || is_clause(frame.op)) return unexpected(nxt_, "an instruction");
  frame.hint = take_hint();
  TRY(advance());
  switch (frame.op) {
    case Op::block:
    case Op::loop:
    case Op::try_table:
    case Op::try_:
      frame.kind = frame.op == Op::try_ ? FrameKind::FoldedTry : FrameKind::FoldedBlock;
      frame.stage = kBeforeDo;
      TRY(mark(frame.source, frame.op, frame.hint));
      TRY(advance());
      TRY(parse_label_id(frame));
      out_.push_back(static_cast<uint8_t>(isa::info(frame.op).code));
      TRY(parse_block_type(out_));
      if (frame.op == Op::try_table) TRY(parse_catches(out_));
      push_label(frame);
      break;
    case Op::if_:
      frame.kind = FrameKind::FoldedIf;
      frame.stage = kCondition;
      TRY(advance());
      TRY(parse_label_id(frame));
      pending_.push_back(static_cast<uint8_t>(isa::info(frame.op).code));
      TRY(parse_block_type(pending_));
      break;
    default:
      TRY(parse_operation(frame.op, pending_));
  }
  frames_.push_back(frame);
  return {};
}

Status Parser::close_paren() {
  Frame& top = frames_.back();
  switch (top.kind) {
    case FrameKind::Folded:
      TRY(mark(top.source, top.op, top.hint));
      out_.insert(out_.end(), pending_.begin() + static_cast<std::ptrdiff_t>(top.pending), pending_.end());
      pending_.resize(top.pending);
      break;
    case FrameKind::FoldedIf:
      if (top.stage == kCondition) return unexpected(cur_, "(then");
      pop_label(top);
      TRY(mark(cur_.offset, Op::end, -1));
      emit_end();
      break;
    case FrameKind::FoldedTry:
      if (top.stage == kBeforeDo) return unexpected(cur_, "(do");
      if (top.delegated) break;
      pop_label(top);
      TRY(mark(cur_.offset, Op::end, -1));
      emit_end();
      break;
    case FrameKind::FoldedBlock:
      pop_label(top);
      TRY(mark(cur_.offset, Op::end, -1));
      emit_end();
      break;
    case FrameKind::Then:
    case FrameKind::Else:
    case FrameKind::Clause:
      break;
    case FrameKind::Root:
    case FrameKind::Block:
    case FrameKind::If:
    case FrameKind::IfElse:
    case FrameKind::Try:
    case FrameKind::TryCatch:
    case FrameKind::TryCatchAll:
      return unexpected(cur_, "end");
  }
  frames_.pop_back();
  return advance();
}

}  // namespace ashlar::text

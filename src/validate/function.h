// The operand-stack checker of function bodies (spec appendix 7.3): one pass, scratch reused from body to body.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/body_reader.h"
#include "validate/module_types.h"
#include "validate/validate.h"

namespace ashlar::validate {

using isa::HeapType;
using isa::Op;
using isa::ValType;

/// Checks bodies of one module, one after the other. Not shared between threads. Functions that return bool return
/// false after fail().
class FunctionValidator {
 public:
  FunctionValidator(const module::Module& m, const ValidateOptions& options)
      : m_(m), types_(m), options_(options), in_(m.bytes, 0, 0, options.features), has_memory_(!m.memories.empty()) {
    if (!has_memory_) return;
    const module::Limits& limits = m.memories[0].type.limits;
    address0_ = address_of(limits);
    most_offset_ = limits.is64 ? ~uint64_t{0} : ~uint32_t{0};
  }

  /// Checks the body of defined function `f`; `facts` is cleared first and keeps its capacity.
  Status run(module::FuncIdx f, module::FuncFacts& facts);

 private:
  enum class FrameKind : uint8_t { Function, Block, Loop, If, Else, Try, Catch, CatchAll, TryTable };

  /// A structured instruction being inside of.
  struct Frame {
    FrameKind kind = FrameKind::Block;
    bool unreachable = false;
    uint32_t height = 0;                     ///< operands below the block's own
    uint32_t vectors = 0;                    ///< v128 operands among those
    uint32_t inits = 0;                      ///< size of init_log_ at entry
    uint32_t control = 0;                    ///< entry in facts_->control; unused for Function
    uint64_t table_stamp = 0;                ///< last br_table that checked this label
    const module::FuncType* type = nullptr;  ///< null: no parameters, `result` alone (Bot: none)
    ValType result;

    std::span<const ValType> params() const {
      return type != nullptr ? std::span<const ValType>(type->params) : std::span<const ValType>();
    }
    std::span<const ValType> results() const {
      if (type != nullptr) return type->results;
      return {&result, result.is_bot() ? 0u : 1u};
    }
    std::span<const ValType> label() const { return kind == FrameKind::Loop ? params() : results(); }
  };

  // function.cc: entry and dispatch
  bool declare_locals();
  bool body();
  bool step(Op op);         ///< by shape of the signature
  bool instruction(Op op);  ///< signature "*"
  bool check_index(Op op);

  // Errors. All give false.
  bool fail(Error error);
  bool fail(ErrorCode code, std::string arg0 = {}, std::string arg1 = {});
  bool fail_unknown(std::string_view what, uint64_t index);
  bool mismatch(std::string detail);
  bool mismatch_operand(std::string_view expected, bool empty, ValType actual);

  // Operand stack.
  bool push(ValType type) {
    if (sp_ == stack_.size() && !grow()) [[unlikely]]
      return false;
    stack_[sp_++] = type;
    if (type.is_vec()) ++vectors_;
    if (sp_ + vectors_ > max_slots_) max_slots_ = sp_ + vectors_;
    return true;
  }
  bool pop(ValType expected) {
    if (sp_ > height_ && stack_[sp_ - 1] == expected) [[likely]] {
      --sp_;
      if (expected.is_vec()) --vectors_;
      return true;
    }
    return pop_slow(expected);
  }
  bool pop_any(ValType& out);
  /// A reference of any type; Bot gives (ref bot).
  bool pop_ref(ValType& out);
  bool push_all(std::span<const ValType> types);
  bool pop_all(std::span<const ValType> types);
  /// As pop_all then push_all of what was popped: the stack keeps its own types.
  bool check_top(std::span<const ValType> types);
  bool pop_slow(ValType expected);
  bool grow();
  void drop_to(uint32_t height, uint32_t vectors) {
    sp_ = height;
    vectors_ = vectors;
  }

  // control.cc
  bool block_type(const module::FuncType*& type, ValType& result);
  bool open(FrameKind kind);
  bool close_frame();  ///< results are there and nothing else
  bool passes_through(const module::FuncType& type) const;
  bool else_();
  bool end();
  bool set_unreachable();
  Frame* label(uint32_t depth);  ///< null after "unknown label"
  Frame& top() { return frames_.back(); }
  bool br(uint32_t depth);
  bool br_if(uint32_t depth);
  bool br_table();
  bool br_on_null();
  bool br_on_non_null();
  bool br_on_cast(bool on_fail);
  bool call(const module::FuncType& type);
  bool return_call(const module::FuncType& type);
  const module::FuncType* func_type(uint32_t type);  ///< null after "unknown type" or a mismatch
  bool call_op(Op op);
  bool throw_op();
  bool try_table();
  bool legacy_catch(Op op);
  bool delegate();
  bool rethrow();
  bool control(Op op);

  // variable.cc: locals, globals, select, tables, references
  ValType local_type(uint32_t index) const;
  bool local_get() {
    if (imm_.a >= locals_.size() || track_inits_) [[unlikely]]
      return local_get_slow();
    return push(locals_[imm_.a]);
  }
  bool local_set(bool tee) {
    if (imm_.a >= locals_.size() || track_inits_) [[unlikely]]
      return local_set_slow(tee);
    if (tee && sp_ > height_ && stack_[sp_ - 1] == locals_[imm_.a]) [[likely]]
      return true;
    return pop(locals_[imm_.a]) && (!tee || push(locals_[imm_.a]));
  }
  bool local_get_slow();
  bool local_set_slow(bool tee);
  bool global_op(Op op);
  bool select(bool typed);
  bool table_op(Op op);
  bool memory_copy();
  bool reference(Op op);
  bool ref_func();

  // gc.cc
  bool gc(Op op);
  const module::SubType* composite(uint32_t type, module::CompositeKind kind);  ///< null after fail
  bool struct_op(Op op);
  bool struct_new(Op op);
  bool array_op(Op op);
  bool array_new(Op op);
  bool array_bulk(Op op);
  bool array_copy();
  bool packed_access(const isa::StorageType& storage, bool has_sign);
  bool cast_op(Op op);

  bool check_memory_access(Op op);
  bool check_lane(Op op);
  bool check_data(uint32_t index);
  bool check_table_init();
  bool check_val_type(ValType type);
  bool check_heap_type(HeapType type);
  ValType address_of(const module::Limits& limits) const { return limits.is64 ? ValType::i64() : ValType::i32(); }
  bool has(isa::Feature feature) const { return options_.features.has(feature); }

  const module::Module& m_;
  const ModuleTypes types_;
  const ValidateOptions& options_;
  binary::BodyReader in_;
  binary::Imm imm_;
  const bool has_memory_;     ///< memory 0 exists: its
  ValType address0_;          ///<   address type and
  uint64_t most_offset_ = 0;  ///<   greatest offset
  Op op_ = Op::kCount;
  module::FuncIdx func_ = 0;
  uint32_t body_offset_ = 0;
  module::FuncFacts* facts_ = nullptr;
  std::optional<Error> error_;

  // stack_[0, sp_) are operands; height_ is top().height.
  std::vector<ValType> stack_;
  uint32_t sp_ = 0;
  uint32_t height_ = 0;
  uint32_t vectors_ = 0;
  uint32_t max_slots_ = 0;
  ValType address_;  ///< what 'a' and 't' of the current signature mean
  std::vector<Frame> frames_;
  uint64_t table_stamp_ = 0;

  // The first kFlatLocals locals by index; those behind by group (hostile bodies declare many in few bytes).
  static constexpr uint32_t kFlatLocals = 1024;
  struct LateGroup {
    uint32_t end;  ///< first local behind the group
    ValType type;
  };
  std::vector<ValType> locals_;
  std::vector<LateGroup> late_locals_;
  std::vector<binary::LocalGroup> groups_;
  uint32_t local_count_ = 0;
  bool track_inits_ = false;       ///< some local has no default
  std::vector<bool> initialized_;  ///< by local, when track_inits_
  std::vector<uint32_t> init_log_;
};

}  // namespace ashlar::validate

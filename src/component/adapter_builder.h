// One adapter function in the making; inside src/component only.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "component/adapter.h"
#include "component/adapter_strings.h"
#include "component/core_writer.h"

namespace ashlar::component {

/// The imports of an adapter module: each once.
class AdapterImports {
 public:
  AdapterImports(ModuleWriter& writer, AdapterModule& module) : writer_(writer), module_(module) {}
  uint32_t core_func(const CoreRef& core, const std::vector<FlatType>& params, const std::vector<FlatType>& results);
  uint32_t core_memory(const CoreRef& core);
  uint32_t global(AdapterImport::Kind kind, uint32_t instance);
  uint32_t host(const AdapterImport& import, const std::vector<FlatType>& params, const std::vector<FlatType>& results);
  uint32_t string(const StringPath& path);
  uint32_t units_copy(UnitsCopy copy, uint32_t to_memory, uint32_t from_memory);
  /// Functions that the module defines before those: units_copy() counts from there.
  void set_defined(uint32_t funcs) { defined_ = funcs; }
  const UnitsCopies& copies() const { return copies_; }

 private:
  std::string next(const AdapterImport& import);
  ModuleWriter& writer_;
  AdapterModule& module_;
  std::map<std::string, uint32_t> known_;
  UnitsCopies copies_;
  uint32_t defined_ = 0;
};

/// One of the two sides of a call.
struct AdapterSide {
  uint32_t instance = 0;
  const PlanOptions* options = nullptr;
  uint32_t memory = 0;   ///< index in the adapter module; only with options->memory
  uint32_t realloc = 0;  ///< likewise
};

/// Where a value is, or is to be: in locals (its flat types in a row), or in memory.
struct Place {
  bool in_memory = false;
  const uint32_t* locals = nullptr;
  uint32_t address = 0;  ///< a local
  uint32_t offset = 0;
  static Place flat(const uint32_t* locals) { return {false, locals, 0, 0}; }
  static Place memory(uint32_t address, uint32_t offset = 0) { return {true, nullptr, address, offset}; }
};

class AdapterBuilder {
 public:
  /// Types that one function may write out; more are refused.
  static constexpr uint64_t kMostNodes = 100'000;

  AdapterBuilder(const Plan& plan, const PlanTrampoline& trampoline, AdapterImports& imports,
                 const AdapterFeatures& features);
  Result<std::vector<uint8_t>> build();

 private:
  // adapter.cc: the call around the values.
  void enter();
  void leave();
  std::vector<uint32_t> pass_params();
  void pass_result(const std::vector<uint32_t>& returned);
  void call_callee(const std::vector<uint32_t>& args, std::vector<uint32_t>& returned);
  std::vector<uint32_t> entering_set() const;
  AdapterSide side(uint32_t instance, const PlanOptions& options);

  // adapter_copy.cc: values. `from_` and `to_` say which side is which.
  void copy(const ValType& t, Place src, Place dst);
  void copy_members(const std::vector<Member>& members, Place src, Place dst);
  void copy_scalar(const ValType& t, Place src, Place dst);
  void copy_variant(const ValType& t, Place src, Place dst);
  void copy_list(const ValType& t, Place src, Place dst);  ///< maps, too
  /// `element`: its members; `size`: bytes of each.
  void copy_elements(const std::vector<Member>& element, uint32_t size, uint32_t src, uint32_t dst, uint32_t length);
  void copy_fixed(const ValType& t, Place src, Place dst);
  void copy_handle(const ValType& t, Place src, Place dst);
  void load_scalar(const ValType& t, Place src);
  /// The address of a memory place, where a store follows.
  void begin_store(Place dst);
  void end_store(const ValType& t, Place dst);
  void coerce(FlatType from, FlatType to);
  void load_pair(Place src, uint32_t first, uint32_t second);
  void store_pair(Place dst, uint32_t first, uint32_t second);
  void clear_rest(const uint32_t* locals, size_t from, size_t to);

  // adapter_strings.cc
  void copy_string(Place src, Place dst);
  void move_string(uint32_t pointer, uint32_t length, uint32_t room);
  void scaled_length(uint32_t length, uint32_t unit);

  void fail(AdapterTrap trap);
  /// Traps when the i32 on the stack is not zero.
  void fail_if(AdapterTrap trap);
  void check_aligned(uint32_t address, uint32_t align, AdapterTrap trap);
  /// `size`: an i64 on the stack. The first leaves an i32 there.
  void is_out_of_bounds(uint32_t address, uint32_t memory);
  void check_bounds(uint32_t address, uint32_t memory, AdapterTrap trap);
  /// Room for so many bytes (a local) on the receiving side: a local with the address.
  uint32_t allocate(uint32_t size, uint32_t align);

  const Plan& plan_;
  const PlanTrampoline& trampoline_;
  const PlanFunc& callee_;
  AdapterImports& imports_;
  AdapterFeatures features_;
  CodeWriter code_;
  AdapterSide from_, to_;
  uint64_t nodes_ = 0;  ///< types that were written out
};

}  // namespace ashlar::component

// Unit: one LLVM module in the making, with the types, metadata and declarations that its functions share.
#pragma once

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "module/module.h"
#include "optimizing/callees.h"
#include "optimizing/compile.h"
#include "optimizing/ops.h"
#include "runtime/gc_layout.h"

namespace ashlar::optimizing {

/// What a load or store touches; accesses of different kinds never alias. Heap: exceptions; the fields and elements of
/// other objects have regions of their own (gc_field, gc_element).
enum class Region : uint8_t { Memory, State, Heap, Scratch, GcHeader, GcCursor, GcTables, Fuel, FuelCommit };
inline constexpr size_t kRegions = 9;

/// Rows of libcalls.def.
enum class Libcall : uint32_t {
#define LIBCALL(number, id, signature) id = number,
#define LIBCALL_KEEPING LIBCALL
#include "runtime/libcalls.def"
#undef LIBCALL_KEEPING
#undef LIBCALL
};
inline constexpr bool kLibcallKeepsRegisters[] = {
#define LIBCALL(number, id, signature) false,
#define LIBCALL_KEEPING(number, id, signature) true,
#include "runtime/libcalls.def"
#undef LIBCALL_KEEPING
#undef LIBCALL
};

/// Of a struct or array type of the module.
struct GcShape {
  std::vector<runtime::FieldKind> kinds;  ///< arrays: one
  std::vector<uint32_t> offsets;          ///< structs
  uint32_t size = 0;                      ///< structs: of an object
};

class Unit {
 public:
  /// `own`: the functions that it is to define, in order.
  Unit(const module::Module& m, const CompileOptions& options, const Callees& callees,
       std::span<const module::FuncIdx> own, const std::string& name, bool x86);

  const module::Module& m;
  const CompileOptions& options;
  const Callees& callees;
  llvm::LLVMContext context;
  llvm::Module ir;
  PureOps pure;
  const bool x86;

  llvm::Type* const void_type;
  llvm::IntegerType* const i8;
  llvm::IntegerType* const i16;
  llvm::IntegerType* const i32;
  llvm::IntegerType* const i64;
  llvm::Type* const f32;
  llvm::Type* const f64;
  llvm::VectorType* const v128;  ///< <2 x i64>
  llvm::PointerType* const ptr;

  /// References to functions are 64 bits wide, all others 32.
  llvm::Type* type_of(isa::ValType type) const;
  bool is_func_heap(isa::HeapType heap) const;
  /// With `caller`, the caller's context is an extra argument in the register for static chains; the bridge reads it.
  llvm::FunctionType* signature(const module::FuncType& type, bool caller = false) const;
  /// Which parameters travel in registers; the others are in the results buffer, by slot.
  std::vector<bool> in_registers(const module::FuncType& type) const;

  /// Whether calls of function f pass it the fuel in the register for static chains, and get what is left back with the
  /// result; memory is up to date, too. Functions with tail calls are left out: not all that they call gives it back.
  bool passes_fuel(module::FuncIdx f);
  /// The signature of those.
  llvm::FunctionType* fuel_signature(const module::FuncType& type) const;

  /// Declares function f on first use.
  llvm::Function* function(module::FuncIdx f);
  /// Defines what others than the image's direct calls enter where f passes fuel: it reads the fuel and jumps to f.
  void define_entry(module::FuncIdx f);
  /// Declares the entry of the loop at this wasm offset of function f: its results, from the context and a frame.
  llvm::Function* loop_entry(module::FuncIdx f, uint32_t loop);
  bool is_compiled(module::FuncIdx f) const { return compiled_.empty() || compiled_[f]; }
  /// Whether calls of f may be inlined here: it is small enough, and its body is in the unit, or comes.
  bool can_inline(module::FuncIdx f) const;
  /// Small functions of other units that this one calls: to be translated for inlining alone. Emptied.
  std::vector<module::FuncIdx> take_borrowed() { return std::exchange(borrowed_, {}); }
  /// done_flag() of a function, when it may be asked instead of calling it.
  std::optional<module::GlobalIdx> done_flag(module::FuncIdx f);

  /// Function f of the module as debug information: its line is the body's offset.
  llvm::DISubprogram* subprogram(module::FuncIdx f);
  llvm::Constant* personality();

  llvm::MDNode* region(Region r) const { return regions_[static_cast<size_t>(r)]; }
  /// Fields of structs at this offset. An object has one layout all its life, so that fields at different offsets never
  /// share bytes, whatever their structs.
  llvm::MDNode* gc_field(uint32_t offset);
  /// Elements of arrays with this storage.
  llvm::MDNode* gc_element(runtime::FieldKind kind);
  const GcShape& gc_shape(uint32_t type);
  llvm::MDNode* unlikely() const { return unlikely_; }
  llvm::MDNode* likely() const { return likely_; }
  llvm::MDNode* empty_node() const { return empty_; }

  void finish() { debug_.finalize(); }

 private:
  void add_attributes(llvm::Function& f) const;

  bool inlines() const { return options.level == OptLevel::O2 || options.level == OptLevel::O3; }
  bool is_own(module::FuncIdx f) const;

  std::span<const module::FuncIdx> own_;
  std::vector<module::FuncIdx> borrowed_;
  std::map<module::FuncIdx, std::optional<module::GlobalIdx>> done_flags_;
  std::map<module::FuncIdx, bool> passes_fuel_;
  std::vector<llvm::Function*> functions_;
  std::vector<bool> compiled_;
  llvm::DIBuilder debug_;
  llvm::DIFile* file_ = nullptr;
  llvm::DISubroutineType* no_type_ = nullptr;
  llvm::Function* personality_ = nullptr;
  llvm::MDNode* make_region(const std::string& name);
  llvm::MDNode* regions_[kRegions] = {};
  llvm::MDNode* root_ = nullptr;
  std::map<uint32_t, llvm::MDNode*> gc_fields_;
  std::map<uint32_t, GcShape> gc_shapes_;
  std::map<runtime::FieldKind, llvm::MDNode*> gc_elements_;
  llvm::MDNode* unlikely_ = nullptr;
  llvm::MDNode* likely_ = nullptr;
  llvm::MDNode* empty_ = nullptr;
};

/// Defines function f in the unit's module.
Status translate(Unit& unit, module::FuncIdx f);
/// Defines what is borrowed, in a form that is inlined or dropped.
Status translate_borrowed(Unit& unit);
/// Defines the entry of a loop. There is none where the loop is dead or in a handler of the legacy exceptions.
Status translate_loop(Unit& unit, module::FuncIdx f, uint32_t loop);

}  // namespace ashlar::optimizing

// Types, attributes and metadata of a unit.
#include "optimizing/unit.h"

#include <llvm/IR/DebugInfoMetadata.h>

#include <algorithm>

#include "native/abi.h"
#include "optimizing/emit.h"
#include "optimizing/layout.h"
#include "optimizing/regions.h"

namespace ashlar::optimizing {

namespace {
// Bytes of a body. Longer ones LLVM would hardly inline.
constexpr uint32_t kMostInlined = 300;
constexpr uint32_t kMostBorrowed = 48;
}  // namespace

Unit::Unit(const module::Module& module, const CompileOptions& compile_options, const Callees& known,
           std::span<const module::FuncIdx> own, const std::string& name, bool is_x86)
    : m(module),
      options(compile_options),
      callees(known),
      ir(name, context),
      pure(ir, is_x86),
      x86(is_x86),
      void_type(llvm::Type::getVoidTy(context)),
      i8(llvm::Type::getInt8Ty(context)),
      i16(llvm::Type::getInt16Ty(context)),
      i32(llvm::Type::getInt32Ty(context)),
      i64(llvm::Type::getInt64Ty(context)),
      f32(llvm::Type::getFloatTy(context)),
      f64(llvm::Type::getDoubleTy(context)),
      v128(llvm::FixedVectorType::get(llvm::Type::getInt64Ty(context), 2)),
      ptr(llvm::PointerType::get(context, 0)),
      own_(own),
      functions_(module.funcs.size()),
      debug_(ir) {
  if (!options.only.empty()) {
    compiled_.resize(m.funcs.size());
    for (module::FuncIdx f : options.only) compiled_[f] = true;
  }
  ir.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  ir.setPICLevel(llvm::PICLevel::SmallPIC);
  file_ = debug_.createFile("wasm", "");
  debug_.createCompileUnit(llvm::dwarf::DW_LANG_C, file_, "", true, "", 0, "", llvm::DICompileUnit::NoDebug);
  no_type_ = debug_.createSubroutineType(debug_.getOrCreateTypeArray({}));

  llvm::MDBuilder md(context);
  root_ = md.createTBAARoot("ashlar");
  const char* const names[kRegions] = {"memory", "state",  "heap", "scratch",    "header",
                                       "cursor", "tables", "fuel", "fuel commit"};
  for (size_t i = 0; i < kRegions; ++i) regions_[i] = make_region(names[i]);
  unlikely_ = md.createBranchWeights(1, 1'000'000);
  likely_ = md.createBranchWeights(1'000'000, 1);
  empty_ = llvm::MDNode::get(context, {});
}

llvm::MDNode* Unit::make_region(const std::string& name) {
  llvm::MDBuilder md(context);
  llvm::MDNode* type = md.createTBAAScalarTypeNode(name, root_);
  return md.createTBAAStructTagNode(type, type, 0);
}

llvm::MDNode* Unit::gc_field(uint32_t offset) {
  llvm::MDNode*& region = gc_fields_[offset];
  if (region == nullptr) region = make_region(kGcRegionPrefix + std::to_string(offset));
  return region;
}

llvm::MDNode* Unit::gc_element(runtime::FieldKind kind) {
  llvm::MDNode*& region = gc_elements_[kind];
  if (region == nullptr) region = make_region(kGcRegionPrefix + ("[" + std::to_string(static_cast<int>(kind)) + "]"));
  return region;
}

/// Made once: a type may have thousands of fields.
const GcShape& Unit::gc_shape(uint32_t type) {
  auto [it, added] = gc_shapes_.try_emplace(type);
  GcShape& shape = it->second;
  if (!added) return shape;
  for (const isa::FieldType& f : m.types[type].fields) {
    const isa::ValType t = f.storage.type;
    const bool concrete = !f.storage.is_packed() && t.is_ref() && t.heap().is_concrete();
    shape.kinds.push_back(runtime::field_kind(f.storage, concrete && is_func_heap(t.heap())));
  }
  if (m.types[type].kind != module::CompositeKind::Struct) return shape;
  shape.offsets = runtime::struct_field_offsets(shape.kinds);
  shape.size = runtime::struct_size(shape.kinds);
  return shape;
}

bool Unit::is_func_heap(isa::HeapType heap) const {
  if (heap.is_concrete()) return m.types[heap.index()].kind == module::CompositeKind::Func;
  return heap == isa::AbsHeap::Func || heap == isa::AbsHeap::NoFunc;
}

llvm::Type* Unit::type_of(isa::ValType type) const {
  switch (type.kind()) {
    case isa::ValKind::I32:
      return i32;
    case isa::ValKind::I64:
      return i64;
    case isa::ValKind::F32:
      return f32;
    case isa::ValKind::F64:
      return f64;
    case isa::ValKind::V128:
      return v128;
    case isa::ValKind::Ref:
      return is_func_heap(type.heap()) ? i64 : i32;
    case isa::ValKind::Bot:
      break;
  }
  return i32;
}

std::vector<bool> Unit::in_registers(const module::FuncType& type) const {
  uint32_t integers = x86 ? native::kIntegerArguments_x64 : native::kIntegerArguments_arm64;
  uint32_t floats = native::kFloatArguments;
  std::vector<bool> out;
  for (isa::ValType p : type.params) {
    uint32_t& left = type_of(p)->isIntegerTy() ? integers : floats;
    out.push_back(left > 0);
    if (left > 0) --left;
  }
  return out;
}

llvm::FunctionType* Unit::signature(const module::FuncType& type, bool caller) const {
  std::vector<llvm::Type*> params{ptr};
  if (caller) params.push_back(ptr);
  const std::vector<bool> registers = in_registers(type);
  for (size_t i = 0; i < type.params.size(); ++i)
    if (registers[i]) params.push_back(type_of(type.params[i]));
  llvm::Type* result = type.results.size() == 1 ? type_of(type.results[0]) : void_type;
  return llvm::FunctionType::get(result, params, false);
}

llvm::FunctionType* Unit::fuel_signature(const module::FuncType& type) const {
  const llvm::FunctionType* plain = signature(type, true);
  llvm::Type* result = i64;
  if (type.results.size() == 1) result = llvm::StructType::get(plain->getContext(), {plain->getReturnType(), i64});
  return llvm::FunctionType::get(result, plain->params(), false);
}

bool Unit::passes_fuel(module::FuncIdx f) {
  if (!options.fuel || m.funcs[f].imported || !is_compiled(f)) return false;
  const auto [found, added] = passes_fuel_.try_emplace(f);
  if (added) found->second = !has_tail_calls(m, f, options.features);
  return found->second;
}

void Unit::add_attributes(llvm::Function& f) const {
  f.setVisibility(llvm::GlobalValue::HiddenVisibility);
  f.setDSOLocal(true);
  f.addFnAttr("probe-stack", "inline-asm");
  f.addFnAttr("no-realign-stack");
  f.setUWTableKind(llvm::UWTableKind::Sync);
  f.addParamAttr(0, llvm::Attribute::NonNull);
  f.addParamAttr(0, llvm::Attribute::NoUndef);
}

llvm::Function* Unit::function(module::FuncIdx f) {
  llvm::Function*& out = functions_[f];
  if (out != nullptr) return out;
  const bool fuel = passes_fuel(f);
  llvm::FunctionType* type = fuel ? fuel_signature(m.func_type(f)) : signature(m.func_type(f));
  out = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, "f" + std::to_string(f), &ir);
  add_attributes(*out);
  out->addFnAttr("ashlar-func", std::to_string(f));
  if (fuel) {
    out->addFnAttr("ashlar-inner");
    out->addParamAttr(1, llvm::Attribute::Nest);
  }
  if (!is_own(f) && can_inline(f)) borrowed_.push_back(f);
  return out;
}

void Unit::define_entry(module::FuncIdx f) {
  if (!passes_fuel(f)) return;
  llvm::FunctionType* inner = function(f)->getFunctionType();
  llvm::SmallVector<llvm::Type*, 16> params(inner->params());
  params.erase(params.begin() + 1);
  auto* entry = llvm::Function::Create(llvm::FunctionType::get(inner->getReturnType(), params, false),
                                       llvm::GlobalValue::ExternalLinkage, "e" + std::to_string(f), &ir);
  add_attributes(*entry);
  entry->addFnAttr("ashlar-func", std::to_string(f));
  llvm::DISubprogram* where = subprogram(f);
  entry->setSubprogram(where);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(context, "entry", entry));
  b.SetCurrentDebugLocation(llvm::DILocation::get(context, m.funcs[f].body_offset, 1, where));
  llvm::Value* at = b.CreateConstGEP1_32(i8, entry->getArg(0), layout::InstanceContext_fuel);
  llvm::Value* cell = b.CreateAlignedLoad(ptr, at, llvm::Align(8));
  llvm::SmallVector<llvm::Value*, 16> args{entry->getArg(0), b.CreateAlignedLoad(ptr, cell, llvm::Align(8))};
  for (llvm::Argument& a : llvm::drop_begin(entry->args())) args.push_back(&a);
  llvm::CallInst* call = b.CreateCall(function(f), args);
  call->addFnAttr(llvm::Attribute::get(context, kTailCallAttribute));
  call->addFnAttr(llvm::Attribute::NoInline);
  call->addParamAttr(1, llvm::Attribute::Nest);
  b.CreateRet(call);
}

bool Unit::is_own(module::FuncIdx f) const { return std::ranges::binary_search(own_, f); }

bool Unit::can_inline(module::FuncIdx f) const {
  if (!inlines() || m.funcs[f].imported || !is_compiled(f)) return false;
  return m.funcs[f].body_size <= (is_own(f) ? kMostInlined : kMostBorrowed);
}

std::optional<module::GlobalIdx> Unit::done_flag(module::FuncIdx f) {
  if (!inlines() || options.fuel) return std::nullopt;  // fuel: its first instructions count
  const auto [found, added] = done_flags_.try_emplace(f);
  if (added) found->second = optimizing::done_flag(m, f, options.features);
  return found->second;
}

llvm::Function* Unit::loop_entry(module::FuncIdx f, uint32_t loop) {
  llvm::Type* result = signature(m.func_type(f))->getReturnType();
  auto* out =
      llvm::Function::Create(llvm::FunctionType::get(result, {ptr, i64}, false), llvm::GlobalValue::ExternalLinkage,
                             "f" + std::to_string(f) + "_loop" + std::to_string(loop), &ir);
  add_attributes(*out);
  out->addFnAttr("ashlar-func", std::to_string(f));
  out->addFnAttr("ashlar-loop", std::to_string(loop));
  return out;
}

llvm::DISubprogram* Unit::subprogram(module::FuncIdx f) {
  const unsigned line = m.funcs[f].body_offset;
  return debug_.createFunction(file_, "f" + std::to_string(f), "", file_, line, no_type_, line, llvm::DINode::FlagZero,
                               llvm::DISubprogram::SPFlagDefinition);
}

llvm::Constant* Unit::personality() {
  if (personality_ == nullptr) {
    personality_ = llvm::Function::Create(llvm::FunctionType::get(i32, true), llvm::GlobalValue::ExternalLinkage,
                                          "ashlar_personality", &ir);
  }
  return personality_;
}

}  // namespace ashlar::optimizing

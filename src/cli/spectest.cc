// Definitions of the module "spectest"; the reference interpreter's spectest.ml says what is in it.
#include "cli/spectest.h"

#include <bit>

#include "cli/output.h"
#include "cli/values.h"

namespace ashlar::cli {

using isa::ValType;
using module::ExternKind;

namespace {

constexpr const char* kModule = "spectest";

void define_print(runtime::Linker& linker, const char* name, std::vector<ValType> params, bool quiet) {
  runtime::HostFunc func;
  func.name = std::string(kModule) + "." + name;
  func.call = [params, quiet](runtime::Caller& caller, runtime::Slot* slots) -> Status {
    if (quiet) return {};
    std::string line;
    for (size_t i = 0; i < params.size(); ++i) {
      const bool narrow = params[i] == ValType::i32() || params[i] == ValType::f32();
      const uint64_t bits = narrow ? static_cast<uint32_t>(slots[i]) : slots[i];
      line += (i ? " " : "") + format_value(caller.store, {params[i], bits, 0}) + " : " + isa::to_string(params[i]);
    }
    write_all(kStdout, line + "\n");
    return {};
  };
  module::FuncType type;
  type.params = std::move(params);
  linker.define_func(kModule, name, type, std::move(func));
}

void define_global(runtime::Store& store, runtime::Linker& linker, const char* name, ValType type, uint64_t bits) {
  runtime::Extern out;
  out.kind = ExternKind::Global;
  out.global = store.new_global({type, false}, {type, bits, 0});
  linker.define(kModule, name, out);
}

Status define_table(runtime::Store& store, runtime::Linker& linker, const char* name, bool is64) {
  module::TableType type;
  type.elem = ValType::funcref();
  type.limits.min = 10;
  type.limits.max = 20;
  type.limits.is64 = is64;
  runtime::Extern out;
  out.kind = ExternKind::Table;
  TRY_ASSIGN(out.table, store.new_table(type, 0));
  linker.define(kModule, name, out);
  return {};
}

Status define_memory(runtime::Store& store, runtime::Linker& linker, const char* name, bool shared) {
  module::MemoryType type;
  type.limits.min = 1;
  type.limits.max = 2;
  type.limits.shared = shared;
  runtime::Extern out;
  out.kind = ExternKind::Memory;
  TRY_ASSIGN(out.memory, store.new_memory(type));
  linker.define(kModule, name, out);
  return {};
}

}  // namespace

Status define_spectest(runtime::Store& store, runtime::Linker& linker, bool quiet) {
  const ValType i32 = ValType::i32(), i64 = ValType::i64(), f32 = ValType::f32(), f64 = ValType::f64();
  define_print(linker, "print", {}, quiet);
  define_print(linker, "print_i32", {i32}, quiet);
  define_print(linker, "print_i64", {i64}, quiet);
  define_print(linker, "print_f32", {f32}, quiet);
  define_print(linker, "print_f64", {f64}, quiet);
  define_print(linker, "print_i32_f32", {i32, f32}, quiet);
  define_print(linker, "print_f64_f64", {f64, f64}, quiet);
  define_global(store, linker, "global_i32", i32, 666);
  define_global(store, linker, "global_i64", i64, 666);
  define_global(store, linker, "global_f32", f32, std::bit_cast<uint32_t>(666.6f));
  define_global(store, linker, "global_f64", f64, std::bit_cast<uint64_t>(666.6));
  TRY(define_table(store, linker, "table", false));
  TRY(define_table(store, linker, "table64", true));
  TRY(define_memory(store, linker, "memory", false));
  return define_memory(store, linker, "shared_memory", true);
}

}  // namespace ashlar::cli

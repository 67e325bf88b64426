// Errors of the C API.
#include "capi/errors.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>

#include "runtime/traps.h"

using ashlar::v0::detail::Access;

static_assert(static_cast<int>(ashlar::ErrorKind::Malformed) == ASHLAR_MALFORMED &&
              static_cast<int>(ashlar::ErrorKind::Invalid) == ASHLAR_INVALID &&
              static_cast<int>(ashlar::ErrorKind::Link) == ASHLAR_LINK &&
              static_cast<int>(ashlar::ErrorKind::Trap) == ASHLAR_TRAP &&
              static_cast<int>(ashlar::ErrorKind::Exit) == ASHLAR_EXIT &&
              static_cast<int>(ashlar::ErrorKind::Io) == ASHLAR_IO &&
              static_cast<int>(ashlar::ErrorKind::Usage) == ASHLAR_USAGE &&
              static_cast<int>(ashlar::ErrorKind::Limit) == ASHLAR_LIMIT &&
              static_cast<int>(ashlar::ErrorKind::Internal) == ASHLAR_INTERNAL);

namespace {

using ashlar::runtime::Trap;
struct TrapRow {
  ashlar_trap_code_t code;
  Trap trap;
};
constexpr TrapRow kTraps[] = {{ASHLAR_TRAP_UNREACHABLE, Trap::unreachable},
                              {ASHLAR_TRAP_INTEGER_DIVIDE_BY_ZERO, Trap::integer_divide_by_zero},
                              {ASHLAR_TRAP_INTEGER_OVERFLOW, Trap::integer_overflow},
                              {ASHLAR_TRAP_INVALID_CONVERSION_TO_INTEGER, Trap::invalid_conversion_to_integer},
                              {ASHLAR_TRAP_OUT_OF_BOUNDS_MEMORY_ACCESS, Trap::out_of_bounds_memory_access},
                              {ASHLAR_TRAP_OUT_OF_BOUNDS_TABLE_ACCESS, Trap::out_of_bounds_table_access},
                              {ASHLAR_TRAP_UNDEFINED_ELEMENT, Trap::undefined_element},
                              {ASHLAR_TRAP_UNINITIALIZED_ELEMENT, Trap::uninitialized_element},
                              {ASHLAR_TRAP_INDIRECT_CALL_TYPE_MISMATCH, Trap::indirect_call_type_mismatch},
                              {ASHLAR_TRAP_NULL_REFERENCE, Trap::null_reference},
                              {ASHLAR_TRAP_NULL_FUNCTION_REFERENCE, Trap::null_function_reference},
                              {ASHLAR_TRAP_NULL_STRUCTURE_REFERENCE, Trap::null_structure_reference},
                              {ASHLAR_TRAP_NULL_ARRAY_REFERENCE, Trap::null_array_reference},
                              {ASHLAR_TRAP_NULL_I31_REFERENCE, Trap::null_i31_reference},
                              {ASHLAR_TRAP_NULL_EXCEPTION_REFERENCE, Trap::null_exception_reference},
                              {ASHLAR_TRAP_CAST_FAILURE, Trap::cast_failure},
                              {ASHLAR_TRAP_OUT_OF_BOUNDS_ARRAY_ACCESS, Trap::out_of_bounds_array_access},
                              {ASHLAR_TRAP_CALL_STACK_EXHAUSTED, Trap::call_stack_exhausted},
                              {ASHLAR_TRAP_UNALIGNED_ATOMIC, Trap::unaligned_atomic},
                              {ASHLAR_TRAP_EXPECTED_SHARED_MEMORY, Trap::expected_shared_memory},
                              {ASHLAR_TRAP_UNCAUGHT_EXCEPTION, Trap::uncaught_exception},
                              {ASHLAR_TRAP_GC_HEAP_EXHAUSTED, Trap::gc_heap_exhausted},
                              {ASHLAR_TRAP_OUT_OF_FUEL, Trap::out_of_fuel},
                              {ASHLAR_TRAP_INTERRUPTED, Trap::interrupted},
                              {ASHLAR_TRAP_HOST_TRAP, Trap::host_trap},
                              {ASHLAR_TRAP_OUT_OF_MEMORY, Trap::out_of_memory}};
constexpr size_t kTrapRows = 0
#define TRAP(number, id) +1
#include "runtime/traps.def"
#undef TRAP
    ;
static_assert(std::size(kTraps) == kTrapRows);
static_assert(std::ranges::all_of(kTraps, [](const TrapRow& row) {
  return static_cast<int>(row.code) == static_cast<int>(row.trap);
}));

}  // namespace

ashlar_error_t::ashlar_error_t(ashlar::v0::Error e)
    : error(std::move(e)), id(error.id()), message(error.message()), text(error.to_string()) {}

namespace ashlar::capi {

namespace {

/// Made when the library is loaded, for when nothing can be. Belongs to nobody: see DeleteError.
ashlar_error_t g_no_memory{Access::no_memory()};

struct DeleteError {
  void operator()(ashlar_error_t* e) const {
    if (e != &g_no_memory) delete e;
  }
};
thread_local std::unique_ptr<ashlar_error_t, DeleteError> g_last;

}  // namespace

NoMemory no_memory() noexcept {
  g_last.reset(&g_no_memory);
  return {};
}
NoMemory::operator ashlar_error_t*() const { return &g_no_memory; }

std::nullptr_t fail(v0::Error error) {
  g_last.reset(new ashlar_error_t(std::move(error)));
  return nullptr;
}
std::nullptr_t fail(internal::Error error) { return fail(Access::error(std::move(error))); }
void keep(ashlar_error_t* error) {
  if (error != nullptr) g_last.reset(error);
}

ashlar_error_t* result(v0::Status status) { return status ? nullptr : new ashlar_error_t(std::move(status).error()); }

}  // namespace ashlar::capi

extern "C" {

const char* ashlar_version(void) { return ashlar::version().data(); }

void ashlar_error_delete(ashlar_error_t* e) { ashlar::capi::DeleteError()(e); }
ashlar_error_kind_t ashlar_error_kind(const ashlar_error_t* e) {
  return static_cast<ashlar_error_kind_t>(e->error.kind());
}
const char* ashlar_error_id(const ashlar_error_t* e) { return e->id.c_str(); }
const char* ashlar_error_message(const ashlar_error_t* e) { return e->message.c_str(); }
const char* ashlar_error_text(const ashlar_error_t* e) { return e->text.c_str(); }

ashlar_trap_code_t ashlar_error_trap_code(const ashlar_error_t* e) {
  for (const TrapRow& row : kTraps)
    if (ashlar::error_info(ashlar::runtime::to_error(row.trap)).id == e->id) return row.code;
  return ASHLAR_TRAP_NONE;
}

bool ashlar_error_offset(const ashlar_error_t* e, uint64_t* out) {
  const std::optional<uint64_t> offset = e->error.offset();
  if (offset) *out = *offset;
  return offset.has_value();
}
bool ashlar_error_function(const ashlar_error_t* e, uint32_t* out) {
  const std::optional<uint32_t> function = e->error.function();
  if (function) *out = *function;
  return function.has_value();
}
bool ashlar_error_position(const ashlar_error_t* e, uint32_t* line, uint32_t* column) {
  if (e->error.line() == 0) return false;
  *line = e->error.line();
  *column = e->error.column();
  return true;
}
bool ashlar_error_exit_code(const ashlar_error_t* e, int* out) {
  const std::optional<int> code = e->error.exit_code();
  if (code) *out = *code;
  return code.has_value();
}

const ashlar_error_t* ashlar_last_error(void) { return ashlar::capi::g_last.get(); }

}  // extern "C"

// Errors of the C API.
#include "capi/errors.h"

#include <memory>
#include <optional>

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

ashlar_error_t::ashlar_error_t(ashlar::v0::Error e)
    : error(std::move(e)), id(error.id()), message(error.message()), text(error.to_string()) {}

namespace ashlar::capi {

namespace {
thread_local std::unique_ptr<ashlar_error_t> g_last;
}

std::nullptr_t fail(v0::Error error) {
  g_last = std::make_unique<ashlar_error_t>(std::move(error));
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

void ashlar_error_delete(ashlar_error_t* e) { delete e; }
ashlar_error_kind_t ashlar_error_kind(const ashlar_error_t* e) {
  return static_cast<ashlar_error_kind_t>(e->error.kind());
}
const char* ashlar_error_id(const ashlar_error_t* e) { return e->id.c_str(); }
const char* ashlar_error_message(const ashlar_error_t* e) { return e->message.c_str(); }
const char* ashlar_error_text(const ashlar_error_t* e) { return e->text.c_str(); }

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

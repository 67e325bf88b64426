// Public errors over internal ones.
#include "api/access.h"
#include "api/store_thread.h"

namespace ashlar {
inline namespace v0 {

namespace {

struct Row {
  std::string_view id;
  ErrorKind kind;
  std::string_view text;
};
constexpr Row kRows[] = {
#define ERROR(id, kind, text) {#id, ErrorKind::kind, text},
#include "api/errors.def"
#undef ERROR
};
const Row& row(ApiError e) { return kRows[static_cast<size_t>(e)]; }

ErrorKind kind_of(Phase phase) {
  switch (phase) {
    case Phase::Malformed:
      return ErrorKind::Malformed;
    case Phase::Invalid:
      return ErrorKind::Invalid;
    case Phase::Link:
      return ErrorKind::Link;
    case Phase::Trap:
      return ErrorKind::Trap;
    case Phase::Exit:
      return ErrorKind::Exit;
    case Phase::Io:
      return ErrorKind::Io;
    case Phase::Usage:
      return ErrorKind::Usage;
    case Phase::Limit:
      return ErrorKind::Limit;
    case Phase::Internal:
      return ErrorKind::Internal;
  }
  return ErrorKind::Internal;
}

}  // namespace

Error::Error(std::unique_ptr<Data> data) noexcept : data_(std::move(data)) {}
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

Error Error::trap(std::string message) {
  return detail::Access::error(internal::Error(ErrorCode::host_trap, kNoOffset, std::move(message)));
}

/// Of an error that has none.
const Error::Data& Error::data() const {
  static const Data none{.inner = internal::Error::no_memory(), .own_message = {}, .own_notes = {}, .exception = {}};
  return data_ == nullptr ? none : *data_;
}

ErrorKind Error::kind() const { return data().inner ? kind_of(data().inner->phase()) : row(data().own).kind; }
std::string_view Error::id() const { return data().inner ? error_info(data().inner->code()).id : row(data().own).id; }
std::string Error::message() const { return data().inner ? data().inner->message() : data().own_message; }
const std::string& Error::notes() const { return data().inner ? data().inner->notes() : data().own_notes; }
std::string Error::to_string() const {
  if (data().inner) return data().inner->render();
  return data().own_notes.empty() ? data().own_message : data().own_message + "\n" + data().own_notes;
}

std::optional<uint64_t> Error::offset() const {
  if (!data().inner || data().inner->offset() == kNoOffset) return std::nullopt;
  return data().inner->offset();
}
std::optional<uint32_t> Error::function() const {
  if (!data().inner || data().inner->func() == kNoFunc) return std::nullopt;
  return data().inner->func();
}
uint32_t Error::line() const { return data().inner ? data().inner->line() : 0; }
uint32_t Error::column() const { return data().inner ? data().inner->column() : 0; }
std::optional<int> Error::exit_code() const { return data().inner ? api::exit_code(*data().inner) : std::nullopt; }

std::vector<Frame> Error::frames() const {
  std::vector<Frame> out;
  for (const ErrorFrame& f : detail::Access::frames(*this).known)
    out.push_back({f.func, f.offset, f.func_offset, f.func_name, f.module_name});
  return out;
}

namespace detail {

Error Access::error(internal::Error e) {
  auto data = std::make_unique<Error::Data>();
  data->inner.emplace(std::move(e));
  return Error(std::move(data));
}

Error Access::error(ApiError own, const std::string& arg0, const std::string& arg1) {
  auto data = std::make_unique<Error::Data>();
  data->own = own;
  const std::string_view text = row(own).text;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') {
      data->own_message += text[i];
      continue;
    }
    data->own_message += text[i + 1] == '0' ? arg0 : arg1;
    i += 2;
  }
  return Error(std::move(data));
}

Error Access::with_notes(Error e, std::string notes) {
  if (e.data_ == nullptr) return e;
  if (e.data_->inner) {
    *e.data_->inner = std::move(*e.data_->inner).with_notes(std::move(notes));
  } else {
    e.data_->own_notes = std::move(notes);
  }
  return e;
}

const ErrorFrames& Access::frames(const Error& e) {
  static const ErrorFrames none;
  return e.data().inner ? e.data().inner->frames() : none;
}

Error Access::with_trace(Error e, const Error& from) {
  e = with_notes(std::move(e), from.notes());
  if (e.data_ != nullptr && e.data_->inner) *e.data_->inner = std::move(*e.data_->inner).set_frames(frames(from));
  return e;
}

Error Access::error(StoreState* s, internal::Error e) {
  if (!s->wasi.empty()) e = end_by_error(*s, std::move(e));
  const bool thrown = e.code() == ErrorCode::uncaught_exception && s->store.pending_exception != runtime::kNullRef;
  Error out = error(std::move(e));
  if (!thrown || out.data_ == nullptr) return out;
  out.data_->exception = value(s, isa::ValType::exnref(), s->store.pending_exception, 0);
  s->store.pending_exception = runtime::kNullRef;
  return out;
}

Error Access::copy(const Error& e) {
  if (e.data_ == nullptr) return no_memory();
  auto data = std::make_unique<Error::Data>();
  if (e.data_->inner) data->inner.emplace(e.data_->inner->clone());
  data->own = e.data_->own;
  data->own_message = e.data_->own_message;
  data->own_notes = e.data_->own_notes;
  return Error(std::move(data));
}

Error Access::exception(Value ref) {
  Error out = error(internal::Error(ErrorCode::uncaught_exception));
  out.data_->exception = std::move(ref);
  return out;
}

internal::Error Access::to_internal(StoreState* s, Error e) {
  if (e.data_ == nullptr) return internal::Error::no_memory();
  const Value& thrown = e.data_->exception;
  // One of another store is nothing that this one's guests could catch.
  if (thrown.kind() == ValueKind::Ref && !foreign(s, thrown)) {
    s->store.pending_exception = static_cast<runtime::GcRef>(value(thrown).lo);
  }
  if (e.data_->inner) return std::move(*e.data_->inner);
  return internal::Error(ErrorCode::host_trap, kNoOffset, std::move(e.data_->own_message));
}

Error Access::no_memory() noexcept { return Error(std::unique_ptr<Error::Data>()); }
std::unexpected<Error> no_memory() noexcept { return std::unexpected(Access::no_memory()); }
Error foreign_ref() { return Access::error(ApiError::foreign_store, "a reference"); }

}  // namespace detail
}  // namespace v0
}  // namespace ashlar

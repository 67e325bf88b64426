// Public errors over internal ones.
#include "api/access.h"

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

const std::string kNone;

}  // namespace

Error::Error(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

Error Error::trap(std::string message) {
  return detail::Access::error(internal::Error(ErrorCode::host_trap, kNoOffset, std::move(message)));
}

ErrorKind Error::kind() const { return data_->inner ? kind_of(data_->inner->phase()) : row(data_->own).kind; }
std::string_view Error::id() const { return data_->inner ? error_info(data_->inner->code()).id : row(data_->own).id; }
std::string Error::message() const { return data_->inner ? data_->inner->message() : data_->own_message; }
const std::string& Error::notes() const { return data_->inner ? data_->inner->notes() : kNone; }
std::string Error::to_string() const { return data_->inner ? data_->inner->render() : data_->own_message; }

std::optional<uint64_t> Error::offset() const {
  if (!data_->inner || data_->inner->offset() == kNoOffset) return std::nullopt;
  return data_->inner->offset();
}
std::optional<uint32_t> Error::function() const {
  if (!data_->inner || data_->inner->func() == kNoFunc) return std::nullopt;
  return data_->inner->func();
}
uint32_t Error::line() const { return data_->inner ? data_->inner->line() : 0; }
uint32_t Error::column() const { return data_->inner ? data_->inner->column() : 0; }
std::optional<int> Error::exit_code() const { return data_->inner ? api::exit_code(*data_->inner) : std::nullopt; }

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

internal::Error Access::to_internal(Error e) {
  if (e.data_->inner) return std::move(*e.data_->inner);
  return internal::Error(ErrorCode::host_trap, kNoOffset, std::move(e.data_->own_message));
}

Error foreign_ref() { return Access::error(ApiError::foreign_store, "a reference"); }

}  // namespace detail
}  // namespace v0
}  // namespace ashlar

// The error list's static facts and the rendering of an Error.
#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace ashlar {

namespace {
constexpr ErrorInfo kInfos[] = {
#define ERROR(id, phase, text) {#id, Phase::phase, text},
#include "base/errors/all.def"
#undef ERROR
};
}  // namespace

const ErrorInfo& error_info(ErrorCode code) { return kInfos[static_cast<size_t>(code)]; }

struct Error::Data {
  ErrorCode code;
  uint32_t func = kNoFunc;
  uint64_t offset = kNoOffset;
  uint32_t line = 0;
  uint32_t column = 0;
  std::array<std::string, 3> args;
  std::string notes;
  std::string file;
};

Error::Error(ErrorCode code, uint64_t offset) : data_(std::make_unique<Data>()) {
  data_->code = code;
  data_->offset = offset;
}
Error::Error(ErrorCode code, uint64_t offset, std::string arg0, std::string arg1, std::string arg2)
    : Error(code, offset) {
  data_->args = {std::move(arg0), std::move(arg1), std::move(arg2)};
}
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;
Error Error::clone() const {
  Error copy(code());
  *copy.data_ = *data_;
  return copy;
}

ErrorCode Error::code() const { return data_->code; }
uint64_t Error::offset() const { return data_->offset; }
uint32_t Error::func() const { return data_->func; }
uint32_t Error::line() const { return data_->line; }
uint32_t Error::column() const { return data_->column; }
const std::string& Error::arg(int i) const { return data_->args[static_cast<size_t>(i)]; }
const std::string& Error::notes() const { return data_->notes; }

Error&& Error::at(uint64_t offset) && {
  data_->offset = offset;
  return std::move(*this);
}
Error&& Error::in_func(uint32_t func) && {
  data_->func = func;
  return std::move(*this);
}
Error&& Error::at_line(uint32_t line, uint32_t column) && {
  data_->line = line;
  data_->column = column;
  return std::move(*this);
}
Error&& Error::with_notes(std::string notes) && {
  if (!data_->notes.empty()) data_->notes += '\n';
  data_->notes += notes;
  return std::move(*this);
}
Error&& Error::set_notes(std::string notes) && {
  data_->notes = std::move(notes);
  return std::move(*this);
}
Error&& Error::in_file(std::string file) && {
  data_->file = std::move(file);
  return std::move(*this);
}

std::string Error::message() const {
  std::string_view text = error_info(code()).text;
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    bool hole = text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}';
    if (!hole) {
      out += text[i];
      continue;
    }
    out += data_->args[static_cast<size_t>(text[i + 1] - '0')];
    i += 2;
  }
  return out;
}

std::string Error::render() const {
  std::string out;
  if (!data_->file.empty()) out += data_->file + ":";
  if (data_->line != 0) out += std::to_string(data_->line) + ":" + std::to_string(data_->column) + ":";
  if (!out.empty()) out += ' ';
  out += message();
  if (data_->func != kNoFunc) out += " (in function " + std::to_string(data_->func) + ")";
  if (data_->offset != kNoOffset) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, " (at offset 0x%llx)", static_cast<unsigned long long>(data_->offset));
    out += buffer;
  }
  if (!data_->notes.empty()) out += "\n" + data_->notes;
  return out;
}

void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "ashlar: internal error: check failed: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace ashlar

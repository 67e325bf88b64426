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
  ErrorFrames frames;
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
Error::Error(std::unique_ptr<Data> data) noexcept : data_(std::move(data)) {}
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;
Error Error::no_memory() noexcept { return Error(std::unique_ptr<Data>()); }
Error Error::clone() const {
  if (data_ == nullptr) return no_memory();
  return Error(std::make_unique<Data>(*data_));
}

/// Of an error that has none.
const Error::Data& Error::data() const {
  static const Data none{
      .code = ErrorCode::out_of_memory, .args = {"host memory"}, .notes = {}, .frames = {}, .file = {}};
  return data_ == nullptr ? none : *data_;
}

ErrorCode Error::code() const { return data().code; }
uint64_t Error::offset() const { return data().offset; }
uint32_t Error::func() const { return data().func; }
uint32_t Error::line() const { return data().line; }
uint32_t Error::column() const { return data().column; }
const std::string& Error::arg(int i) const { return data().args[static_cast<size_t>(i)]; }
const std::string& Error::notes() const { return data().notes; }
const ErrorFrames& Error::frames() const { return data().frames; }

// What is told of an error that has no data is lost: there was no memory for it.
Error&& Error::at(uint64_t offset) && {
  if (data_ != nullptr) data_->offset = offset;
  return std::move(*this);
}
Error&& Error::in_func(uint32_t func) && {
  if (data_ != nullptr) data_->func = func;
  return std::move(*this);
}
Error&& Error::at_line(uint32_t line, uint32_t column) && {
  if (data_ == nullptr) return std::move(*this);
  data_->line = line;
  data_->column = column;
  return std::move(*this);
}
Error&& Error::with_notes(std::string notes) && {
  if (data_ == nullptr) return std::move(*this);
  if (!data_->notes.empty()) data_->notes += '\n';
  data_->notes += notes;
  return std::move(*this);
}
Error&& Error::set_notes(std::string notes) && {
  if (data_ != nullptr) data_->notes = std::move(notes);
  return std::move(*this);
}
Error&& Error::set_frames(ErrorFrames frames) && {
  if (data_ != nullptr) data_->frames = std::move(frames);
  return std::move(*this);
}
Error&& Error::in_file(std::string file) && {
  if (data_ != nullptr) data_->file = std::move(file);
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
    out += data().args[static_cast<size_t>(text[i + 1] - '0')];
    i += 2;
  }
  return out;
}

std::string Error::render() const {
  std::string out;
  // What is wrong with a file as a whole may begin with its name.
  const bool named = data().line == 0 && data().code == ErrorCode::io_failed && data().args[0] == data().file;
  if (!data().file.empty() && !named) out += data().file + ":";
  if (data().line != 0) out += std::to_string(data().line) + ":" + std::to_string(data().column) + ":";
  if (!out.empty()) out += ' ';
  out += message();
  if (data().func != kNoFunc) out += " (in function " + std::to_string(data().func) + ")";
  if (data().offset != kNoOffset) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, " (at offset 0x%llx)", static_cast<unsigned long long>(data().offset));
    out += buffer;
  }
  if (!data().notes.empty()) out += "\n" + data().notes;
  return out;
}

void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "ashlar: internal error: check failed: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace ashlar

// Errors as values: one list of codes (errors/*.def), one small handle that carries where and what.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar {

/// When in a module's life an error was found; decides the command's exit code and the suite's verdict.
enum class Phase : uint8_t { Malformed, Invalid, Link, Trap, Exit, Io, Usage, Limit, Internal };

/// One enumerator a row of errors/*.def. Numbers are not stable; compare names only.
enum class ErrorCode : uint16_t {
#define ERROR(id, phase, text) id,
#include "base/errors/all.def"
#undef ERROR
};

/// Static facts of an error code.
struct ErrorInfo {
  std::string_view id;
  Phase phase;
  std::string_view text;  ///< may hold {0}, {1}, {2}
};
const ErrorInfo& error_info(ErrorCode code);

inline constexpr uint64_t kNoOffset = ~uint64_t{0};
inline constexpr uint32_t kNoFunc = ~uint32_t{0};

/// A function of a guest that was running when an error ended it.
struct ErrorFrame {
  const void* module = nullptr;  ///< tells modules apart while they live
  uint32_t func = kNoFunc;
  uint64_t offset = 0;       ///< of the instruction, or of the call, in the module
  uint64_t func_offset = 0;  ///< the same from the beginning of the function's code
  std::string module_name;   ///< empty where it has none
  std::string func_name;
};
/// The innermost frames of an error.
struct ErrorFrames {
  std::vector<ErrorFrame> known;
  uint64_t more = 0;  ///< further out
};

/// An error: code, byte offset in the module (or kNoOffset), function index (or kNoFunc), line and column for
/// text (0: none), up to three arguments. Move-only, one pointer wide, so that Result stays small.
class [[nodiscard]] Error {
 public:
  explicit Error(ErrorCode code, uint64_t offset = kNoOffset);
  Error(ErrorCode code, uint64_t offset, std::string arg0, std::string arg1 = {}, std::string arg2 = {});
  Error(Error&&) noexcept;
  Error& operator=(Error&&) noexcept;
  ~Error();
  /// What std::bad_alloc becomes, and allocates nothing.
  static Error no_memory() noexcept;
  Error clone() const;

  ErrorCode code() const;
  Phase phase() const { return error_info(code()).phase; }
  uint64_t offset() const;
  uint32_t func() const;
  uint32_t line() const;
  uint32_t column() const;
  const std::string& arg(int i) const;
  /// Extra lines shown after the message: a backtrace, the source line with a caret.
  const std::string& notes() const;
  /// As data what of the notes is a backtrace.
  const ErrorFrames& frames() const;

  Error&& at(uint64_t offset) &&;                      ///< sets the byte offset
  Error&& in_func(uint32_t func) &&;                   ///< sets the function index
  Error&& at_line(uint32_t line, uint32_t column) &&;  ///< sets the text position
  Error&& with_notes(std::string notes) &&;            ///< appends extra lines
  Error&& set_notes(std::string notes) &&;             ///< replaces the extra lines
  Error&& set_frames(ErrorFrames frames) &&;           ///< replaces the frames, and leaves the notes alone
  Error&& in_file(std::string file) &&;                ///< names the file

  /// The message alone: the code's text with its arguments.
  std::string message() const;
  /// The message with file, line or offset and function in front, notes behind; no trailing newline.
  std::string render() const;

 private:
  struct Data;
  explicit Error(std::unique_ptr<Data> data) noexcept;
  const Data& data() const;
  std::unique_ptr<Data> data_;  ///< null: out_of_memory, with nothing known but that
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

/// make_error(ErrorCode::x, offset, "arg"...) as the unexpected side of any Result.
template <class... Args>
[[nodiscard]] std::unexpected<Error> make_error(ErrorCode code, Args&&... args) {
  return std::unexpected<Error>(std::in_place, code, std::forward<Args>(args)...);
}

}  // namespace ashlar

#define ASHLAR_CONCAT_(a, b) a##b
#define ASHLAR_CONCAT(a, b) ASHLAR_CONCAT_(a, b)

/// TRY(expr): evaluates a Status or Result<void>, returns its error from the enclosing function.
#define TRY(...)                                                               \
  do {                                                                         \
    auto ashlar_try_ = (__VA_ARGS__);                                          \
    if (!ashlar_try_) [[unlikely]]                                             \
      return std::unexpected<::ashlar::Error>(std::move(ashlar_try_).error()); \
  } while (0)

/// TRY_ASSIGN(auto x, expr): binds the value of a Result or returns its error.
#define TRY_ASSIGN(lhs, ...) TRY_ASSIGN_(ASHLAR_CONCAT(ashlar_try_, __COUNTER__), lhs, __VA_ARGS__)
#define TRY_ASSIGN_(tmp, lhs, ...)                                   \
  auto tmp = (__VA_ARGS__);                                          \
  if (!tmp) [[unlikely]]                                             \
    return std::unexpected<::ashlar::Error>(std::move(tmp).error()); \
  lhs = std::move(*tmp)

/// CHECK(cond): a programmer's error, never reachable from guest bytes; kept in release builds.
#define CHECK(cond) ((cond) ? (void)0 : ::ashlar::check_failed(#cond, __FILE__, __LINE__))
namespace ashlar {
[[noreturn]] void check_failed(const char* what, const char* file, int line);
}

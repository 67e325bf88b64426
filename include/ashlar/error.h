// Errors as values: what went wrong, at which stage of a module's life, and where.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {
inline namespace v0 {

namespace detail {
struct Access;
}

/// The stage that failed.
enum class ErrorKind : uint8_t {
  Malformed,  ///< the bytes or the text are no module
  Invalid,    ///< the module breaks a rule of validation
  Link,       ///< an import or export is missing or has another type
  Trap,       ///< running code stopped: unreachable, out of bounds, out of fuel, interrupted, an uncaught exception
  Exit,       ///< the program ended itself (WASI proc_exit): see exit_code()
  Io,         ///< the system refused a file, directory or socket
  Usage,      ///< the embedder's mistake: wrong arguments, objects of another engine or store
  Limit,      ///< a limit of the store or of the implementation
  Internal,   ///< not supported yet
};

struct Exception;

/// A function of a guest that was running when a trap ended it.
struct Frame {
  uint32_t function = 0;         ///< its index in the module
  uint64_t offset = 0;           ///< of the instruction, in bytes from the beginning of the module
  uint64_t function_offset = 0;  ///< the same from the beginning of the function's code
  std::string name;              ///< from the name section, an export, or "func[N]"
  std::string module;            ///< from the name section; empty without
};

/// One error. Move-only and one pointer wide. May be read on any thread; one that has an exception() belongs to the
/// thread that the exception's store belongs to.
class [[nodiscard]] Error {
 public:
  /// What a host function returns to stop the guest with a trap of this message.
  static Error trap(std::string message);

  Error(Error&&) noexcept;
  Error& operator=(Error&&) noexcept;
  ~Error();

  /// The stage that failed.
  ErrorKind kind() const;
  /// A short name that stays the same between versions, such as "out_of_bounds_memory_access" or "unknown_import".
  std::string_view id() const;
  /// One line for people. For malformed and invalid modules it begins with the specification suite's words.
  std::string message() const;
  /// Of traps: one line a wasm frame, innermost first, with byte offset, module and function; else empty or the source
  /// line of a text module with a caret.
  const std::string& notes() const;
  /// Of traps: the guests' frames, innermost first, at most 64; those that calls of compilers inlined are told apart.
  /// Those of all stores that the trap has passed.
  std::vector<Frame> frames() const;
  /// message() with the position in front and notes() behind; no newline at the end.
  std::string to_string() const;

  /// Byte offset in the module, where known.
  std::optional<uint64_t> offset() const;
  /// Index of the function, where known.
  std::optional<uint32_t> function() const;
  // Line and column in a text module, from 1; 0 when unknown.
  uint32_t line() const;
  uint32_t column() const;
  /// The guest's exception that nothing caught, with what was thrown (tag.h); nothing for every other error, and when
  /// its store has ended. A host function that returns such an error throws the exception again.
  std::optional<Exception> exception() const;
  /// The code of a program that ended itself (0 to 255); nothing for every other error.
  std::optional<int> exit_code() const;

 private:
  friend struct detail::Access;
  struct Data;
  explicit Error(std::unique_ptr<Data> data) noexcept;
  const Data& data() const;
  std::unique_ptr<Data> data_;  ///< null: the host had no memory, not even for this
};

/// A value or an Error.
template <class T>
using Result = std::expected<T, Error>;
/// Success or an Error.
using Status = std::expected<void, Error>;

}  // namespace v0
}  // namespace ashlar

// Module: validated code, ready to be instantiated any number of times.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/engine.h"
#include "ashlar/error.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

namespace detail {
struct ModuleState;
}

/// What can be imported and exported.
enum class ExternKind : uint8_t { Func, Table, Memory, Global, Tag };

/// The type of something that is imported or exported. Which members count is told by `kind`.
struct ExternType {
  ExternKind kind = ExternKind::Func;  ///< which it is
  FuncType func;                       ///< Func; Tag: the parameters are the exception's values
  ValueType value;                     ///< Global: of its value; Table: of its elements
  bool is_mutable = false;             ///< Global
  uint64_t min = 0;                    ///< Memory: pages; Table: elements
  std::optional<uint64_t> max;         ///< Memory, Table
  uint64_t page_size = 65536;          ///< Memory: bytes
  bool is64 = false;                   ///< Memory, Table: addresses are i64
  bool shared = false;                 ///< Memory
  /// "func [i32] -> [i32]", "memory 1 4", "global mut i64", "table 10 funcref", "tag [i32]"
  std::string to_string() const;
};

/// An import of a module: the two names by which it is looked up, and what it must be.
struct ImportType {
  std::string module;  ///< the first name
  std::string name;    ///< the second name
  ExternType type;     ///< what is wanted
};

/// An export of a module.
struct ExportType {
  std::string name;  ///< by which it is found
  ExternType type;   ///< what it is
};

/// A line of a guest's source.
struct SourceLine {
  std::string function;  ///< its name in the source
  std::string file;      ///< with its folder, where the debug information has that
  uint32_t line = 0;     ///< from 1; 0 when unknown
};

/// How much of a serialized module is checked before it is run. No check makes machine code harmless: it runs with all
/// rights of the process, so that artifacts must come from where programs may come from.
enum class Trust : uint8_t {
  /// Finds damage: the whole artifact is compared with its hash, its tables are verified, the module inside is decoded
  /// and validated outside of bodies. Takes time for each byte; of a file that the code cache's index knows to be
  /// verified and unchanged, none.
  Verify,
  /// Of files that nobody but this program's own user writes: only the header is checked. Takes the same time for a
  /// module of any size. Types, imports and exports are read when they are first wanted; where they are damaged,
  /// instantiating says so (Malformed), and imports() and exports() are empty.
  Known,
};

/// Immutable. Copies share one compiled module. Thread-safe; stores on any threads may run it at the same time.
class Module {
 public:
  /// A binary module (copied), or the text format. With Tier::Optimizing it waits for the compiler program.
  /// Errors: Malformed, Invalid, Limit; text with line and column. With Tier::Optimizing also Io (compiler_missing) and
  /// Internal (compiler_failed, and what the compiler does not support).
  static Result<Module> compile(const Engine& engine, std::span<const uint8_t> bytes);
  static Result<Module> compile(const Engine& engine, std::string_view bytes);
  /// Either format; "-" is standard input. A binary file is mapped and must not change while the module lives. Where
  /// the code cache knows the file, it is not even read. Errors: Io as well; Usage (artifact_as_module) for a file of
  /// serialize().
  static Result<Module> from_file(const Engine& engine, const std::string& path);

  /// The artifact: the module and its machine code, as `ashlar compile` writes it. What is not compiled yet is compiled
  /// now, whatever the engine's tier, and kept in the code cache. Deterministic for one compiler and processor.
  /// Errors: Io (compiler_missing), Internal (compiler_failed).
  Result<std::vector<uint8_t>> serialize() const;
  /// The same into a file, which is replaced by a whole one or not at all. Errors: Io as well.
  Status serialize_to_file(const std::string& path) const;
  /// A module out of serialize(), for engines of the tiers Optimizing and Auto. The bytes are copied.
  /// Errors: Malformed (no artifact, truncated, damaged), Link (artifact_version, artifact_arch, artifact_processor,
  /// artifact_of_other_settings), Usage (no_machine_code: the engine only interprets).
  static Result<Module> deserialize(const Engine& engine, std::span<const uint8_t> bytes, Trust trust = Trust::Verify);
  /// The same from a file, which is mapped and must not be written to (but may be replaced) while the module lives.
  /// Errors: Io as well.
  static Result<Module> deserialize_file(const Engine& engine, const std::string& path, Trust trust = Trust::Verify);

  Module(const Module&);
  Module(Module&&) noexcept;
  Module& operator=(const Module&);
  Module& operator=(Module&&) noexcept;
  ~Module();

  // In the module's order.
  std::vector<ImportType> imports() const;
  std::vector<ExportType> exports() const;
  /// From the name section; empty without.
  std::string name() const;
  /// Where the instructions at these byte offsets of the module (Frame::offset) come from in the source, of modules
  /// that were built with debug information (DWARF, `-g`). For each the lines, innermost first: more than one where the
  /// guest's compiler had inlined, none where nothing is known. The compiler program reads the debug information, which
  /// takes some hundredths of a second: for what people read. Errors: Io (compiler_missing), Internal
  /// (compiler_failed), Malformed (a serialized module whose own bytes are damaged).
  Result<std::vector<std::vector<SourceLine>>> source_lines(std::span<const uint64_t> offsets) const;

 private:
  friend struct detail::Access;
  explicit Module(std::shared_ptr<detail::ModuleState> state);
  std::shared_ptr<detail::ModuleState> state_;
};

}  // namespace v0
}  // namespace ashlar

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

enum class ExternKind : uint8_t { Func, Table, Memory, Global, Tag };

/// The type of something that is imported or exported. Which members count is told by `kind`.
struct ExternType {
  ExternKind kind = ExternKind::Func;
  FuncType func;                ///< Func; Tag: the parameters are the exception's values
  ValueType value;              ///< Global: of its value; Table: of its elements
  bool is_mutable = false;      ///< Global
  uint64_t min = 0;             ///< Memory: pages; Table: elements
  std::optional<uint64_t> max;  ///< Memory, Table
  uint64_t page_size = 65536;   ///< Memory: bytes
  bool is64 = false;            ///< Memory, Table: addresses are i64
  bool shared = false;          ///< Memory
  /// "func [i32] -> [i32]", "memory 1 4", "global mut i64", "table 10 funcref", "tag [i32]"
  std::string to_string() const;
};

struct ImportType {
  std::string module;
  std::string name;
  ExternType type;
};

struct ExportType {
  std::string name;
  ExternType type;
};

/// Immutable. Copies share one compiled module. Thread-safe; stores on any threads may run it at the same time.
class Module {
 public:
  /// A binary module (copied), or the text format. Errors: Malformed, Invalid, Limit; text with line and column.
  static Result<Module> compile(const Engine& engine, std::span<const uint8_t> bytes);
  static Result<Module> compile(const Engine& engine, std::string_view bytes);
  /// Either format; "-" is standard input. A binary file is mapped and must not change while the module lives.
  /// Errors: Io as well.
  static Result<Module> from_file(const Engine& engine, const std::string& path);

  Module(const Module&);
  Module(Module&&) noexcept;
  Module& operator=(const Module&);
  Module& operator=(Module&&) noexcept;
  ~Module();

  /// In the module's order.
  std::vector<ImportType> imports() const;
  std::vector<ExportType> exports() const;
  /// From the name section; empty without.
  std::string name() const;

 private:
  friend struct detail::Access;
  explicit Module(std::shared_ptr<detail::ModuleState> state);
  std::shared_ptr<detail::ModuleState> state_;
};

}  // namespace v0
}  // namespace ashlar

// Scripts (.wast): commands over modules, as the specification's test suite writes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "isa/value_type.h"
#include "text/parse.h"
#include "text/source.h"

namespace ashlar::text {

/// A module or component of a script; parsed only when it is wanted, so that malformed ones do no harm.
struct ModuleSource {
  enum class Kind : uint8_t { Text, Quote, Binary };
  Kind kind = Kind::Text;
  bool component = false;
  Position position;      ///< of its "(module" or "(component"
  std::string_view text;  ///< Text: from its "(" to its ")", or bare fields; views the script's source
  std::string bytes;      ///< Quote: the text; Binary: the bytes
};

/// The module's binary (of no component). Errors carry positions in the script's file.
Result<std::vector<uint8_t>> to_binary(const ModuleSource& source, ParseOptions options = {});

/// A NaN pattern of an expected float or float lane.
enum class NanPattern : uint8_t { None, Canonical, Arithmetic };

/// Lanes of an expected vector.
enum class LaneShape : uint8_t { I8x16, I16x8, I32x4, I64x2, F32x4, F64x2 };

/// An argument or an expected result.
struct Value {
  enum class Kind : uint8_t {
    I32,
    I64,
    F32,
    F64,
    V128,
    RefNull,    ///< any null when !has_payload, else null of `heap`
    RefExtern,  ///< host reference `bits[0]`; any non-null one when !has_payload
    RefHost,    ///< as RefExtern, but internalized (an anyref)
    RefFunc,    ///< any non-null function; has_payload: function index bits[0]
    RefExn,     // the kinds from here on are patterns of results: any non-null reference of that type
    RefAny,
    RefEq,
    RefI31,
    RefStruct,
    RefArray,
    Either,  ///< any of `items`
    // Values of the component level; F32 and F64 are of both.
    Bool,  ///< bits[0]
    S8,    ///< bits[0], two's complement in the low bits; so the other integers
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    Char,    ///< bits[0]: code point
    String,  ///< text
    List,    ///< items; so Tuple
    Tuple,
    Record,   ///< items, named by `labels`
    Variant,  ///< case `text`; items: its payload, if any
    Enum,     ///< text
    Option,   ///< items: the value of "some"
    ResultOk,
    ResultErr,  ///< items: the payload, if any; so ResultOk
    Flags,      ///< labels
  };
  Kind kind = Kind::I32;
  bool has_payload = false;
  uint64_t bits[2] = {};  ///< numbers zero-extended; vectors in two halves, little-endian
  isa::HeapType heap;
  LaneShape shape = LaneShape::I32x4;
  NanPattern nan[4] = {};    ///< [0] of scalars; one a lane of F32x4 and F64x2, whose bits are then 0
  std::vector<Value> items;  ///< Either: the alternatives
  std::string text;
  std::vector<std::string> labels;
  /// Whether only components have such values.
  bool is_component_value() const { return kind > Kind::Either; }
  bool has_nan_pattern() const;
};

struct Action {
  enum class Kind : uint8_t { Invoke, Get };
  Kind kind = Kind::Invoke;
  std::string module;  ///< identifier without "$"; empty: the latest instance
  std::string name;    ///< of the export
  std::vector<Value> args;
};

struct Command {
  enum class Kind : uint8_t {
    Module,            ///< instantiate `module` (or component); `id` names instance and definition
    ModuleDefinition,  ///< only validate `module`; `id` names the definition
    ModuleInstance,    ///< instantiate definition `target` (empty: the latest) as `id`
    Register,          ///< instance `target` (empty: the latest) as import name `name`
    Action,
    AssertReturn,
    AssertTrap,  ///< of `action`, or of instantiating `module` when `has_module`
    AssertExhaustion,
    AssertException,  ///< of `action`, or of `module`
    AssertSuspension,
    AssertMalformed,  ///< of `module`, with `message`; so the others
    AssertMalformedCustom,
    AssertInvalid,
    AssertInvalidCustom,
    AssertUnlinkable,
    Thread,  ///< starts thread `id`, which runs `body`; `shared`: instances it sees under the same names
    Wait,    ///< waits for thread `id`
  };
  Kind kind = Kind::Module;
  Position position;
  bool has_module = false;
  bool component = false;  ///< Module, ModuleDefinition, ModuleInstance: of a component
  ModuleSource module;
  std::string id;  ///< identifiers without "$", escapes decoded; empty: none
  std::string target;
  std::string name;
  std::string message;
  struct Action action;
  std::vector<Value> results;
  std::vector<std::string> shared;
  std::vector<Command> body;
};

/// The directive as a script writes it: "assert_return", "component instance".
std::string_view to_string(const Command& command);

struct Script {
  std::vector<Command> commands;
};

/// Parses a script: commands, or the bare fields of one module. `source` must outlive the script. Quoted and binary
/// modules are not looked into; the text of plain ones is only split into tokens.
Result<Script> parse_script(std::string_view source);

}  // namespace ashlar::text

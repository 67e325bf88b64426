// WIT's types as C++ declarations, for every kind of bindings: what differs between them is a CppDialect.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "wit/model.h"

namespace ashlar::wit {

/// How bindings write what they do not have in common.
struct CppDialect {
  std::string field;    ///< describes a field: "component::Field"
  std::string labels;   ///< the function that knows an enum's labels: "abi_labels"
  std::string nothing;  ///< no payload: "Nothing"
  /// A named type as it is called where the text goes.
  std::function<std::string(TypeId)> named;
  /// A handle of a resource.
  std::function<std::string(TypeId resource, bool borrowed)> handle;
  /// What declares a resource.
  std::function<std::string(TypeId resource)> declare_resource;
  std::string resource_key = "class";  ///< which word that begins with
};

class CppTypes {
 public:
  CppTypes(const Resolve& model, CppDialect dialect) : model_(model), dialect_(std::move(dialect)) {}

  /// A type as parameters and members have it: "std::vector<uint8_t>".
  std::string text(Type type) const;
  /// The same, or the dialect's `nothing`.
  std::string payload(const std::optional<Type>& type) const { return type ? text(*type) : dialect_.nothing; }
  /// The declaration of a named type.
  std::string definition(TypeId id) const;
  /// Those of all types of a scope (each behind those that it needs), in an order that compiles: methods of resources
  /// may name any of them.
  std::string definitions(std::span<const TypeId> types) const;

 private:
  std::string forward(TypeId id) const;
  std::string unnamed(const TypeDef& t) const;
  std::string kind(const std::string& name, const Record& k) const;
  std::string kind(const std::string& name, const Variant& k) const;
  std::string kind(const std::string& name, const Enum& k) const;
  std::string kind(const std::string& name, const Flags& k) const;

  const Resolve& model_;
  CppDialect dialect_;
};

/// "get-stdin" is get_stdin; C++'s own words get a '_' behind.
std::string cpp_value_name(std::string_view label);
/// "input-stream" is InputStream.
std::string cpp_type_name(std::string_view label);
/// The C++ name of a function: "[method]input-stream.read" is input_stream_read, a constructor new_input_stream.
std::string cpp_function_name(const Function& f, const std::string& resource);
/// Documentation as a comment; nothing without.
std::string cpp_comment(const std::string& docs, const std::string& indent);
/// A string literal.
std::string cpp_quoted(std::string_view text);

}  // namespace ashlar::wit

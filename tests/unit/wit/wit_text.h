// Short ways to resolve and print WIT text in tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wit/print.h"
#include "wit/resolve.h"

namespace ashlar::wit::testing {

/// The text behind "package test:p;" (on the first line, unless it says its own package).
inline SourceGroup group_of(std::string_view text) {
  const std::string header = text.starts_with("package") || text.starts_with("///") ? "" : "package test:p; ";
  SourceGroup group;
  group.files.push_back({"test.wit", header + std::string(text)});
  return group;
}

inline Result<Resolved> resolve_text(std::string_view text, const ResolveOptions& options = {}) {
  const std::vector<SourceGroup> groups = {group_of(text)};
  return resolve(groups, options);
}

inline Resolved must_resolve(std::string_view text, const ResolveOptions& options = {}) {
  Result<Resolved> out = resolve_text(text, options);
  if (!out) {
    ADD_FAILURE() << out.error().render() << "\nin: " << text;
    return *resolve_text("package failed:text; interface i { type t = u8; f: func(); } world w {} world v {}");
  }
  return *std::move(out);
}

/// The error's position and message, without the line of source: "1:17: unknown type 'x'".
inline std::string error_of(std::string_view text, const ResolveOptions& options = {}) {
  const Result<Resolved> out = resolve_text(text, options);
  if (out) return "accepted";
  const Error& error = out.error();
  return std::to_string(error.line()) + ":" + std::to_string(error.column()) + ": " + error.message();
}

/// The package printed, without its header.
inline std::string printed(std::string_view text, const PrintOptions& print = {}, const ResolveOptions& options = {}) {
  const Resolved resolved = must_resolve(text, options);
  if (resolved.roots.empty()) return {};
  const std::string out = print_package(resolved.model, resolved.roots[0], print);
  const size_t header = out.find(";\n\n");
  return header == out.npos ? out : out.substr(header + 3);
}

}  // namespace ashlar::wit::testing

// Owns names of WIT: labels, versions, packages and interfaces, and which versions stand in for each other.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ashlar::wit {

/// A semantic version (semver.org, 2.0.0).
struct Version {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
  std::string pre;    ///< behind '-', without it: "rc.1"
  std::string build;  ///< behind '+', without it

  std::string str() const;
  friend bool operator==(const Version&, const Version&) = default;
};

/// How many characters at the start of `text` are a version; 0 when none.
size_t version_length(std::string_view text);
/// Nothing when `text` is no version, or a number does not fit 64 bits.
std::optional<Version> parse_version(std::string_view text);
/// Precedence as semver.org 11 has it; builds don't count.
std::weak_ordering precedence(const Version& a, const Version& b);

/// Component Model "canonversion": 1.2.3 is "1", 0.2.6-rc.1 is "0.2", 0.0.1-x is "0.0.1".
std::string canonical_version(const Version& version);
/// Versions of one track stand in for each other: "1" of 1.x.y, "0.2" of 0.2.y. Nothing for 0.0.x and prereleases,
/// which only match themselves.
std::optional<std::string> semver_track(const Version& version);

/// "wasi:http@0.2.12".
struct PackageName {
  std::string ns;
  std::string name;
  std::optional<Version> version;

  std::string str() const;
  /// Without the version.
  std::string base() const { return ns + ":" + name; }
  friend bool operator==(const PackageName&, const PackageName&) = default;
};

/// "wasi:http/types@0.2.12", the name of an import or export of a component (or of a world, in a path).
struct InterfaceName {
  PackageName package;
  std::string name;

  std::string str() const;
  friend bool operator==(const InterfaceName&, const InterfaceName&) = default;
};
/// Nothing when `text` is no such name (a plain name, a version that is none).
std::optional<InterfaceName> parse_interface_name(std::string_view text);

/// Whether an interface of the name `have` may be linked where `wanted` is imported: the same name, and versions of
/// one track. Their types are checked apart: newer guests work on older hosts when they use only what is there.
bool compatible(const InterfaceName& wanted, const InterfaceName& have);
/// Which of `have` is taken for `wanted`: the same version, else the newest compatible one. Nothing when none is.
std::optional<size_t> best_match(const InterfaceName& wanted, std::span<const InterfaceName> have);

/// Why `text` is no label ("kebab-case" word, Component Model "label"); null when it is one.
const char* label_problem(std::string_view text);
/// Why `text` names no namespace or package: a label in lower case alone; null when it does.
const char* package_label_problem(std::string_view text);
/// Labels of one scope differ in this: names are unique whatever their case.
std::string canonical_label(std::string_view label);
/// Whether WIT text has to write %`label`.
bool is_keyword(std::string_view label);

}  // namespace ashlar::wit

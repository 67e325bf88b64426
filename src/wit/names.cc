// Names and versions; see names.h.
#include "wit/names.h"

#include <algorithm>
#include <charconv>

namespace ashlar::wit {
namespace {

constexpr std::string_view kKeywords[] = {
    "as",   "async", "bool",   "borrow", "char",    "constructor", "enum",     "error-context", "export",
    "f32",  "f64",   "flags",  "from",   "func",    "future",      "import",   "include",       "interface",
    "list", "map",   "option", "own",    "package", "record",      "resource", "result",        "s16",
    "s32",  "s64",   "s8",     "static", "stream",  "string",      "tuple",    "type",          "u16",
    "u32",  "u64",   "u8",     "use",    "variant", "with",        "world"};
static_assert(std::ranges::is_sorted(kKeywords));

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_version_char(char c) { return is_digit(c) || is_lower(c) || is_upper(c) || c == '-'; }

/// The end of a number without leading zeros that begins at `at`; `at` when there is none.
size_t number_end(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end > at + 1 && text[at] == '0' ? at + 1 : end;
}

/// The end of identifiers with dots between them; `at` when there is none. A dot that no identifier follows is not
/// part.
size_t identifiers_end(std::string_view text, size_t at) {
  size_t end = at;
  for (size_t next = at;; next = end + 1) {
    size_t stop = next;
    while (stop < text.size() && is_version_char(text[stop])) ++stop;
    if (stop == next) return end;
    end = stop;
    if (end == text.size() || text[end] != '.') return end;
  }
}

bool is_numeric(std::string_view text) { return std::ranges::all_of(text, is_digit); }

/// semver.org 9: numeric identifiers of a prerelease have no leading zeros.
bool has_leading_zero(std::string_view identifiers) {
  while (!identifiers.empty()) {
    const size_t dot = std::min(identifiers.find('.'), identifiers.size());
    const std::string_view one = identifiers.substr(0, dot);
    if (one.size() > 1 && one[0] == '0' && is_numeric(one)) return true;
    identifiers.remove_prefix(std::min(dot + 1, identifiers.size()));
  }
  return false;
}

bool read_number(std::string_view text, size_t begin, size_t end, uint64_t& out) {
  const auto [stop, code] = std::from_chars(text.data() + begin, text.data() + end, out);
  return code == std::errc() && stop == text.data() + end && end > begin;
}

std::weak_ordering compare_identifier(std::string_view a, std::string_view b) {
  const bool a_numeric = is_numeric(a);
  if (a_numeric != is_numeric(b)) return a_numeric ? std::weak_ordering::less : std::weak_ordering::greater;
  if (a_numeric && a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

std::weak_ordering compare_prerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();  // a release comes behind its prereleases
  while (!a.empty() && !b.empty()) {
    const size_t a_dot = std::min(a.find('.'), a.size());
    const size_t b_dot = std::min(b.find('.'), b.size());
    const std::weak_ordering order = compare_identifier(a.substr(0, a_dot), b.substr(0, b_dot));
    if (order != 0) return order;
    a.remove_prefix(std::min(a_dot + 1, a.size()));
    b.remove_prefix(std::min(b_dot + 1, b.size()));
  }
  return a.size() <=> b.size();
}

}  // namespace

std::string Version::str() const {
  std::string out = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  if (!pre.empty()) out += "-" + pre;
  if (!build.empty()) out += "+" + build;
  return out;
}

size_t version_length(std::string_view text) {
  size_t at = 0;
  for (int i = 0; i < 3; ++i) {
    if (i > 0) {
      if (at == text.size() || text[at] != '.') return 0;
      ++at;
    }
    const size_t end = number_end(text, at);
    if (end == at) return 0;
    at = end;
  }
  for (const char mark : {'-', '+'}) {
    if (at == text.size() || text[at] != mark) continue;
    const size_t end = identifiers_end(text, at + 1);
    if (end == at + 1) return 0;
    at = end;
  }
  return at;
}

std::optional<Version> parse_version(std::string_view text) {
  if (text.empty() || version_length(text) != text.size()) return std::nullopt;
  Version version;
  const size_t dot = text.find('.');
  const size_t dot2 = text.find('.', dot + 1);
  const size_t patch_end = number_end(text, dot2 + 1);
  if (!read_number(text, 0, dot, version.major) || !read_number(text, dot + 1, dot2, version.minor) ||
      !read_number(text, dot2 + 1, patch_end, version.patch)) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(patch_end);
  const size_t plus = rest.find('+');
  if (plus != rest.npos) version.build = rest.substr(plus + 1);
  rest = rest.substr(0, plus);
  if (!rest.empty()) version.pre = rest.substr(1);
  if (has_leading_zero(version.pre)) return std::nullopt;
  return version;
}

std::weak_ordering precedence(const Version& a, const Version& b) {
  if (a.major != b.major) return a.major <=> b.major;
  if (a.minor != b.minor) return a.minor <=> b.minor;
  if (a.patch != b.patch) return a.patch <=> b.patch;
  return compare_prerelease(a.pre, b.pre);
}

std::string canonical_version(const Version& version) {
  if (version.major > 0) return std::to_string(version.major);
  if (version.minor > 0) return "0." + std::to_string(version.minor);
  return "0.0." + std::to_string(version.patch);
}

std::optional<std::string> semver_track(const Version& version) {
  if (!version.pre.empty() || (version.major == 0 && version.minor == 0)) return std::nullopt;
  return canonical_version(version);
}

std::string PackageName::str() const { return version ? base() + "@" + version->str() : base(); }

std::string InterfaceName::str() const {
  std::string out = package.base() + "/" + name;
  if (package.version) out += "@" + package.version->str();
  return out;
}

std::optional<InterfaceName> parse_interface_name(std::string_view text) {
  InterfaceName out;
  const size_t at = text.find('@');
  if (at != text.npos) {
    out.package.version = parse_version(text.substr(at + 1));
    if (!out.package.version) return std::nullopt;
    text = text.substr(0, at);
  }
  const size_t colon = text.find(':');
  const size_t slash = text.find('/');
  if (colon == text.npos || slash == text.npos || slash < colon) return std::nullopt;
  out.package.ns = text.substr(0, colon);
  out.package.name = text.substr(colon + 1, slash - colon - 1);
  out.name = text.substr(slash + 1);
  if (package_label_problem(out.package.ns) || package_label_problem(out.package.name) || label_problem(out.name))
    return std::nullopt;
  return out;
}

bool compatible(const InterfaceName& wanted, const InterfaceName& have) {
  if (wanted.name != have.name || wanted.package.base() != have.package.base()) return false;
  if (wanted.package.version == have.package.version) return true;
  if (!wanted.package.version || !have.package.version) return false;
  const std::optional<std::string> track = semver_track(*wanted.package.version);
  return track && track == semver_track(*have.package.version);
}

std::optional<size_t> best_match(const InterfaceName& wanted, std::span<const InterfaceName> have) {
  std::optional<size_t> best;
  for (size_t i = 0; i < have.size(); ++i) {
    if (!compatible(wanted, have[i])) continue;
    if (have[i] == wanted) return i;
    // Two compatible names that differ both have a version.
    if (!best || precedence(*have[i].package.version, *have[*best].package.version) > 0) best = i;
  }
  return best;
}

const char* label_problem(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (is_digit(text[0])) return "it begins with a digit";
  while (true) {
    const size_t dash = std::min(text.find('-'), text.size());
    const std::string_view part = text.substr(0, dash);
    if (part.empty()) return "each '-' stands between two words";
    const bool lower = std::ranges::any_of(part, is_lower);
    const bool upper = std::ranges::any_of(part, is_upper);
    if (lower && upper) return "upper and lower case are mixed in a word";
    if (!std::ranges::all_of(part, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); })) {
      return "expected letters, digits and '-'";
    }
    if (dash == text.size()) return nullptr;
    text.remove_prefix(dash + 1);
  }
}

const char* package_label_problem(std::string_view text) {
  if (const char* problem = label_problem(text)) return problem;
  return std::ranges::any_of(text, is_upper) ? "namespaces and packages are in lower case" : nullptr;
}

std::string canonical_label(std::string_view label) {
  std::string out(label);
  for (char& c : out) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_keyword(std::string_view label) { return std::ranges::binary_search(kKeywords, label); }

}  // namespace ashlar::wit

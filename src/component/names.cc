// The grammar of names.
#include "component/names.h"

#include <algorithm>

namespace ashlar::component {

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

/// Takes what is before the first `end` (all when there is none) off `text`.
std::string_view take_until(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(at);
  return out;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Words in lower case, the first beginning with a letter: namespaces and packages.
bool is_words(std::string_view text) { return is_label(text) && std::ranges::none_of(text, is_upper); }

bool is_number(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  // As much as 64 bits hold: nobody can compare more.
  return text.size() <= 19 && std::ranges::all_of(text, is_digit);
}

/// Identifiers with dots between them; `numbers`: those of digits have no leading zero.
bool is_identifiers(std::string_view text, bool numbers) {
  while (true) {
    const std::string_view part = take_until(text, '.');
    if (part.empty() || !std::ranges::all_of(part, [](char c) { return is_alphanumeric(c) || c == '-'; })) return false;
    if (numbers && part.size() > 1 && part[0] == '0' && std::ranges::all_of(part, is_digit)) return false;
    if (text.empty()) return true;
    text.remove_prefix(1);
  }
}

// --- dependencies, urls, hashes

std::string bracket_expected(std::string_view rest, char bracket) {
  return std::string("`") + bracket + "` expected at " + quoted(rest);
}

std::string parse_package(std::string_view& rest, std::string_view ends, Gates gates) {
  const size_t size = std::min(rest.find_first_of(ends), rest.size());
  std::string_view path = rest.substr(0, size);
  rest.remove_prefix(size);
  const std::string whole(path);
  for (uint32_t parts = 1;; ++parts) {
    const bool nested = gates.has(Gate::NestedNames);
    const size_t at = path.find_first_of(nested ? ":/" : ":");
    if (!is_words(path.substr(0, at))) return quoted(path.substr(0, at)) + " is no package or namespace";
    if (at == std::string_view::npos) return parts > 1 ? std::string() : quoted(whole) + " has no namespace";
    path.remove_prefix(at + 1);
    if (parts == 2 && !nested) return quoted(whole) + " has more than a namespace and a package";
  }
}

std::string parse_range(std::string_view range) {
  const auto version = [&](std::string_view text) -> std::string {
    return is_semver(text) ? std::string() : quoted(text) + " is no semantic version";
  };
  if (take(range, ">=")) {
    const std::string_view low = take_until(range, ' ');
    if (std::string wrong = version(low); !wrong.empty() || range.empty()) return wrong;
    range.remove_prefix(1);
  }
  if (!take(range, "<")) return "`>=` or `<` expected at " + quoted(range);
  return version(range);
}

std::string parse_hash(std::string_view rest) {
  bool any = false;
  while (!rest.empty()) {
    if (take(rest, " ")) continue;
    any = true;
    std::string_view hash = take_until(rest, ' ');
    if (!take(hash, "sha256") && !take(hash, "sha384") && !take(hash, "sha512")) {
      return quoted(hash) + " begins with no known hash algorithm";
    }
    if (!take(hash, "-")) return "`-` expected at " + quoted(hash);
    std::string_view base64 = take_until(hash, '?');
    const size_t digits =
        std::ranges::find_if_not(base64, [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; }) -
        base64.begin();
    const std::string_view padding = base64.substr(digits);
    if (digits == 0 || (padding != "" && padding != "=" && padding != "==")) return quoted(base64) + " is no base64";
  }
  return any ? std::string() : "the hash is empty";
}

/// ",integrity=<...>" or nothing.
std::string parse_integrity(std::string_view rest) {
  if (rest.empty()) return {};
  if (!take(rest, ",integrity=<")) return "unexpected " + quoted(rest);
  const std::string_view hash = take_until(rest, '>');
  if (rest != ">") return rest.empty() ? bracket_expected(rest, '>') : "unexpected " + quoted(rest);
  return parse_hash(hash);
}

std::string parse_dependency(std::string_view rest, bool locked, Gates gates) {
  if (!take(rest, "<")) return bracket_expected(rest, '<');
  if (std::string wrong = parse_package(rest, "@>", gates); !wrong.empty()) return wrong;
  if (take(rest, "@")) {
    if (locked) {
      const std::string_view version = take_until(rest, '>');
      if (!is_semver(version)) return quoted(version) + " is no semantic version";
    } else if (!take(rest, "*")) {
      if (!take(rest, "{")) return bracket_expected(rest, '{');
      const std::string_view range = take_until(rest, '}');
      if (!take(rest, "}")) return bracket_expected(rest, '}');
      if (std::string wrong = parse_range(range); !wrong.empty()) return wrong;
    }
  }
  if (!take(rest, ">")) return bracket_expected(rest, '>');
  if (locked) return parse_integrity(rest);
  return rest.empty() ? std::string() : "unexpected " + quoted(rest);
}

std::string parse_url(std::string_view rest) {
  if (!take(rest, "<")) return bracket_expected(rest, '<');
  const std::string_view url = take_until(rest, '>');
  if (!take(rest, ">")) return bracket_expected(rest, '>');
  if (url.find('<') != std::string_view::npos) return "a url cannot contain `<`";
  return parse_integrity(rest);
}

// --- interfaces and plain names

std::string parse_interface(std::string_view name, Gates gates, ParsedName& out) {
  out.kind = NameKind::Interface;
  const bool nested = gates.has(Gate::NestedNames);
  std::string_view path = take_until(name, '@');
  size_t colons = std::ranges::count(path, ':');
  for (size_t i = 0; i < colons; ++i) {
    const std::string_view part = take_until(path, ':');
    path.remove_prefix(1);
    if (!is_words(part)) return quoted(part) + " is no namespace: words in lower case";
  }
  if (colons > 1 && !nested) return "one namespace is allowed (several need the feature nested-names)";
  const std::string_view package = take_until(path, '/');
  if (!is_words(package)) return quoted(package) + " is no package: words in lower case";
  if (path.empty()) return "`/` expected behind " + quoted(package);
  for (uint32_t parts = 0; !path.empty(); ++parts) {
    path.remove_prefix(1);
    const std::string_view part = take_until(path, '/');
    if (!is_label(part)) return quoted(part) + " is no label";
    if (parts > 0 && !nested) return "one interface is allowed (several need the feature nested-names)";
  }
  if (name.empty()) return {};
  out.version = name.substr(1);
  if (is_semver(out.version)) return {};
  if (gates.has(Gate::CanonicalNames) && is_canonical_version(out.version)) return {};
  return quoted(out.version) + " is no semantic version";
}

std::string parse_annotated(std::string_view rest, ParsedName& out) {
  const bool constructor = out.kind == NameKind::Constructor;
  out.resource = constructor ? rest : take_until(rest, '.');
  if (!is_label(out.resource)) return quoted(out.resource) + " is no label";
  if (constructor) return {};
  if (!take(rest, ".")) return "`.` expected behind " + quoted(out.resource);
  return is_label(rest) ? std::string() : quoted(rest) + " is no label";
}

}  // namespace

bool is_label(std::string_view text) {
  if (text.empty() || is_digit(text[0])) return false;
  while (true) {
    const std::string_view part = take_until(text, '-');
    if (part.empty() || !std::ranges::all_of(part, is_alphanumeric)) return false;
    if (std::ranges::any_of(part, is_lower) && std::ranges::any_of(part, is_upper)) return false;
    if (text.empty()) return true;
    text.remove_prefix(1);
  }
}

bool is_semver(std::string_view text) {
  if (!is_number(take_until(text, '.')) || !take(text, ".")) return false;
  if (!is_number(take_until(text, '.')) || !take(text, ".")) return false;
  const size_t at = std::min(text.find_first_of("-+"), text.size());
  if (!is_number(text.substr(0, at))) return false;
  text.remove_prefix(at);
  if (take(text, "-") && !is_identifiers(take_until(text, '+'), true)) return false;
  return text.empty() || (take(text, "+") && is_identifiers(text, false));
}

bool is_canonical_version(std::string_view text) {
  if (text == "0.0.0") return true;
  if (take(text, "0.")) take(text, "0.");
  return is_number(text) && text != "0";
}

std::string parse_name(std::string_view name, bool imports, Gates gates, ParsedName& out) {
  out = {};
  std::string_view rest = name;
  if (take(rest, "[")) {
    const std::string_view annotation = take_until(rest, ']');
    take(rest, "]");
    if (annotation == "constructor") {
      out.kind = NameKind::Constructor;
    } else if (annotation == "method") {
      out.kind = NameKind::Method;
    } else if (annotation == "static") {
      out.kind = NameKind::Static;
    } else {
      return quoted(annotation) + " is no known annotation";
    }
    return parse_annotated(rest, out);
  }
  for (const bool locked : {true, false}) {
    if (!take(rest, locked ? "locked-dep=" : "unlocked-dep=")) continue;
    out.kind = NameKind::Dependency;
    return imports ? parse_dependency(rest, locked, gates) : "dependencies are imported, not exported";
  }
  if (take(rest, "url=")) {
    out.kind = NameKind::Url;
    return imports ? parse_url(rest) : "urls are imported, not exported";
  }
  if (take(rest, "integrity=")) {
    out.kind = NameKind::Hash;
    return imports ? parse_integrity("," + std::string(name)) : "hashes are imported, not exported";
  }
  if (name.find(':') != std::string_view::npos) return parse_interface(name, gates, out);
  return is_label(name) ? std::string() : "it is no label (words of one case with hyphens between them)";
}

std::string label_key(std::string_view label) {
  std::string out;
  out.reserve(label.size());
  for (const char c : label) {
    if (c != '-') out += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string name_key(std::string_view name) {
  std::string_view rest = name;
  if (take(rest, "[method]") || take(rest, "[static]")) {
    const std::string out = label_key(rest);
    const size_t dot = out.find('.');
    const bool twice = dot != std::string::npos && std::string_view(out).substr(0, dot) == out.substr(dot + 1);
    return twice ? out.substr(0, dot) : out;
  }
  if (name.find('<') != std::string_view::npos) return std::string(name);
  // Versions tell names apart as they stand.
  const size_t at = std::min(name.find('@'), name.size());
  return label_key(name.substr(0, at)) + std::string(name.substr(at));
}

}  // namespace ashlar::component

// Hosts, paths and methods; see router.h.
#include "serve/router.h"

#include <algorithm>
#include <set>

namespace ashlar::serve {

namespace {

constexpr std::string_view kGet = "GET", kHead = "HEAD";

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == ':' || c == '[' ||
         c == ']';
}

/// Of Entry::host.
bool host_matches(std::string_view pattern, std::string_view host) {
  if (pattern.empty()) return true;
  if (pattern[0] != '.') return pattern == host;
  return host.size() > pattern.size() && host.ends_with(pattern);
}

/// Hosts by name first, longer names below which all are meant, then any.
int compare_hosts(const std::string& a, const std::string& b) {
  const auto rank = [](const std::string& host) { return host.empty() ? 2 : host[0] == '.' ? 1 : 0; };
  if (rank(a) != rank(b)) return rank(a) - rank(b);
  if (a.size() != b.size()) return a.size() > b.size() ? -1 : 1;
  return a.compare(b);
}

bool method_matches(const std::vector<std::string>& methods, std::string_view method) {
  if (methods.empty()) return true;
  return std::ranges::any_of(methods,
                             [&](const std::string& m) { return m == method || (m == kGet && method == kHead); });
}

/// The part before the next slash; `path` begins behind it, or is done.
std::string_view take_piece(std::string_view& path, bool& more) {
  const size_t slash = path.find('/');
  const std::string_view out = path.substr(0, slash);
  more = slash != path.npos;
  path = more ? path.substr(slash + 1) : std::string_view();
  return out;
}

}  // namespace

std::string host_of(std::string_view authority) {
  const size_t closed = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  if (colon != authority.npos && (closed == authority.npos || closed < colon)) authority = authority.substr(0, colon);
  if (authority.ends_with('.')) authority.remove_suffix(1);
  std::string out(authority);
  std::ranges::transform(out, out.begin(), small);
  return out;
}

bool is_host_pattern(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  return !text.empty() && text[0] != '.' &&
         std::ranges::all_of(text, [](char c) { return is_host_character(small(c)); }) &&
         host_of(text).size() == text.size();
}

std::expected<PathPattern, std::string> PathPattern::parse(std::string_view text) {
  PathPattern out;
  if (text == "*") text = "/*";
  if (!text.starts_with('/')) return std::unexpected("does not begin with '/'");
  if (text.find_first_of("?#") != text.npos) return std::unexpected("has a query");
  text.remove_prefix(1);
  for (bool more = true; more;) {
    const std::string_view piece = take_piece(text, more);
    const bool last = !more;
    const bool braces = piece.starts_with('{') && piece.ends_with('}');
    const std::string_view name = braces ? piece.substr(1, piece.size() - 2) : std::string_view();
    if (last && (piece.empty() || piece == "*")) {
      out.pieces_.push_back({Kind::Rest, {}});
    } else if (braces && name.ends_with("...")) {
      if (!last) return std::unexpected("has '" + std::string(piece) + "' before its end");
      if (name.size() == 3) return std::unexpected("has no name in its braces");
      out.pieces_.push_back({Kind::Rest, {}});
    } else if (braces) {
      if (name.empty()) return std::unexpected("has no name in its braces");
      out.pieces_.push_back({Kind::Name, {}});
    } else if (piece.find_first_of("{}*") != piece.npos) {
      return std::unexpected("has '" + std::string(piece) +
                             "' in it, where {name} or '*' would stand alone between slashes");
    } else {
      out.pieces_.push_back({Kind::Text, std::string(piece)});
    }
  }
  return out;
}

bool PathPattern::matches(std::string_view path) const {
  if (!path.starts_with('/')) return pieces_.size() == 1 && pieces_[0].kind == Kind::Rest;
  path.remove_prefix(1);
  bool more = true;
  for (const Piece& piece : pieces_) {
    if (!more) return false;
    if (piece.kind == Kind::Rest) return true;
    const std::string_view text = take_piece(path, more);
    if (piece.kind == Kind::Text ? text != piece.text : text.empty()) return false;
  }
  return !more;
}

int PathPattern::compare(const PathPattern& other) const {
  for (size_t i = 0; i < pieces_.size() && i < other.pieces_.size(); ++i) {
    const Piece &a = pieces_[i], &b = other.pieces_[i];
    if (a.kind != b.kind) return static_cast<int>(a.kind) - static_cast<int>(b.kind);
    if (const int text = a.text.compare(b.text)) return text;
  }
  if (pieces_.size() == other.pieces_.size()) return 0;
  return pieces_.size() > other.pieces_.size() ? -1 : 1;
}

bool Router::before(const Entry& a, const Entry& b) {
  if (const int hosts = compare_hosts(a.host, b.host)) return hosts < 0;
  if (const int paths = a.path.compare(b.path)) return paths < 0;
  if (a.methods.empty() != b.methods.empty()) return b.methods.empty();
  return a.route < b.route;
}

std::expected<Router, std::string> Router::make(const std::vector<RouteMatch>& routes) {
  Router out;
  for (size_t route = 0; route < routes.size(); ++route) {
    const RouteMatch& match = routes[route];
    const std::vector<std::string> every_host = {""}, every_path = {"/"};
    for (const std::string& host : match.hosts.empty() ? every_host : match.hosts) {
      const bool below = host.starts_with("*.");
      for (const std::string& path : match.paths.empty() ? every_path : match.paths) {
        auto pattern = PathPattern::parse(path);
        if (!pattern) return std::unexpected("'" + path + "' " + pattern.error());
        out.entries_.push_back({host_of(below ? std::string_view(host).substr(1) : host), std::move(*pattern), path,
                                match.methods, route});
      }
    }
  }
  std::ranges::sort(out.entries_, before);
  return out;
}

std::vector<Router::Clash> Router::clashes() const {
  std::vector<Clash> out;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& a = entries_[i];
    for (size_t j = i + 1; j < entries_.size(); ++j) {
      const Entry& b = entries_[j];
      if (compare_hosts(a.host, b.host) != 0 || a.path.compare(b.path) != 0) break;
      if (a.methods.empty() != b.methods.empty()) continue;
      const auto shared = std::ranges::find_first_of(a.methods, b.methods);
      if (!a.methods.empty() && shared == a.methods.end()) continue;
      const std::string method = a.methods.empty() ? "" : *shared + " ";
      const std::string host = a.host.starts_with('.') ? "*" + a.host : a.host;
      out.push_back({std::min(a.route, b.route), std::max(a.route, b.route), method + host + a.shown});
    }
  }
  return out;
}

Router::Found Router::find(std::string_view method, std::string_view authority, std::string_view target) const {
  const std::string host = host_of(authority);
  const std::string_view path = target.substr(0, target.find('?'));
  Found out;
  std::set<std::string_view> allowed;
  for (const Entry& entry : entries_) {
    if (!host_matches(entry.host, host) || !entry.path.matches(path)) continue;
    if (method_matches(entry.methods, method)) return {entry.route, {}};
    allowed.insert(entry.methods.begin(), entry.methods.end());
  }
  if (allowed.contains(kGet)) allowed.insert(kHead);
  for (const std::string_view name : allowed) out.allow += (out.allow.empty() ? "" : ", ") + std::string(name);
  return out;
}

}  // namespace ashlar::serve

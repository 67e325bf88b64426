// Which route a request belongs to: hosts, paths and methods, the most specific first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::serve {

/// Requests that a route answers. Hosts and paths are alternatives; without any, all are meant.
struct RouteMatch {
  std::vector<std::string> hosts;    ///< "example.org", or "*.example.org": all names below it
  std::vector<std::string> paths;    ///< see PathPattern::parse
  std::vector<std::string> methods;  ///< "GET" is "HEAD", too
};

/// "example.org" in small letters, without a port. Empty for what is no host.
std::string host_of(std::string_view authority);
bool is_host_pattern(std::string_view text);

/// "/health" is that path alone; "/api/" and all below it, also written "/api/*"; "*" is every path. A piece "{name}"
/// is any one that is not empty, and "{name...}" at the end the rest.
class PathPattern {
 public:
  /// Errors: what is wrong, as the end of a sentence: "... has an empty name in braces".
  static std::expected<PathPattern, std::string> parse(std::string_view text);
  /// `path`: without a query, as it was sent: nothing is decoded or resolved.
  bool matches(std::string_view path) const;
  /// Below 0: this is more specific. The first pieces that differ decide: a text, then a name, then the rest. 0: both
  /// match the same paths.
  int compare(const PathPattern& other) const;

 private:
  enum class Kind : uint8_t { Text, Name, Rest };
  struct Piece {
    Kind kind;
    std::string text;
  };
  std::vector<Piece> pieces_;  ///< what stands between slashes; Rest is the last
};

/// Immutable. Any thread.
class Router {
 public:
  /// Two routes that would answer the same requests.
  struct Clash {
    size_t first, second;
    std::string what;  ///< "GET example.org/api/"
  };
  /// A path that is no pattern: see PathPattern::parse; hosts must be patterns.
  static std::expected<Router, std::string> make(const std::vector<RouteMatch>& routes);
  std::vector<Clash> clashes() const;

  struct Found {
    static constexpr size_t kNone = ~size_t{0};
    size_t route = kNone;
    std::string allow;  ///< without a route: methods that the path has, "GET, HEAD"; empty: none
  };
  /// `target`: path and query.
  Found find(std::string_view method, std::string_view authority, std::string_view target) const;

 private:
  struct Entry {
    std::string host;  ///< "" any, ".example.org" all below
    PathPattern path;
    std::string shown;  ///< the path as it was written
    std::vector<std::string> methods;
    size_t route;
  };
  static bool before(const Entry& a, const Entry& b);
  std::vector<Entry> entries_;  ///< the most specific first
};

}  // namespace ashlar::serve

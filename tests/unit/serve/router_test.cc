// Which route a request belongs to.
#include "serve/router.h"

#include <gtest/gtest.h>

namespace ashlar::serve {
namespace {

Router router(const std::vector<RouteMatch>& routes) { return Router::make(routes).value(); }

bool matches(const char* pattern, const char* path) { return PathPattern::parse(pattern).value().matches(path); }

TEST(PathPattern, Exact) {
  EXPECT_TRUE(matches("/health", "/health"));
  EXPECT_FALSE(matches("/health", "/health/"));
  EXPECT_FALSE(matches("/health", "/healthy"));
  EXPECT_FALSE(matches("/health", "/"));
  EXPECT_TRUE(matches("/a//b", "/a//b"));
  EXPECT_FALSE(matches("/a//b", "/a/b"));
}

TEST(PathPattern, Below) {
  for (const char* pattern : {"/api/", "/api/*", "/api/{rest...}"}) {
    EXPECT_TRUE(matches(pattern, "/api/")) << pattern;
    EXPECT_TRUE(matches(pattern, "/api/a/b")) << pattern;
    EXPECT_FALSE(matches(pattern, "/api")) << pattern;
    EXPECT_FALSE(matches(pattern, "/apis/")) << pattern;
  }
  for (const char* pattern : {"/", "*", "/*"}) {
    EXPECT_TRUE(matches(pattern, "/")) << pattern;
    EXPECT_TRUE(matches(pattern, "/a/b")) << pattern;
    EXPECT_TRUE(matches(pattern, "*")) << "OPTIONS * meets what answers everything";
  }
  EXPECT_FALSE(matches("/api/", "*"));
}

TEST(PathPattern, Names) {
  EXPECT_TRUE(matches("/users/{id}", "/users/7"));
  EXPECT_FALSE(matches("/users/{id}", "/users/"));
  EXPECT_FALSE(matches("/users/{id}", "/users/7/posts"));
  EXPECT_TRUE(matches("/users/{id}/posts", "/users/7/posts"));
  EXPECT_TRUE(matches("/users/{id}/", "/users/7/"));
  EXPECT_FALSE(matches("/users/{id}/", "/users//"));
}

TEST(PathPattern, Mistakes) {
  for (const char* text : {"", "api", "/a?b", "/a#b", "/{}", "/{...}", "/{a...}/b", "/a*", "/a{b}", "/*/b", "/{a"}) {
    const auto got = PathPattern::parse(text);
    EXPECT_FALSE(got.has_value()) << text;
  }
}

TEST(Router, MostSpecificPath) {
  const Router r = router({{{}, {"/"}, {}},
                           {{}, {"/users/"}, {}},
                           {{}, {"/users/{id}"}, {}},
                           {{}, {"/users/me"}, {}},
                           {{}, {"/users/{id}/posts"}, {}}});
  EXPECT_EQ(r.find("GET", "h", "/").route, 0u);
  EXPECT_EQ(r.find("GET", "h", "/other").route, 0u);
  EXPECT_EQ(r.find("GET", "h", "/users/").route, 1u);
  EXPECT_EQ(r.find("GET", "h", "/users/7?x=/users/me").route, 2u);
  EXPECT_EQ(r.find("GET", "h", "/users/me").route, 3u);
  EXPECT_EQ(r.find("GET", "h", "/users/me/posts").route, 4u);
  EXPECT_EQ(r.find("GET", "h", "/users/7/posts").route, 4u);
  EXPECT_EQ(r.find("GET", "h", "/users/7/likes").route, 1u);
  EXPECT_TRUE(r.clashes().empty());
}

TEST(Router, Hosts) {
  const Router r = router({{{}, {}, {}},
                           {{"Example.org"}, {}, {}},
                           {{"*.example.org"}, {}, {}},
                           {{"*.eu.example.org", "localhost"}, {}, {}}});
  EXPECT_EQ(r.find("GET", "", "/").route, 0u);
  EXPECT_EQ(r.find("GET", "other.org", "/").route, 0u);
  EXPECT_EQ(r.find("GET", "notexample.org", "/").route, 0u);
  EXPECT_EQ(r.find("GET", "EXAMPLE.ORG:8080", "/").route, 1u);
  EXPECT_EQ(r.find("GET", "example.org.", "/").route, 1u);
  EXPECT_EQ(r.find("GET", "a.example.org", "/").route, 2u);
  EXPECT_EQ(r.find("GET", "a.b.example.org", "/").route, 2u);
  EXPECT_EQ(r.find("GET", "eu.example.org", "/").route, 2u);
  EXPECT_EQ(r.find("GET", "a.eu.example.org", "/").route, 3u);
  EXPECT_EQ(r.find("GET", "localhost:80", "/").route, 3u);
  EXPECT_EQ(r.find("GET", "[::1]:80", "/").route, 0u);
  EXPECT_EQ(host_of("[::1]:80"), "[::1]");
  EXPECT_TRUE(is_host_pattern("*.example.org") && is_host_pattern("a-b.org") && is_host_pattern("[::1]"));
  for (const char* text : {"", "*", "*.", ".org", "a b", "a/b", "a.*.org", "a.org:80", "a.org."}) {
    EXPECT_FALSE(is_host_pattern(text)) << text;
  }
}

// A host of its own does not hide what all hosts have.
TEST(Router, FallsBack) {
  const Router r = router({{{"example.org"}, {"/a"}, {}}, {{}, {"/"}, {}}, {{}, {"/only"}, {"POST"}}});
  EXPECT_EQ(r.find("GET", "example.org", "/a").route, 0u);
  EXPECT_EQ(r.find("GET", "example.org", "/b").route, 1u);
  EXPECT_EQ(r.find("GET", "example.org", "/only").route, 1u);
  EXPECT_EQ(r.find("POST", "example.org", "/only").route, 2u);
}

TEST(Router, Methods) {
  const Router r = router({{{}, {"/a"}, {"GET"}}, {{}, {"/a"}, {"POST", "PUT"}}, {{}, {"/b"}, {}}});
  EXPECT_EQ(r.find("GET", "h", "/a").route, 0u);
  EXPECT_EQ(r.find("HEAD", "h", "/a").route, 0u);
  EXPECT_EQ(r.find("PUT", "h", "/a").route, 1u);
  EXPECT_EQ(r.find("BREW", "h", "/b").route, 1u + 1u);
  const auto wrong = r.find("DELETE", "h", "/a");
  EXPECT_EQ(wrong.route, Router::Found::kNone);
  EXPECT_EQ(wrong.allow, "GET, HEAD, POST, PUT");
  const auto nothing = r.find("GET", "h", "/c");
  EXPECT_EQ(nothing.route, Router::Found::kNone);
  EXPECT_EQ(nothing.allow, "");
  EXPECT_EQ(r.find("get", "h", "/a").route, Router::Found::kNone);
}

TEST(Router, Clashes) {
  EXPECT_TRUE(router({{{}, {"/a"}, {"GET"}}, {{}, {"/a"}, {"PUT"}}, {{}, {"/a"}, {}}}).clashes().empty());
  const auto paths = router({{{}, {"/x"}, {}}, {{}, {"/u/{a}"}, {}}, {{}, {"/u/{b}"}, {}}}).clashes();
  ASSERT_EQ(paths.size(), 1u);
  EXPECT_EQ(paths[0].first, 1u);
  EXPECT_EQ(paths[0].second, 2u);
  EXPECT_EQ(paths[0].what, "/u/{a}");
  const auto methods = router({{{"*.a.org"}, {"/a"}, {"GET", "PUT"}}, {{"*.A.org"}, {"/a"}, {"PUT"}}}).clashes();
  ASSERT_EQ(methods.size(), 1u);
  EXPECT_EQ(methods[0].what, "PUT *.a.org/a");
}

}  // namespace
}  // namespace ashlar::serve

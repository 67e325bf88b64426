// Canonical text: what it looks like, and that it reads back as the same.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "wit/json.h"
#include "wit/load.h"
#include "wit/wit_text.h"

namespace ashlar::wit {
namespace {

using testing::must_resolve;
using testing::printed;

/// Prints, reads that, and prints again: both must be the same.
void expect_round_trip(const Resolved& resolved, const ResolveOptions& options) {
  for (const PackageId root : resolved.roots) {
    const std::string once = print_with_dependencies(resolved.model, root);
    const Resolved again = must_resolve(once, options);
    ASSERT_FALSE(again.roots.empty()) << once;
    EXPECT_EQ(print_with_dependencies(again.model, again.roots[0]), once);
    // The model is the same too, down to what worlds imply.
    for (const WorldId id : resolved.model[root].worlds) {
      const Result<WorldId> other = select_world(again.model, again.roots[0], resolved.model[id].name);
      ASSERT_TRUE(other) << other.error().render();
      EXPECT_EQ(resolved.model[id].imports.size(), again.model[*other].imports.size());
      EXPECT_EQ(resolved.model[id].exports.size(), again.model[*other].exports.size());
    }
  }
}

TEST(WitPrintTest, EveryKindOfType) {
  const char* text =
      "interface i {\n"
      "  type a = list<tuple<u8, s64, f32>>;\n"
      "  type b = list<char, 4>;\n"
      "  type c = map<string, option<error-context>>;\n"
      "  type d = result;\n"
      "  type e = result<u8>;\n"
      "  type f = result<_, string>;\n"
      "  type g = result<u8, string>;\n"
      "  type h = future;\n"
      "  type i = stream<future<bool>>;\n"
      "  resource r;\n"
      "  type j = own<r>;\n"
      "  type k = r;\n"
      "  type l = list<r>;\n"
      "  type m = borrow<k>;\n"
      "\n"
      "  record %type {\n"
      "    %u8: u8,\n"
      "  }\n"
      "\n"
      "  flags no-flags {}\n"
      "\n"
      "  variant v {\n"
      "    one,\n"
      "    two(list<%type>),\n"
      "  }\n"
      "\n"
      "  x: async func(y: borrow<r>) -> option<v>;\n"
      "}\n";
  EXPECT_EQ(printed(text), text);
}

TEST(WitPrintTest, ResourcesWorldsAndGates) {
  const char* text =
      "interface i {\n"
      "  resource r {\n"
      "    constructor(a: u8) -> result<r>;\n"
      "    m: async func();\n"
      "    s: static func() -> r;\n"
      "  }\n"
      "\n"
      "  resource q {\n"
      "    constructor();\n"
      "  }\n"
      "\n"
      "  /// Old.\n"
      "  ///\n"
      "  /// Very.\n"
      "  @since(version = 1.0.0)\n"
      "  @deprecated(version = 1.1.0)\n"
      "  f: func();\n"
      "}\n"
      "\n"
      "world base {\n"
      "  use i.{r, q as other};\n"
      "\n"
      "  record p {\n"
      "    a: u8,\n"
      "  }\n"
      "\n"
      "  import x: func(a: r, b: p);\n"
      "  import y: i;\n"
      "\n"
      "  export z: interface {\n"
      "    g: func();\n"
      "  }\n"
      "}\n"
      "\n"
      "world more {\n"
      "  import i;\n"
      "  include base with { x as x2, p as p2 }\n"
      "}\n";
  const std::string whole = "package a:b@1.2.0;\n\n" + std::string(text);
  EXPECT_EQ(printed(whole), text);
  expect_round_trip(must_resolve(whole), {});
}

TEST(WitPrintTest, DependenciesStandBehindInBraces) {
  const char* text =
      "package a:b;\n\ninterface i {\n  use c:d/j@1.0.0.{t};\n}\n"
      "\npackage c:d@1.0.0 {\n  interface j {\n    type t = u8;\n  }\n}\n";
  const Resolved resolved = must_resolve(std::string(text) + "package not:needed {}");
  EXPECT_EQ(print_with_dependencies(resolved.model, resolved.roots[0]), text);
}

/// The project's own definitions: they are canonical already.
TEST(WitPrintTest, OurDefinitionsRoundTrip) {
  namespace fs = std::filesystem;
  if (!fs::exists("wit/wasi-0.2.12")) GTEST_SKIP() << "not run in the project's folder";
  size_t packages = 0;
  for (const char* folder : {"wit/wasi-0.2.12", "wit/wasi-0.3", "wit/proposals"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      LoadOptions options;
      options.all_features = true;
      options.deps = {folder};
      const Result<Resolved> resolved = load({entry.path().string()}, options);
      ASSERT_TRUE(resolved) << resolved.error().render();
      expect_round_trip(*resolved, options);
      std::ifstream file(entry.path());
      const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      EXPECT_EQ(print_package(resolved->model, resolved->roots[0]), text) << entry.path();
      ++packages;
    }
  }
  EXPECT_EQ(packages, 16u);
}

TEST(WitPrintTest, Json) {
  const Resolved resolved = must_resolve(
      "package a:b@1.0.0; /// Docs.\n interface i { enum e { x } f: func(a: e) -> u8; } world w { export i; }");
  EXPECT_EQ(
      to_json(resolved.model),
      R"({"packages": [{"name": "a:b@1.0.0", "interfaces": [{"name": "i", "docs": "Docs.", "types": [{"name": "e", )"
      R"("kind": "enum", "cases": [{"name": "x"}]}], "functions": [{"name": "f", "kind": "function", "params": )"
      R"([{"name": "a", "type": "e"}], "result": "u8"}]}], "worlds": [{"name": "w", "imports": [], "exports": )"
      R"([{"name": "a:b/i@1.0.0", "origin": "written", "interface": "a:b/i@1.0.0"}]}]}]})");
}

}  // namespace
}  // namespace ashlar::wit

// Worlds: what they include and imply, and in which order.
#include "wit/wit_text.h"

namespace ashlar::wit {
namespace {

using testing::error_of;
using testing::must_resolve;
using testing::printed;

constexpr std::string_view kChain =
    "interface a { resource r; record x { f: u8 } } interface b { use a.{r}; } interface c { use b.{r}; } ";

/// The names of a world's imports, then '|', then those of its exports.
std::string items(std::string_view text, std::string_view world) {
  const Resolved resolved = must_resolve(text);
  if (resolved.roots.empty()) return {};
  const Result<WorldId> id = select_world(resolved.model, resolved.roots[0], world);
  if (!id) return id.error().message();
  std::string out;
  for (const WorldItem& item : resolved.model[*id].imports) out += resolved.model.extern_name(item) + " ";
  out += "|";
  for (const WorldItem& item : resolved.model[*id].exports) out += " " + resolved.model.extern_name(item);
  return out;
}

std::string with_chain(std::string_view text) { return std::string(kChain) + std::string(text); }

TEST(WitWorldTest, ImportsImplyWhatTheyUse) {
  EXPECT_EQ(items(with_chain("world w { import c; }"), "w"), "test:p/a test:p/b test:p/c |");
  EXPECT_EQ(items(with_chain("world w { import x: func(); import c; import a; }"), "w"),
            "x test:p/a test:p/b test:p/c |");
  EXPECT_EQ(items(with_chain("world w { import l: interface { use b.{r}; } }"), "w"), "test:p/a test:p/b l |");
  EXPECT_EQ(items(with_chain("world w { use b.{r}; export f: func(x: r); }"), "w"), "test:p/a test:p/b r | f");
}

TEST(WitWorldTest, ExportsTakeWhatIsExportedAndImportTheRest) {
  EXPECT_EQ(items(with_chain("world w { export c; }"), "w"), "test:p/a test:p/b | test:p/c");
  EXPECT_EQ(items(with_chain("world w { export c; export b; }"), "w"), "test:p/a | test:p/b test:p/c");
  EXPECT_EQ(items(with_chain("world w { export c; export b; export a; }"), "w"), "| test:p/a test:p/b test:p/c");
  EXPECT_EQ(
      error_of("package a:b; " + std::string(kChain) + "\nworld w { export c; export a; }"),
      "2:7: exported interface 'c' needs 'a:b/a' as an import and as an export: export what lies between them too");
  EXPECT_EQ(items(with_chain("world w { import a; export a; }"), "w"), "test:p/a | test:p/a");
}

TEST(WitWorldTest, IncludesAreUnions) {
  const char* text =
      "interface i {} interface j {} world one { import i; export j; import f: func(); }"
      " world two { import i; include one; } world three { include one; include one with { f as g } }";
  EXPECT_EQ(items(text, "two"), "test:p/i f | test:p/j");
  EXPECT_EQ(items(text, "three"), "test:p/i f g | test:p/j");
  EXPECT_EQ(error_of("package a:b;\nworld a { import f: func(); }\nworld b { include a; include a; }"),
            "3:30: duplicate import 'f' in world 'b': rename it, as in 'with { f as other-name }'");
  EXPECT_TRUE(error_of("package a:b;\ninterface i {}\nworld a { import i; }\nworld b { include a with { i as j } }")
                  .starts_with("4:28: world 'a' has no import, export or type 'i' to rename"));
}

TEST(WitWorldTest, IncludedTypesBelongToTheNewWorld) {
  const Resolved resolved = must_resolve(
      "world a { resource r { m: func(); } import f: func(x: list<r>) -> r; } world b { include a with { r as s } }");
  const World& world = resolved.model[WorldId{1}];
  ASSERT_EQ(world.imports.size(), 3u);
  EXPECT_EQ(world.imports[1].label, "[method]s.m");
  const TypeId s = std::get<TypeId>(world.imports[0].what);
  EXPECT_EQ(resolved.model[s].name, "s");
  EXPECT_EQ(std::get<WorldId>(resolved.model[s].owner), WorldId{1});
  EXPECT_EQ(std::get<Function>(world.imports[1].what).resource, s);
  const auto& function = std::get<Function>(world.imports[2].what);
  EXPECT_EQ(print_signature(resolved.model, function), "func(x: list<s>) -> s");
  const auto& handle = std::get<Handle>(resolved.model.definition(*function.result)->kind);
  EXPECT_EQ(handle.resource, s);
}

TEST(WitWorldTest, LabelsAndPaths) {
  const char* text =
      "interface store {} world w { import one: store; import two: store; import store; export handler: store; "
      "import store2:interface {} export f:async func(); }";
  EXPECT_EQ(items(text, "w"), "one two test:p/store store2 | handler f");
  EXPECT_EQ(error_of("package a:b;\ninterface i {}\nworld w { import x: i; import x: i; }"),
            "3:31: duplicate import or type 'x' in world 'w'");
  EXPECT_EQ(error_of("package a:b;\ninterface i {}\nworld w { import i; import i; }"),
            "3:28: duplicate import of interface 'i' in world 'w'");
  EXPECT_EQ(error_of("package a:b;\nworld w { import w2; }\nworld w2 {}"),
            "2:18: 'w2' is a world, expected an interface");
}

TEST(WitWorldTest, FlatWorldsStandAlone) {
  const char* text =
      "interface a { type t = u8; } interface b { use a.{t}; } world one { import b; } world two { include one; }";
  PrintOptions flat;
  flat.flat_worlds = true;
  EXPECT_TRUE(printed(text).ends_with("world two {\n  include one;\n}\n")) << printed(text);
  EXPECT_TRUE(printed(text, flat).ends_with("world two {\n  import a;\n  import b;\n}\n")) << printed(text, flat);
}

}  // namespace
}  // namespace ashlar::wit

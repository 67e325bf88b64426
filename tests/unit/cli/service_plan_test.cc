// Reading the file of a service.
#include "cli/service/service_plan.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace ashlar::cli {
namespace {

struct Read {
  ServicePlan plan;
  std::vector<std::string> mistakes;
};

Read read(const std::string& text) {
  auto parsed = parse_toml(text);
  EXPECT_TRUE(parsed.has_value());
  Read out;
  if (!parsed) return out;
  ServiceDefaults defaults;
  TomlReader reader("folder/a.toml", text);
  out.plan = read_service_plan(*parsed, defaults, reader);
  for (const Error& error : reader.take_mistakes()) out.mistakes.push_back(error.render());
  return out;
}

// /dev/null is there, and no folder.
constexpr const char* kRoute = "[[route]]\nmodule = '/dev/null'\n";

TEST(Toml, ValuesAndPlaces) {
  const auto parsed = parse_toml("a = 'täxt' # x\nb = [1, 2.5, true, 1979-05-27]\n[c.d]\n\"e f\" = {g = 1_000}\n");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->find("a")->text, "täxt");
  const TomlValue& list = *parsed->find("b");
  ASSERT_EQ(list.items.size(), 4u);
  EXPECT_EQ(list.items[1].text, "2.5");
  EXPECT_TRUE(list.items[2].on);
  EXPECT_EQ(list.items[3].kind, TomlValue::Kind::Time);
  EXPECT_EQ(list.items[0].offset, 21u) << "bytes, not characters";
  const TomlValue& inner = *parsed->find("c")->find("d")->find("e f");
  EXPECT_EQ(inner.find("g")->integer, 1000);
  EXPECT_EQ(inner.find("h"), nullptr);
}

TEST(Toml, DigestsTellTextsApart) {
  const auto digest = [](const char* text) { return toml_digest_text(parse_toml(text).value()); };
  EXPECT_EQ(digest("a = 1 # x\n"), digest("a=1"));
  EXPECT_NE(digest("a = 1"), digest("a = '1'"));
  EXPECT_NE(digest("a = ['b', 'c']"), digest("a = ['bc']"));
  EXPECT_NE(digest("a = {b = 1}"), digest("a = {}\nb = 1"));
}

TEST(Toml, Mistakes) {
  for (const char* text :
       {"a", "a = ", "a = 1\na = 2", "[a]\n[a]", "a = \"\\q\"", "a = 'x", "\xff = 1", "a = [1,, 2]"}) {
    const auto parsed = parse_toml(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_GE(parsed.error().line(), 1u) << text;
  }
  EXPECT_FALSE(parse_toml("a = " + std::string(100'000, '[')).has_value());
  EXPECT_FALSE(parse_toml("a = " + std::string(100'000, '{')).has_value());
}

TEST(ServicePlan, Defaults) {
  const Read got = read(kRoute);
  EXPECT_TRUE(got.mistakes.empty()) << got.mistakes[0];
  ASSERT_EQ(got.plan.routes.size(), 1u);
  EXPECT_EQ(got.plan.routes[0].name, "/");
  EXPECT_EQ(got.plan.service.listen.size(), 1u);
  EXPECT_EQ(got.plan.service.listen[0].address, "127.0.0.1:8080");
  EXPECT_TRUE(got.plan.watch);
}

TEST(ServicePlan, Server) {
  const Read got = read(std::string("listen = [':80', {address = ':443', cert = 'c.pem', key = '/k.pem'}]\n"
                                    "[server]\nthreads = 3\nmax_connections = 7\nmax_header = '2K'\nmax_body = 4096\n"
                                    "max_requests = 5\nidle_timeout = 1.5\ndrain_timeout = '2m'\nwatch = false\n") +
                        kRoute);
  ASSERT_TRUE(got.mistakes.empty()) << got.mistakes[0];
  const serve::ServiceOptions& options = got.plan.service;
  ASSERT_EQ(options.listen.size(), 2u);
  EXPECT_EQ(options.listen[0].address, ":80");
  EXPECT_EQ(options.listen[1].certificate, "folder/c.pem");
  EXPECT_EQ(options.listen[1].key, "/k.pem");
  EXPECT_EQ(options.loops, 3u);
  EXPECT_EQ(options.limits.connections, 7u);
  EXPECT_EQ(options.limits.header_bytes, 2048u);
  EXPECT_EQ(options.limits.body_bytes, 4096u);
  EXPECT_EQ(options.requests, 5u);
  EXPECT_EQ(options.limits.idle_time, std::chrono::milliseconds(1500));
  EXPECT_EQ(options.drain_time, std::chrono::minutes(2));
  EXPECT_FALSE(got.plan.watch);
  const Read tables = read(std::string("[[listen]]\naddress = ':1'\n[[listen]]\naddress = ':2'\n") + kRoute);
  ASSERT_TRUE(tables.mistakes.empty()) << tables.mistakes[0];
  EXPECT_EQ(tables.plan.service.listen.size(), 2u);
}

TEST(ServicePlan, Route) {
  const Read got = read(std::string(kRoute) +
                        "name = 'n'\nhost = 'a.org'\npath = ['/a', '/b/']\nmethods = ['GET']\nkind = 'cgi'\n"
                        "args = ['x', 'y']\nenv = {A = 'b', N = 1}\ndirs = ['/:/:ro', {host = '/tmp', ro = true}]\n"
                        "allow_http = ['a.org', 'b.org:80']\nallow_net = '1.2.3.4:5'\nconfig = {c = 'd'}\n"
                        "keyvalue = {k = 'sqlite:x.db'}\nlogging = 'warn'\ntimeout = '5s'\nmax_memory = '1M'\n"
                        "max_stack = '128K'\nfuel = 9\nmax_requests = 4\ntier = 'interp'\nallow_name_lookup = true\n");
  // "/:/" is one name: "::" would split it.
  ASSERT_EQ(got.mistakes.size(), 1u);
  EXPECT_NE(got.mistakes[0].find("dirs: '/:/' is not there"), std::string::npos) << got.mistakes[0];
  const RoutePlan& route = got.plan.routes[0];
  EXPECT_EQ(route.name, "n");
  EXPECT_EQ(route.match.paths.size(), 2u);
  EXPECT_EQ(route.kind, "cgi");
  EXPECT_EQ(route.run.wasi.args, (std::vector<std::string>{"null", "x", "y"}));
  EXPECT_EQ(route.run.wasi.env.size(), 2u);
  ASSERT_EQ(route.run.wasi.dirs.size(), 1u);
  EXPECT_TRUE(route.run.wasi.dirs[0].read_only);
  EXPECT_EQ(route.run.wasi.dirs[0].guest, "/tmp");
  EXPECT_TRUE(route.http->allows_host("b.org", 80));
  EXPECT_EQ(route.run.wasi.config, std::vector<std::string>{"c=d"});
  ASSERT_EQ(route.stores.size(), 1u);
  EXPECT_EQ(route.stores[0].where, "sqlite:x.db");
  EXPECT_EQ(route.run.settings.timeout_ns, 5'000'000'000u);
  EXPECT_EQ(route.run.settings.limits.memory_bytes, 1u << 20);
  EXPECT_EQ(route.run.settings.limits.stack_bytes, 128u << 10);
  EXPECT_EQ(route.run.settings.fuel, 9);
  EXPECT_EQ(route.requests, 4u);
  EXPECT_EQ(route.run.settings.tier.mode, tiering::TierMode::Interpreter);
}

TEST(ServicePlan, Reuse) {
  const auto reuse = [](const std::string& text) {
    const Read got = read(kRoute + text);
    EXPECT_TRUE(got.mistakes.empty()) << text << ": " << got.mistakes[0];
    return got.plan.routes.at(0).reuse;
  };
  EXPECT_FALSE(reuse("").on());
  EXPECT_FALSE(reuse("reuse = false\n").on());
  EXPECT_FALSE(reuse("reuse = {requests = 1}\n").on());
  EXPECT_EQ(reuse("reuse = true\n").requests, kUsualReuse);
  EXPECT_EQ(reuse("reuse = {}\n").requests, kUsualReuse);
  const serve::Reuse all = reuse("reuse = {requests = 7, idle_timeout = '2s', max_age = '1m', max_memory = '3K'}\n");
  EXPECT_EQ(all.requests, 7u);
  EXPECT_EQ(all.idle, std::chrono::seconds(2));
  EXPECT_EQ(all.age, std::chrono::minutes(1));
  EXPECT_EQ(all.memory, 3072u);
  EXPECT_NE(read(kRoute + std::string("reuse = 3\n")).mistakes, std::vector<std::string>());
  const Read other = read(kRoute + std::string("max_instance_reuse_count = 3\n"));
  ASSERT_EQ(other.mistakes.size(), 1u);
  EXPECT_NE(other.mistakes[0].find("'reuse'"), std::string::npos) << other.mistakes[0];
}

// What decides whether a program is kept.
TEST(ServicePlan, Identity) {
  const auto identity = [](const std::string& more) { return read(kRoute + more).plan.routes.at(0).identity; };
  const std::string usual = identity("name = 'n'\npath = '/a'\n");
  EXPECT_EQ(identity("name = 'n'\npath = '/b'\nmethods = 'GET'\nhost = 'h'"), usual);
  EXPECT_NE(identity("name = 'm'\npath = '/a'"), usual);
  EXPECT_NE(identity("name = 'n'\npath = '/a'\nenv = {}"), usual);
}

// Each has a row, and each row is of one.
TEST(ServicePlan, KeysAreDocumented) {
  std::ifstream file("docs/serve.md");
  if (!file) GTEST_SKIP() << "docs/serve.md is not there";
  std::set<std::string> documented;
  bool in_keys = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) in_keys = line == "### Keys";
    if (!in_keys || !line.starts_with("| `")) continue;
    std::string cell = line.substr(2, line.find(" | ") - 2);
    for (size_t from = cell.find('`'); from != cell.npos;) {
      const size_t to = cell.find('`', from + 1);
      documented.insert(cell.substr(from + 1, to - from - 1));
      from = cell.find('`', to + 1);
    }
  }
  std::set<std::string> known;
  for (const std::string& key : service_keys()) known.insert(key);
  EXPECT_EQ(documented, known);
}

}  // namespace
}  // namespace ashlar::cli

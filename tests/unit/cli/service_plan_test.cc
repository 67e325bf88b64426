// Reading the file of a service.
#include "cli/service/service_plan.h"

#include <gtest/gtest.h>

#include <fstream>
#include <initializer_list>
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

/// The place and the beginning of each mistake of a file: "3:8: listen: 'foo' is not", without the lines with carets.
std::vector<std::string> mistakes_of(const std::string& text) {
  std::vector<std::string> out;
  for (const std::string& mistake : read(text).mistakes) {
    constexpr std::string_view kFile = "folder/a.toml:";
    EXPECT_TRUE(mistake.starts_with(kFile)) << mistake;
    out.push_back(mistake.substr(kFile.size(), mistake.find('\n') - kFile.size()));
  }
  return out;
}

/// `text` has one mistake, which begins with `expected`.
void expect_mistake(const std::string& text, const std::string& expected) {
  const std::vector<std::string> found = mistakes_of(text);
  EXPECT_EQ(found.size(), 1u) << text;
  for (const std::string& mistake : found) EXPECT_TRUE(mistake.starts_with(expected)) << text << ": " << mistake;
}

TEST(ServicePlan, Addresses) {
  const std::string route = kRoute, server = "[server]\n";
  for (const auto& [address, why] : std::initializer_list<std::pair<std::string, std::string>>{
           {"foo", "it has no port"},
           {"", "it has no port"},
           {"127.0.0.1:99999", "its port is not a number from 0 to 65535"},
           {"127.0.0.1:", "its port is not a number"},
           {"example.org:80", "its host is neither an IP address nor localhost"},
           {"unix:", "a socket's path has 1 to "}}) {
    const std::string said = "'" + address + "' is not HOST:PORT or unix:PATH: " + why;
    expect_mistake("listen = '" + address + "'\n" + route, "1:10: listen: " + said);
    expect_mistake("listen = [':1', '" + address + "']\n" + route, "1:17: listen: " + said);
    expect_mistake("[[listen]]\naddress = '" + address + "'\n" + route, "2:11: address: " + said);
    expect_mistake(server + "metrics = '" + address + "'\n" + route, "2:11: metrics: " + said);
    expect_mistake(server + "status = '" + address + "'\n" + route, "2:10: status: " + said);
  }
  expect_mistake("listen = []\n" + route, "1:10: 'listen' takes an address");
  for (const char* good :
       {"'localhost:0'", "'[::1]:80'", "[':1', ':2']", "'unix:a.sock'", "['unix:a', 'unix:b']",
        "['127.0.0.1:80', '127.0.0.2:80']", "['127.0.0.1:0', '127.0.0.1:0']", "['0.0.0.0:80', '[::1]:80']"}) {
    EXPECT_EQ(mistakes_of("listen = " + std::string(good) + "\n" + route), std::vector<std::string>()) << good;
  }
  EXPECT_EQ(read("listen = ['unix:a.sock', 'unix:/b']\n" + route).plan.service.listen[0].address, "unix:folder/a.sock");
}

TEST(ServicePlan, AddressesThatClash) {
  const std::string route = kRoute;
  const auto both = [&](const std::string& one, const std::string& other) {
    return "listen = ['" + one + "',\n'" + other + "']\n" + route;
  };
  expect_mistake(both("127.0.0.1:80", "127.0.0.1:80"),
                 "2:1: listen: '127.0.0.1:80' clashes with '127.0.0.1:80' of line 1");
  expect_mistake(both("localhost:80", "127.0.0.1:80"), "2:1: listen: '127.0.0.1:80' clashes");
  expect_mistake(both(":80", "127.0.0.1:80"), "2:1: listen: '127.0.0.1:80' clashes with '[::]:80' of line 1");
  expect_mistake(both("[::1]:80", ":80"), "2:1: listen: ':80' clashes");
  expect_mistake(both("unix:a/b", "unix:a/./b"), "2:1: listen: 'unix:folder/a/./b' clashes");
  const auto metrics = [&](const std::string& listen, const std::string& more) {
    return listen + "[server]\n" + more + route;
  };
  expect_mistake(metrics("listen = ':80'\n", "metrics = ':80'\n"),
                 "3:11: metrics: ':80' clashes with '[::]:80' of line 1");
  expect_mistake(metrics("", "status = '127.0.0.1:8080'\n"),
                 "2:10: status: '127.0.0.1:8080' clashes with '127.0.0.1:8080', where the service listens");
  expect_mistake(metrics("", "metrics = ':1'\nstatus = '127.0.0.1:1'\n"), "3:10: status: '127.0.0.1:1' clashes");
  const Read same = read(metrics("", "metrics = 'localhost:1'\nstatus = '127.0.0.1:1'\n"));
  EXPECT_TRUE(same.mistakes.empty()) << same.mistakes[0];
  EXPECT_EQ(same.plan.service.admin, std::vector<std::string>{"localhost:1"}) << "one for both";
}

TEST(ServicePlan, LimitsThatServeNobody) {
  for (const char* key : {"threads", "max_connections", "max_requests", "idle_timeout"}) {
    expect_mistake(
        "[server]\n" + std::string(key) + " = 0\n" + kRoute,
        "2:" + std::to_string(std::string(key).size() + 4) + ": " + key + ": '0' is too little: it takes more");
  }
  expect_mistake(std::string("[server]\nmax_header = 0\n") + kRoute,
                 "2:14: max_header: '0' is too little: it takes 256");
  for (const char* key : {"max_memory", "fuel"}) {
    expect_mistake(kRoute + std::string(key) + " = 0\n",
                   "3:" + std::to_string(std::string(key).size() + 4) + ": " + key + ": '0' is too little");
  }
  for (const char* key : {"requests", "idle_timeout", "max_memory"}) {
    expect_mistake(kRoute + std::string("[route.reuse]\n") + key + " = 0\n",
                   "4:" + std::to_string(std::string(key).size() + 4) + ": " + key + ": '0' is too little");
  }
  EXPECT_EQ(mistakes_of("[server]\nmax_body = 0\ndrain_timeout = 0\n[[route]]\nmodule = '/dev/null'\ntimeout = 0\n"
                        "max_requests = 0\nreuse = {max_age = 0}\n"),
            std::vector<std::string>());
}

TEST(ServicePlan, RoutesThatNobodyReaches) {
  const std::string route = kRoute;
  for (const std::string key : {"path", "host", "methods"}) {
    expect_mistake(route + key + " = []\n", "3:" + std::to_string(key.size() + 4) + ": '" + key +
                                                "' takes a text or a list of texts, not an empty list");
  }
  expect_mistake(route + "path = '/a b'\n", "3:8: path: '/a b' is never asked for");
  EXPECT_NE(mistakes_of(route + "path = '/a b'\n").at(0).find("'/a%20b'"), std::string::npos);
  EXPECT_NE(mistakes_of(route + "path = '/café/{größe}/ü/'\n").at(0).find("'/caf%C3%A9/{größe}/%C3%BC/'"),
            std::string::npos);
  EXPECT_EQ(mistakes_of(route + "path = ['/a%20b', '/{größe}', '/~x/(y)', '*', '/z/{rest...}']\n"),
            std::vector<std::string>());
}

TEST(ServicePlan, Folders) {
  const auto dirs = [](const std::string& list) { return kRoute + ("dirs = [" + list + "]\n"); };
  expect_mistake(dirs("'/tmp::data'"), "3:9: dirs: 'data' is no name for the program: it begins with '/'");
  expect_mistake(dirs("{host = '/tmp', guest = '.'}"), "3:9: dirs: '.' is no name");
  expect_mistake(dirs("'/tmp::'"), "3:9: dirs: '' is no name");
  expect_mistake(dirs("'/tmp::/a', '/dev::/a/:ro'"), "3:21: dirs: '/a/' is the name of another one, too");
  expect_mistake(dirs("'/tmp', {host = '/dev', guest = '/tmp'}"), "3:17: dirs: '/tmp' is the name of another one, too");
  expect_mistake(dirs("'/tmp::/a:rw'"), "3:9: dirs: '/tmp::/a:rw' has ':rw' behind it, where ':ro' or nothing");
  expect_mistake(dirs("'/tmp:rw'"), "3:9: dirs: '/tmp:rw' has ':rw' behind it");
  const Read good = read(dirs("'/tmp::/a:ro', '/dev::/', {host = '/tmp', guest = '/b:rw'}"));
  ASSERT_TRUE(good.mistakes.empty()) << good.mistakes[0];
  EXPECT_TRUE(good.plan.routes[0].run.wasi.dirs[0].read_only);
  EXPECT_EQ(good.plan.routes[0].run.wasi.dirs.at(2).guest, "/b:rw");
}

TEST(ServicePlan, LogsThatCannotBe) {
  const auto log = [](const std::string& file) { return "[server]\naccess_log_file = '" + file + "'\n" + kRoute; };
  expect_mistake(log("/nowhere/x.log"), "2:19: access_log_file: '/nowhere/x.log' cannot be written: its folder");
  expect_mistake(log("/tmp"), "2:19: access_log_file: '/tmp' cannot be written: it is a folder");
  expect_mistake(log(""), "2:19: access_log_file: ");
  EXPECT_EQ(mistakes_of(log("/tmp/x.log")), std::vector<std::string>());
}

TEST(ServicePlan, SecretsHaveNamesOfTheirOwn) {
  // Not a secret that can be read: what is wrong with the name is told nevertheless.
  const std::string secrets =
      kRoute + std::string("secrets = {A = '/nowhere', B = {file = '/nowhere', as = 'config'}}\n");
  const auto said = [&](const std::string& more) {
    std::string out;
    for (const std::string& mistake : mistakes_of(secrets + more)) out += mistake + "\n";
    return out;
  };
  EXPECT_NE(said("env = {A = 'x', B = 'y'}\n").find("3:12: secrets: 'A' is a name in 'env' (line 4), too"),
            std::string::npos);
  EXPECT_EQ(said("env = {A = 'x', B = 'y'}\n").find("'B' is a name"), std::string::npos);
  EXPECT_NE(said("config = {B = 'x'}\n").find("3:28: secrets: 'B' is a name in 'config' (line 4), too"),
            std::string::npos);
  EXPECT_NE(said("[[route]]\nmodule = '/dev/null'\npath = '/b'\nsecrets = {A = {file = '/nowhere', as = []}}\n")
                .find("7:41: 'as' takes"),
            std::string::npos);
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

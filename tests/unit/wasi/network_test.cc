// Rules of the network policy, host names, and the store of wasi:keyvalue in memory.
#include "wasi/host/network.h"

#include <gtest/gtest.h>

#include "wasi/host/name_lookup.h"
#include "wasi/p2/key_value.h"

using namespace ashlar;
using namespace ashlar::wasi;

namespace {

os::SocketAddress at(std::string_view ip, uint16_t port) { return {*os::parse_ip_address(ip), port, 0, 0}; }

host::NetworkPolicy policy(std::initializer_list<std::string_view> rules) {
  host::NetworkPolicy out;
  for (std::string_view rule : rules) EXPECT_TRUE(out.add(rule)) << rule;
  return out;
}

TEST(NetworkPolicy, AllowsNothingByDefault) {
  const host::NetworkPolicy none;
  EXPECT_FALSE(none.allows(at("127.0.0.1", 80)));
  EXPECT_FALSE(none.allows_bind(at("0.0.0.0", 0)));
  EXPECT_FALSE(none.allows_name("localhost"));
}

TEST(NetworkPolicy, MatchesNetsAndPorts) {
  const auto p = policy({"10.0.0.0/8:80", "192.168.1.7", "[2001:db8::/32]:8000-8099", "::1"});
  EXPECT_TRUE(p.allows(at("10.255.0.1", 80)));
  EXPECT_FALSE(p.allows(at("10.255.0.1", 81)));
  EXPECT_FALSE(p.allows(at("11.0.0.1", 80)));
  EXPECT_TRUE(p.allows(at("192.168.1.7", 1)));
  EXPECT_FALSE(p.allows(at("192.168.1.8", 1)));
  EXPECT_TRUE(p.allows(at("2001:db8:ffff::1", 8099)));
  EXPECT_FALSE(p.allows(at("2001:db8::1", 8100)));
  EXPECT_FALSE(p.allows(at("2001:db9::1", 8000)));
  EXPECT_TRUE(p.allows(at("::1", 9)));
  // An IPv6 rule says nothing of IPv4 addresses with the same bits.
  EXPECT_FALSE(policy({"::/0"}).allows(at("1.2.3.4", 1)));
}

TEST(NetworkPolicy, StarIsEverything) {
  EXPECT_TRUE(policy({"*"}).allows(at("8.8.8.8", 53)));
  const auto web = policy({"*:443"});
  EXPECT_TRUE(web.allows(at("2001::1", 443)));
  EXPECT_FALSE(web.allows(at("2001::1", 80)));
  // A star is no name: names are looked up only where that is said.
  EXPECT_FALSE(web.allows_name("example.com"));
}

TEST(NetworkPolicy, BindsWithoutAnAddressAreAllowedWithAnyRule) {
  const auto p = policy({"10.0.0.1:80"});
  EXPECT_TRUE(p.allows_bind(at("0.0.0.0", 0)));
  EXPECT_TRUE(p.allows_bind(at("::", 0)));
  EXPECT_FALSE(p.allows_bind(at("0.0.0.0", 80)));
  EXPECT_FALSE(p.allows_bind(at("127.0.0.1", 0)));
}

TEST(NetworkPolicy, NamesMeanWhatWasLookedUp) {
  auto p = policy({"api.example.com:443", "*.example.org"});
  EXPECT_TRUE(p.allows_name("API.Example.com."));
  EXPECT_TRUE(p.allows_name("a.b.example.org"));
  EXPECT_FALSE(p.allows_name("example.org"));
  EXPECT_FALSE(p.allows_name("badexample.org"));
  EXPECT_FALSE(p.allows_name("example.com"));
  const std::array found{*os::parse_ip_address("192.0.2.1"), *os::parse_ip_address("2001:db8::7")};
  EXPECT_FALSE(p.allows(at("192.0.2.1", 443)));
  p.looked_up("other.example.com", found);
  EXPECT_FALSE(p.allows(at("192.0.2.1", 443)));
  p.looked_up("api.example.com", found);
  EXPECT_TRUE(p.allows(at("192.0.2.1", 443)));
  EXPECT_TRUE(p.allows(at("2001:db8::7", 443)));
  EXPECT_FALSE(p.allows(at("192.0.2.1", 80)));
}

TEST(NetworkPolicy, NamesOfOtherAlphabetsAreThoseThatDnsKnows) {
  const auto p = policy({"MÜnchen.de.:443", "*.bücher.example"});
  EXPECT_FALSE(p.allows_name(host::ascii_host_name("münchen.de").value()));  // capitals of other alphabets stay
  EXPECT_TRUE(p.allows_name(host::ascii_host_name("mÜnchen.DE").value()));
  EXPECT_TRUE(p.allows_name(host::ascii_host_name("www.bücher.example").value()));
  EXPECT_FALSE(p.allows_name(host::ascii_host_name("bücher.example").value()));
}

TEST(NetworkPolicy, ForgetsTheOldestOfManyLookups) {
  auto p = policy({"a.test", "localhost"});
  for (int i = 0; i < 300; ++i) {
    os::IpAddress ip = *os::parse_ip_address("10.0.0.0");
    ip.bytes[2] = static_cast<uint8_t>(i >> 8);
    ip.bytes[3] = static_cast<uint8_t>(i);
    p.looked_up("a.test", std::span(&ip, 1));
    p.looked_up("localhost", std::span(&ip, 1));
  }
  EXPECT_FALSE(p.allows(at("10.0.0.1", 1)));
  EXPECT_TRUE(p.allows(at("10.0.1.43", 1)));
  EXPECT_TRUE(p.allows(at("127.9.9.9", 1)));  // localhost's own stays
}

TEST(NetworkPolicy, RefusesWhatIsNoRule) {
  for (const char* text :
       {"", "10.0.0.0/33", "::1/129", "10.0.0.1/x", "a b", "[::1", "[::1]80", "host:", "host:99999", "host:9-8", "a..b",
        "b\xfc"
        "cher",
        "http://host/", "::ffff:1.2.3.4", "::1.2.3.4", "*.", "10.0.0.1:80:90"}) {
    host::NetworkPolicy p;
    EXPECT_FALSE(p.add(text)) << text;
    EXPECT_FALSE(p.allows_bind(at("0.0.0.0", 0))) << text;
  }
}

TEST(HostNames, AreMadeAscii) {
  // The strings of RFC 3492, section 7.1, and of common names.
  EXPECT_EQ(host::ascii_host_name("Example.COM.").value(), "example.com");
  EXPECT_EQ(host::ascii_host_name("münchen.de").value(), "xn--mnchen-3ya.de");
  EXPECT_EQ(host::ascii_host_name("他们为什么不说中文").value(), "xn--ihqwcrb4cv8a8dqg056pqjye");
  EXPECT_EQ(host::ascii_host_name("почемужеонинеговорятпорусски").value(), "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l");
  EXPECT_EQ(host::ascii_host_name("そのスピードで").value(), "xn--d9juau41awczczp");
  for (const char* bad : {"", ".", "a..b", " ", "a b", "a/b", "a:80", "\xff", "\x80\x80", "\xf7\xbf\xbf\xbf"}) {
    EXPECT_EQ(host::ascii_host_name(bad).error(), host::Errno::inval) << bad;
  }
  EXPECT_TRUE(host::ascii_host_name(std::string(63, 'a')));
  EXPECT_FALSE(host::ascii_host_name(std::string(64, 'a')));
  std::string longest = std::string(61, 'a');
  for (int i = 0; i < 4; ++i) longest += "." + std::string(61, 'a');
  EXPECT_FALSE(host::ascii_host_name(longest));
}

TEST(HostNames, AddressesInOtherClothesAreNotPlain) {
  for (const char* plain : {"1.2.3.4", "::", "::1", "2001:db8::1", "::ffff:0:0:1"}) {
    EXPECT_TRUE(host::is_plain(*os::parse_ip_address(plain))) << plain;
  }
  for (const char* other : {"::ffff:1.2.3.4", "::1.2.3.4", "::2"}) {
    EXPECT_FALSE(host::is_plain(*os::parse_ip_address(other))) << other;
  }
}

using Store = p2::MemoryKeyValueStore;
using Bytes = p2::KeyValueStore::Bytes;

TEST(MemoryKeyValueStore, PagesKeysInOrder) {
  Store store;
  std::vector<p2::KeyValueStore::Pair> pairs;
  for (int i = 0; i < 1500; ++i) pairs.emplace_back(std::to_string(100000 + i), Bytes{1});
  ASSERT_TRUE(store.set(pairs));
  auto page = store.keys(std::nullopt);
  ASSERT_EQ(page->keys.size(), p2::KeyValueStore::kPage);
  ASSERT_TRUE(page->next);
  page = store.keys(page->next);
  EXPECT_EQ(page->keys.size(), 500u);
  EXPECT_EQ(page->keys.front(), "101000");
  EXPECT_FALSE(page->next);
}

TEST(MemoryKeyValueStore, AFullStoreSetsNothingOfAList) {
  Store store(1000);
  const std::vector<p2::KeyValueStore::Pair> first{{"a", Bytes(300)}};
  ASSERT_TRUE(store.set(first));
  const std::vector<p2::KeyValueStore::Pair> much{{"a", Bytes(100)}, {"b", Bytes(200)}, {"c", Bytes(600)}};
  EXPECT_EQ(store.set(much).error(), "the store is full");
  EXPECT_EQ(store.get("a").value().value().size(), 300u);
  EXPECT_FALSE(store.get("b").value());
  // What was given back can be used again.
  const std::string key = "a";
  ASSERT_TRUE(store.remove(std::span(&key, 1)));
  const std::vector<p2::KeyValueStore::Pair> large{{"d", Bytes(850)}};
  EXPECT_TRUE(store.set(large));
}

}  // namespace

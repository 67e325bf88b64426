// Where requests may go.
#include "http/address_rules.h"

#include <gtest/gtest.h>

namespace ashlar::http {
namespace {

using boost::asio::ip::make_address;

AddressRules rules(std::initializer_list<const char*> grants) {
  AddressRules out;
  for (const char* g : grants) EXPECT_TRUE(out.add("--allow-http", g)) << g;
  return out;
}

TEST(AddressRules, KnowsWhatIsNotPublic) {
  for (const char* a : {"127.0.0.1",
                        "127.255.255.254",
                        "0.0.0.0",
                        "10.1.2.3",
                        "172.16.0.1",
                        "172.31.255.255",
                        "192.168.0.1",
                        "169.254.169.254",
                        "100.64.0.1",
                        "224.0.0.1",
                        "255.255.255.255",
                        "::1",
                        "::",
                        "fe80::1",
                        "fc00::1",
                        "fd12::1",
                        "ff02::1",
                        "::ffff:127.0.0.1",
                        "::ffff:10.0.0.1",
                        "64:ff9b::7f00:1",
                        "2002:7f00:1::",
                        "::127.0.0.1",
                        "::1.1.1.1",
                        "::ffff:0:127.0.0.1",
                        "::ffff:0:1.1.1.1",
                        "64:ff9b:1::7f00:1",
                        "64:ff9b:1::101:101",
                        "64:ff9b:1:7f00:0:100::",
                        "64:ff9b:0:1::101:101",
                        "64:ff9b::6440:1",
                        "2002:6440:1::1",
                        "2002:a9fe:a9fe::",
                        "2001::101:101",
                        "2001:0:4136:e378:8000:63bf:80ff:fffe",
                        "2001:2::1",
                        "2001:10::1",
                        "2001:1ff:ffff::1",
                        "2001:db8::1",
                        "3fff::1",
                        "3fff:fff:ffff::1",
                        "5f00::1",
                        "100::1",
                        "100:0:0:1::1",
                        "fec0::1",
                        "fdff:ffff::1",
                        "febf::1",
                        "4000::1",
                        "1fff::1",
                        "192.0.0.8",
                        "192.0.2.1",
                        "192.88.99.1",
                        "198.18.0.1",
                        "198.19.255.255",
                        "198.51.100.1",
                        "203.0.113.12",
                        "239.255.255.255",
                        "240.0.0.1",
                        "100.127.255.255"}) {
    EXPECT_FALSE(is_public_address(make_address(a))) << a;
  }
  for (const char* a :
       {"1.1.1.1", "8.8.8.8", "172.32.0.1", "172.15.0.1", "100.128.0.1", "2606:4700:4700::1111", "::ffff:1.1.1.1",
        "64:ff9b::101:101", "2002:101:101::1", "2001:200::1", "3ffe::1", "2620:4f:8000::1", "198.20.0.1",
        "198.17.255.255", "192.0.1.1", "100.63.255.255", "2000::1", "3fff:1000::1"}) {
    EXPECT_TRUE(is_public_address(make_address(a))) << a;
  }
}

TEST(AddressRules, NamesLeadToPublicAddressesAlone) {
  const AddressRules any = rules({"*"});
  EXPECT_TRUE(any.allows("a.example", make_address("1.1.1.1"), 80));
  EXPECT_FALSE(any.allows("a.example", make_address("127.0.0.1"), 80));
  EXPECT_FALSE(any.allows("127.0.0.1", make_address("127.0.0.1"), 80));
  EXPECT_FALSE(any.allows("a.example", make_address("169.254.169.254"), 80));
  EXPECT_FALSE(any.allows("a.example", make_address("::ffff:192.168.0.1"), 80));

  const AddressRules some = rules({"Example.org", "*.inner.example", "other.example:8080"});
  EXPECT_TRUE(some.allows_host("example.ORG.", 80));
  EXPECT_TRUE(some.allows("example.org", make_address("1.1.1.1"), 443));
  EXPECT_FALSE(some.allows_host("www.example.org", 80));
  EXPECT_TRUE(some.allows_host("a.inner.example", 80));
  EXPECT_FALSE(some.allows_host("inner.example", 80));
  EXPECT_FALSE(some.allows_host("xinner.example", 80));
  EXPECT_TRUE(some.allows_host("other.example", 8080));
  EXPECT_FALSE(some.allows_host("other.example", 80));
  EXPECT_FALSE(some.allows_host("1.1.1.1", 80) && some.allows("1.1.1.1", make_address("1.1.1.1"), 80));
}

TEST(AddressRules, AddressesAreGrantedByThemselves) {
  const AddressRules some = rules({"127.0.0.1:8080", "10.1.0.0/16", "[::1]:80"});
  EXPECT_TRUE(some.allows("127.0.0.1", make_address("127.0.0.1"), 8080));
  EXPECT_TRUE(some.allows("x", make_address("::ffff:127.0.0.1"), 8080));
  EXPECT_FALSE(some.allows("127.0.0.1", make_address("127.0.0.1"), 80));
  EXPECT_FALSE(some.allows("x", make_address("127.0.0.2"), 8080));
  EXPECT_TRUE(some.allows("x", make_address("10.1.255.1"), 1));
  EXPECT_FALSE(some.allows("x", make_address("10.2.0.1"), 1));
  EXPECT_TRUE(some.allows("x", make_address("::1"), 80));
  EXPECT_FALSE(some.allows("x", make_address("::2"), 80));

  const AddressRules ports = rules({"10.0.0.0/8:80-81", "[fd00::/8]:90", "*.example:1-2"});
  EXPECT_TRUE(ports.allows("x", make_address("10.9.0.1"), 81));
  EXPECT_FALSE(ports.allows("x", make_address("10.9.0.1"), 82));
  EXPECT_TRUE(ports.allows("x", make_address("fd00::1"), 90));
  EXPECT_FALSE(ports.allows("x", make_address("fd00::1"), 80));
  EXPECT_TRUE(ports.allows_host("a.example", 2));
  EXPECT_FALSE(ports.allows_host("a.example", 3));

  const AddressRules local = rules({"localhost:81"});
  EXPECT_TRUE(local.allows("localhost", make_address("127.0.0.1"), 81));
  EXPECT_FALSE(local.allows("localhost", make_address("10.0.0.1"), 81));
  EXPECT_FALSE(local.allows("localhost", make_address("127.0.0.1"), 82));
  EXPECT_FALSE(local.allows("a.example", make_address("127.0.0.1"), 81));
  EXPECT_FALSE(rules({}).allows("x", make_address("1.1.1.1"), 80));
}

TEST(AddressRules, SaysWhatIsNoGrant) {
  AddressRules out;
  for (const char* g : {"", "a b", "10.0.0.0/33", "10.0.0/8", "a:0", "a:70000", "a:x", "a/8", "::1/129", "user@host"}) {
    const Status done = out.add("--allow-http", g);
    ASSERT_FALSE(done) << g;
    EXPECT_EQ(done.error().code(), ErrorCode::bad_flag_value);
  }
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace ashlar::http

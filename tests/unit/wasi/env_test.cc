// Arguments, environment, clocks, random numbers, exit, and the table of functions.
#include <set>

#include "guest.h"

namespace ashlar::wasi::testing {
namespace {

TEST(Entries, AllOfPreview1) {
  std::set<std::string> snapshot;
  std::set<std::string> unstable;
  for (const p1::HostEntry& entry : p1::host_entries()) {
    auto& names = entry.module == "wasi_unstable" ? unstable : snapshot;
    EXPECT_TRUE(names.insert(std::string(entry.name)).second) << entry.name;
  }
  EXPECT_EQ(snapshot.size(), 46u);
  EXPECT_EQ(unstable.size(), 45u);
  EXPECT_FALSE(unstable.contains("sock_accept"));
  EXPECT_EQ(p1::find_host_entry("wasi_snapshot_preview1", "nothing"), nullptr);
  EXPECT_EQ(p1::find_host_entry("wasi_snapshot_preview1", "path_open")->sig, "iiiiillii>i");
}

TEST(Env, ArgsAndEnvironment) {
  Context::Builder b;
  b.args({"prog", "", "zwei"}).env("A", "1").env("B", "x=y").env("A", "2");
  Guest guest(b);
  EXPECT_EQ(guest.call("args_sizes_get", 0x100, 0x104), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(0x100), 3u);
  EXPECT_EQ(guest.load<uint32_t>(0x104), 11u);
  EXPECT_EQ(guest.call("args_get", 0x201, 0x301), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(0x201), 0x301u);
  EXPECT_EQ(guest.load<uint32_t>(0x205), 0x306u);
  EXPECT_EQ(guest.text(0x301, 11), std::string("prog\0\0zwei\0", 11));
  EXPECT_EQ(guest.load<uint8_t>(0x301 + 11), 0xaa);
  EXPECT_EQ(guest.call("environ_sizes_get", 0x100, 0x104), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(0x100), 2u);
  EXPECT_EQ(guest.call("environ_get", 0x200, 0x300), Errno::success);
  EXPECT_EQ(guest.text(0x300, 10), std::string("A=2\0B=x=y\0", 10));
  for (const char* name : {"args_get", "environ_get"}) {
    EXPECT_EQ(guest.call(name, 0xfffc, 0x300), Errno::fault);
    EXPECT_EQ(guest.call(name, 0x300, 0xfffc), Errno::fault);
    EXPECT_EQ(guest.call(name, 0xffffffff, 0xffffffff), Errno::fault);
  }
  EXPECT_EQ(guest.call("args_sizes_get", 0x10000, 0x100), Errno::fault);
  EXPECT_EQ(guest.call("args_sizes_get", 0x100, 0xfffd), Errno::fault);
}

TEST(Env, NulIsRefused) {
  Context::Builder b;
  b.arg(std::string("a\0b", 3));
  auto built = b.build();
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().code(), ErrorCode::wasi_nul_in_string);
}

TEST(Env, MissingDirectory) {
  Context::Builder b;
  b.preopen_dir("/does/not/exist", "/", false);
  auto built = b.build();
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().code(), ErrorCode::wasi_dir_failed);
}

TEST(Env, Clocks) {
  Context::Builder b;
  Guest guest(b);
  for (uint32_t id = 0; id < 4; ++id) {
    EXPECT_EQ(guest.call("clock_res_get", id, 0x100), Errno::success);
    EXPECT_GT(guest.load<uint64_t>(0x100), 0u);
    EXPECT_EQ(guest.call("clock_time_get", id, 0, 0x100), Errno::success);
    const uint64_t first = guest.load<uint64_t>(0x100);
    EXPECT_EQ(guest.call("clock_time_get", id, 1000, 0x100), Errno::success);
    EXPECT_GE(guest.load<uint64_t>(0x100), first);
  }
  EXPECT_EQ(guest.call("clock_time_get", 4, 0, 0x100), Errno::inval);
  EXPECT_EQ(guest.call("clock_res_get", 0xffffffff, 0x100), Errno::inval);
  EXPECT_EQ(guest.call("clock_time_get", 0, 0, 0xfff9), Errno::fault);
}

TEST(Env, RandomAndYield) {
  Context::Builder b;
  Guest guest(b);
  EXPECT_EQ(guest.call("random_get", 0x100, 64), Errno::success);
  const std::string first = guest.text(0x100, 64);
  EXPECT_EQ(guest.call("random_get", 0x100, 64), Errno::success);
  EXPECT_NE(guest.text(0x100, 64), first);
  EXPECT_EQ(guest.load<uint8_t>(0x140), 0xaa);
  EXPECT_EQ(guest.call("random_get", 0x100, 0), Errno::success);
  EXPECT_EQ(guest.call("random_get", 0xfff0, 17), Errno::fault);
  EXPECT_EQ(guest.call("random_get", 0xfffffff0, 0x20), Errno::fault);
  EXPECT_EQ(guest.call("sched_yield"), Errno::success);
}

TEST(Env, Exit) {
  Context::Builder b;
  Guest guest(b);
  guest.call("proc_exit", 42);
  EXPECT_EQ(guest.outcome.kind, p1::CallOutcome::Kind::Exit);
  EXPECT_EQ(guest.outcome.code, 42u);
  guest.call("sched_yield");
  EXPECT_EQ(guest.outcome.kind, p1::CallOutcome::Kind::Return);
  EXPECT_EQ(guest.call("proc_raise", 16), Errno::success);
  EXPECT_EQ(guest.outcome.kind, p1::CallOutcome::Kind::Return);
  EXPECT_EQ(guest.call("proc_raise", 99), Errno::inval);
  EXPECT_EQ(guest.call("proc_raise", 18), Errno::notsup);
  guest.call("proc_raise", 6);
  EXPECT_EQ(guest.outcome.kind, p1::CallOutcome::Kind::Exit);
  EXPECT_EQ(guest.outcome.code, 134u);
}

TEST(Env, NoMemory) {
  Context::Builder b;
  b.arg("x");
  Guest guest(b, 0);
  EXPECT_EQ(guest.call("args_get", 0, 0), Errno::fault);
  EXPECT_EQ(guest.call("random_get", 0, 0), Errno::success);
  EXPECT_EQ(guest.call("fd_write", 1, 0, 0, 0), Errno::fault);
}

TEST(Errno, Mapping) {
  EXPECT_EQ(host::errno_from_os(ENOENT), Errno::noent);
  EXPECT_EQ(host::errno_from_os(EOPNOTSUPP), Errno::notsup);
  EXPECT_EQ(host::errno_from_os(123456), Errno::io);
  EXPECT_EQ(static_cast<int>(Errno::notcapable), 76);
  EXPECT_EQ(static_cast<int>(Errno::inval), 28);
  EXPECT_EQ(host::errno_p2_code(Errno::notcapable), "not-permitted");
  EXPECT_EQ(host::errno_name(Errno::rofs), "rofs");
}

}  // namespace
}  // namespace ashlar::wasi::testing

// Descriptors: tables, vectored transfers with hostile buffers, attributes, padding, directories, standard streams.
#include <sys/syscall.h>

#include <map>
#include <thread>
#include <vector>

#include "guest.h"
#include "wasi/host/fd_table.h"
#include "wasi/p1/functions.h"

namespace ashlar::wasi::testing {
namespace {

using namespace host::right;

class FdTest : public ::testing::Test {
 protected:
  Guest make() {
    Context::Builder b;
    b.preopen_dir(dir.granted(), "/sandbox", false);
    return Guest(b);
  }
  static constexpr uint64_t kEverything = kFile.bits;
  TempDir dir;
};

TEST_F(FdTest, TableGivesLowestNumberAndChecksAll) {
  Guest guest = make();
  ASSERT_EQ(guest.open("a", kEverything, 1), Errno::success);
  EXPECT_EQ(guest.opened, 4u);
  ASSERT_EQ(guest.open("b", kEverything, 1), Errno::success);
  EXPECT_EQ(guest.opened, 5u);
  EXPECT_EQ(guest.call("fd_close", 4), Errno::success);
  EXPECT_EQ(guest.call("fd_close", 4), Errno::badf);
  ASSERT_EQ(guest.open("a", kEverything), Errno::success);
  EXPECT_EQ(guest.opened, 4u);
  for (uint32_t fd : {6u, 1000u, 0x7fffffffu, 0xffffffffu}) {
    EXPECT_EQ(guest.call("fd_close", fd), Errno::badf);
    EXPECT_EQ(guest.call("fd_fdstat_get", fd, Guest::kResult), Errno::badf);
    EXPECT_EQ(guest.call("fd_renumber", 4, fd), Errno::badf);
    EXPECT_EQ(guest.call("fd_renumber", fd, 4), Errno::badf);
  }
}

TEST_F(FdTest, Renumber) {
  Guest guest = make();
  ASSERT_EQ(guest.open("a", kEverything, 1), Errno::success);
  ASSERT_EQ(guest.write(4, "first"), Errno::success);
  ASSERT_EQ(guest.open("b", kEverything, 1), Errno::success);
  EXPECT_EQ(guest.call("fd_renumber", 4, 4), Errno::success);
  EXPECT_EQ(guest.call("fd_renumber", 4, 5), Errno::success);
  EXPECT_EQ(guest.call("fd_close", 4), Errno::badf);
  EXPECT_EQ(guest.call("fd_pread", 5, 0, 0, 0, Guest::kResult), Errno::success);
  guest.iovec(0, Guest::kData, 10);
  EXPECT_EQ(guest.call("fd_pread", 5, Guest::kIovecs, 1, 0, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.text(Guest::kData, 5), "first");
  // Onto a granted directory: the file has that number then, and is no grant.
  EXPECT_EQ(guest.call("fd_renumber", 5, 3), Errno::success);
  EXPECT_EQ(guest.call("fd_prestat_get", 3, Guest::kResult), Errno::badf);
  EXPECT_EQ(guest.open("a"), Errno::notdir);
}

TEST_F(FdTest, RenumberedSlotsAreReused) {
  host::FdTable table;
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(table.insert(host::Descriptor{}).value(), i);
  EXPECT_TRUE(table.renumber(1, 3));
  EXPECT_EQ(table.insert(host::Descriptor{}).value(), 1u);
  EXPECT_EQ(table.insert(host::Descriptor{}).value(), 4u);
  for (uint32_t i = 5; i < host::kMaxDescriptors; ++i) ASSERT_TRUE(table.insert(host::Descriptor{}));
  EXPECT_EQ(table.insert(host::Descriptor{}).error(), Errno::mfile);
}

TEST_F(FdTest, ThreadsShareATable) {
  Guest first = make();
  p1::Context others[] = {first.context().for_thread({}), first.context().for_thread({})};
  std::vector<std::thread> threads;
  for (p1::Context& context : others) {
    threads.emplace_back([&context, name = std::string(1, static_cast<char>('a' + (&context - others)))] {
      uint8_t bytes[64] = {};
      const p1::GuestMemory memory{bytes, sizeof bytes};
      for (int round = 0; round < 300; ++round) {
        bytes[0] = static_cast<uint8_t>(name[0]);
        ASSERT_EQ(p1::fn::path_open(context, memory, 3, 0, 0, 1, 1, kEverything, 0, 0, 8), Errno::success);
        const uint32_t fd = memory.load<uint32_t>(8).value();
        EXPECT_EQ(p1::fn::fd_fdstat_set_rights(context, memory, fd, (fd_read | fd_write).bits, 0), Errno::success);
        EXPECT_EQ(p1::fn::fd_readdir(context, memory, 3, 16, 32, 0, 8), Errno::success);
        EXPECT_EQ(p1::fn::fd_renumber(context, memory, fd, fd), Errno::success);
        EXPECT_EQ(p1::fn::fd_close(context, memory, fd), Errno::success);
        // The other one's, or nobody's.
        const Errno other = p1::fn::fd_tell(context, memory, 9 - fd, 16);
        EXPECT_TRUE(other == Errno::success || other == Errno::badf || other == Errno::notcapable);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(FdTest, HostileBuffers) {
  Guest guest = make();
  ASSERT_EQ(guest.open("f", kEverything, 1), Errno::success);
  const uint32_t fd = guest.opened;
  ASSERT_EQ(guest.write(fd, "0123456789"), Errno::success);
  const auto position = [&] {
    EXPECT_EQ(guest.call("fd_tell", fd, Guest::kResult + 16), Errno::success);
    return guest.load<uint64_t>(Guest::kResult + 16);
  };
  const auto read_into = [&](uint32_t at, uint32_t size) {
    guest.iovec(0, at, size);
    return guest.call("fd_read", fd, Guest::kIovecs, 1, Guest::kResult);
  };
  EXPECT_EQ(guest.call("fd_seek", fd, 0, 0, Guest::kResult), Errno::success);
  EXPECT_EQ(read_into(0xfffffff0, 0x20), Errno::fault);  // wraps in 32 bits
  EXPECT_EQ(read_into(0xfff0, 0x11), Errno::fault);      // one byte too far
  EXPECT_EQ(read_into(0x10000, 1), Errno::fault);
  EXPECT_EQ(read_into(0, 0xffffffff), Errno::fault);
  EXPECT_EQ(read_into(0xffffffff, 0), Errno::fault);
  EXPECT_EQ(read_into(0x10000, 0), Errno::success);  // an empty one at the very end
  guest.iovec(0, Guest::kData, 4);
  for (uint32_t at : {0xfffcu, 0x10000u, 0xfffffff8u, 0xffffffffu}) {
    EXPECT_EQ(guest.call("fd_read", fd, at, 1, Guest::kResult), Errno::fault) << at;
  }
  for (uint32_t count : {0x20000000u, 0x20000001u, 0xffffffffu}) {  // times 8 wraps in 32 bits
    EXPECT_EQ(guest.call("fd_read", fd, Guest::kIovecs, count, Guest::kResult), Errno::fault) << count;
    EXPECT_EQ(guest.call("fd_write", fd, Guest::kIovecs, count, Guest::kResult), Errno::fault) << count;
  }
  for (uint32_t result : {0xfffdu, 0x10000u, 0xfffffffdu}) {
    EXPECT_EQ(guest.call("fd_read", fd, Guest::kIovecs, 1, result), Errno::fault) << result;
    EXPECT_EQ(guest.call("fd_write", fd, Guest::kIovecs, 1, result), Errno::fault) << result;
  }
  EXPECT_EQ(position(), 0u) << "nothing may be consumed by a call that failed";
  EXPECT_EQ(guest.call("fd_read", fd, Guest::kIovecs, 0, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult), 0u);

  // Misaligned list, buffer and result; overlapping buffers; the list itself as buffer.
  guest.store<uint32_t>(Guest::kIovecs + 1, Guest::kData + 3);
  guest.store<uint32_t>(Guest::kIovecs + 5, 4);
  EXPECT_EQ(guest.call("fd_read", fd, Guest::kIovecs + 1, 1, Guest::kResult + 1), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult + 1), 4u);
  EXPECT_EQ(guest.text(Guest::kData + 3, 4), "0123");
  EXPECT_EQ(guest.call("fd_seek", fd, 0, 0, Guest::kResult), Errno::success);
  guest.iovec(0, Guest::kData, 6);
  guest.iovec(1, Guest::kData + 2, 4);
  EXPECT_EQ(guest.call("fd_read", fd, Guest::kIovecs, 2, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult), 10u);
  EXPECT_EQ(guest.text(Guest::kData, 6), "016789");
  EXPECT_EQ(guest.call("fd_seek", fd, 0, 0, Guest::kResult), Errno::success);
  guest.iovec(0, Guest::kIovecs, 8);
  guest.iovec(1, Guest::kData, 2);
  EXPECT_EQ(guest.call("fd_read", fd, Guest::kIovecs, 2, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.text(Guest::kIovecs, 8), "01234567");
  EXPECT_EQ(guest.text(Guest::kData, 2), "89");
}

TEST_F(FdTest, ManyBuffers) {
  Guest guest = make();
  ASSERT_EQ(guest.open("f", kEverything, 1), Errno::success);
  for (uint32_t i = 0; i < 1400; ++i) guest.iovec(i, Guest::kData, i % 2 == 0 ? 0 : 1);
  EXPECT_EQ(guest.call("fd_write", guest.opened, Guest::kIovecs, 1400, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult), 700u);
  for (uint32_t i = 0; i < 1400; ++i) guest.iovec(i, Guest::kData, 1);
  EXPECT_EQ(guest.call("fd_write", guest.opened, Guest::kIovecs, 1400, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult), 1024u) << "the rest is left for the next call";
}

TEST_F(FdTest, PaddingIsWritten) {
  ASSERT_EQ(::symlink("x", dir.at("l").c_str()), 0);
  Guest guest = make();
  ASSERT_EQ(guest.open("f", kEverything, 1), Errno::success);
  const auto zeros = [&](std::initializer_list<std::pair<uint32_t, uint32_t>> ranges) {
    for (auto [from, to] : ranges) {
      for (uint32_t i = from; i < to; ++i) EXPECT_EQ(guest.load<uint8_t>(Guest::kResult + i), 0) << i;
    }
  };
  const auto next = [&] { guest.fill(Guest::kResult, 128, 0xff); };
  next();
  EXPECT_EQ(guest.call("fd_fdstat_get", guest.opened, Guest::kResult), Errno::success);
  zeros({{1, 2}, {4, 8}});
  EXPECT_EQ(guest.load<uint8_t>(Guest::kResult + 24), 0xff);
  next();
  EXPECT_EQ(guest.call("fd_filestat_get", guest.opened, Guest::kResult), Errno::success);
  zeros({{17, 24}});
  EXPECT_EQ(guest.load<uint64_t>(Guest::kResult + 24), 1u);
  EXPECT_EQ(guest.load<uint8_t>(Guest::kResult + 64), 0xff);
  next();
  EXPECT_EQ(guest.stat("l", false), Errno::success);
  zeros({{17, 24}});
  next();
  EXPECT_EQ(guest.call("fd_prestat_get", 3, Guest::kResult), Errno::success);
  zeros({{0, 4}});
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult + 4), 8u);
  next();
  EXPECT_EQ(guest.call_in("wasi_unstable", "fd_filestat_get", guest.opened, Guest::kResult), Errno::success);
  zeros({{17, 20}});
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult + 20), 1u);
  EXPECT_EQ(guest.load<uint8_t>(Guest::kResult + 56), 0xff);
}

TEST_F(FdTest, Prestat) {
  Guest guest = make();
  EXPECT_EQ(guest.call("fd_prestat_dir_name", 3, Guest::kData, 7), Errno::nametoolong);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", 3, Guest::kData, 100), Errno::success);
  EXPECT_EQ(guest.text(Guest::kData, 8), "/sandbox");
  EXPECT_EQ(guest.load<uint8_t>(Guest::kData + 8), 0xaa) << "no more than the name";
  EXPECT_EQ(guest.call("fd_prestat_dir_name", 3, 0xfffe, 100), Errno::fault);
  EXPECT_EQ(guest.call("fd_prestat_get", 0, Guest::kResult), Errno::badf);
  EXPECT_EQ(guest.call("fd_prestat_get", 4, Guest::kResult), Errno::badf);
}

TEST_F(FdTest, TimesBeforeAndAfterTheRange) {
  dir.make("old", "x");
  timespec times[2] = {{-100, 5}, {-1, 999'999'999}};
  ASSERT_EQ(::utimensat(AT_FDCWD, dir.at("old").c_str(), times, 0), 0);
  Guest guest = make();
  EXPECT_EQ(guest.stat("old", true), Errno::success);
  EXPECT_EQ(guest.load<uint64_t>(Guest::kResult + 40), 0u);
  EXPECT_EQ(guest.load<uint64_t>(Guest::kResult + 48), 0u);
  EXPECT_EQ(guest.set_mtime("old", true, 1'500'000'000'123'456'789), Errno::success);
  EXPECT_EQ(guest.stat("old", true), Errno::success);
  EXPECT_EQ(guest.load<uint64_t>(Guest::kResult + 48), 1'500'000'000'123'456'789u);
  EXPECT_EQ(guest.load<uint64_t>(Guest::kResult + 40), 0u) << "kept";
  // The largest time is in the year 2554: whatever the file system makes of it must not come back wrapped.
  EXPECT_EQ(guest.set_mtime("old", true, UINT64_MAX), Errno::success);
  EXPECT_EQ(guest.stat("old", true), Errno::success);
  EXPECT_GT(guest.load<uint64_t>(Guest::kResult + 48), 2'000'000'000'000'000'000u);
  for (uint32_t flags : {3u, 12u, 15u, 16u, 0xffffffffu}) {
    EXPECT_EQ(guest.call("path_filestat_set_times", 3, 0, Guest::kPath, guest.put(Guest::kPath, "old"), 0, 0, flags),
              Errno::inval);
  }
}

TEST_F(FdTest, SeekInBothVersions) {
  Guest guest = make();
  ASSERT_EQ(guest.open("f", kEverything, 1), Errno::success);
  const uint32_t fd = guest.opened;
  ASSERT_EQ(guest.write(fd, "0123456789"), Errno::success);
  const auto seek = [&](const char* module, int64_t offset, uint32_t whence) {
    return guest.call_in(module, "fd_seek", fd, offset, whence, Guest::kResult);
  };
  const auto at = [&] { return guest.load<uint64_t>(Guest::kResult); };
  constexpr auto kNew = "wasi_snapshot_preview1";
  constexpr auto kOld = "wasi_unstable";
  EXPECT_EQ(seek(kNew, 3, 0), Errno::success);
  EXPECT_EQ(at(), 3u);
  EXPECT_EQ(seek(kNew, -1, 1), Errno::success);
  EXPECT_EQ(at(), 2u);
  EXPECT_EQ(seek(kNew, -1, 2), Errno::success);
  EXPECT_EQ(at(), 9u);
  EXPECT_EQ(seek(kOld, 3, 2), Errno::success);
  EXPECT_EQ(at(), 3u);
  EXPECT_EQ(seek(kOld, -1, 0), Errno::success);
  EXPECT_EQ(at(), 2u);
  EXPECT_EQ(seek(kOld, -1, 1), Errno::success);
  EXPECT_EQ(at(), 9u);
  EXPECT_EQ(seek(kNew, -11, 2), Errno::inval);
  EXPECT_EQ(seek(kNew, 0, 3), Errno::inval);
  EXPECT_EQ(seek(kOld, 0, 3), Errno::inval);
  EXPECT_EQ(seek(kNew, INT64_MIN, 0), Errno::inval);
  guest.iovec(0, Guest::kData, 1);
  EXPECT_EQ(guest.call("fd_pread", fd, Guest::kIovecs, 1, UINT64_MAX, Guest::kResult), Errno::inval);
  EXPECT_EQ(guest.call("fd_pwrite", fd, Guest::kIovecs, 1, UINT64_MAX, Guest::kResult), Errno::inval);
}

TEST_F(FdTest, SizesAndAdvice) {
  Guest guest = make();
  ASSERT_EQ(guest.open("f", kEverything, 1), Errno::success);
  const uint32_t fd = guest.opened;
  EXPECT_EQ(guest.call("fd_filestat_set_size", fd, 1000), Errno::success);
  EXPECT_EQ(std::filesystem::file_size(dir.at("f")), 1000u);
  EXPECT_EQ(guest.call("fd_filestat_set_size", fd, UINT64_MAX), Errno::inval);
  EXPECT_EQ(guest.call("fd_allocate", fd, 0, 0), Errno::inval);
  EXPECT_EQ(guest.call("fd_allocate", fd, UINT64_MAX, UINT64_MAX), Errno::inval);
  EXPECT_EQ(guest.call("fd_allocate", fd, INT64_MAX, INT64_MAX), Errno::fbig);
  for (uint32_t advice = 0; advice < 6; ++advice) EXPECT_EQ(guest.call("fd_advise", fd, 0, 0, advice), Errno::success);
  EXPECT_EQ(guest.call("fd_advise", fd, 0, 0, 6), Errno::inval);
  EXPECT_EQ(guest.call("fd_advise", fd, UINT64_MAX, 0, 0), Errno::inval);
  EXPECT_EQ(guest.call("fd_sync", fd), Errno::success);
  EXPECT_EQ(guest.call("fd_datasync", fd), Errno::success);
  for (const char* name : {"fd_tell"}) EXPECT_EQ(guest.call(name, 3, Guest::kResult), Errno::isdir);
  EXPECT_EQ(guest.call("fd_read", 3, Guest::kIovecs, 0, Guest::kResult), Errno::isdir);
  EXPECT_EQ(guest.call("fd_filestat_set_size", 3, 0), Errno::isdir);
}

TEST_F(FdTest, Flags) {
  Guest guest = make();
  ASSERT_EQ(guest.open("f", kEverything, 1, 0, 1), Errno::success);
  const uint32_t fd = guest.opened;
  const auto flags = [&] {
    EXPECT_EQ(guest.call("fd_fdstat_get", fd, Guest::kResult), Errno::success);
    return guest.load<uint16_t>(Guest::kResult + 2);
  };
  EXPECT_EQ(flags(), 1);
  ASSERT_EQ(guest.write(fd, "abc"), Errno::success);
  EXPECT_EQ(guest.call("fd_seek", fd, 0, 0, Guest::kResult), Errno::success);
  ASSERT_EQ(guest.write(fd, "def"), Errno::success);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", fd, 4), Errno::success);
  EXPECT_EQ(flags(), 4);
  EXPECT_EQ(guest.call("fd_seek", fd, 0, 0, Guest::kResult), Errno::success);
  ASSERT_EQ(guest.write(fd, "X"), Errno::success);
  EXPECT_EQ(TempDir::read(dir.at("f")), "Xbcdef");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", fd, 16), Errno::notsup);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", fd, 32), Errno::inval);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", fd, 0x10000), Errno::inval);
}

struct Listed {
  std::vector<std::string> names;
  std::map<std::string, uint64_t> inodes;
};

/// Lists with a buffer of `size` bytes, continuing behind the last whole entry.
Listed list(Guest& guest, uint32_t size) {
  Listed out;
  uint64_t cookie = 0;
  for (int calls = 0; calls < 10'000; ++calls) {
    EXPECT_EQ(guest.call("fd_readdir", 3, Guest::kData, size, cookie, Guest::kResult), Errno::success);
    const uint32_t used = guest.load<uint32_t>(Guest::kResult);
    EXPECT_LE(used, size);
    for (uint32_t at = Guest::kData; at + 24 <= Guest::kData + used;) {
      const uint32_t length = guest.load<uint32_t>(at + 16);
      if (at + 24 + length > Guest::kData + used) break;
      for (uint32_t i = 21; i < 24; ++i) EXPECT_EQ(guest.load<uint8_t>(at + i), 0);
      out.names.push_back(guest.text(at + 24, length));
      out.inodes[out.names.back()] = guest.load<uint64_t>(at + 8);
      cookie = guest.load<uint64_t>(at);
      at += 24 + length;
    }
    if (used < size) return out;
  }
  ADD_FAILURE() << "no end";
  return out;
}

TEST_F(FdTest, ReadDirectory) {
  for (int i = 0; i < 300; ++i) dir.make("file-" + std::to_string(i), "");
  Guest guest = make();
  for (uint32_t size : {40u, 64u, 333u, 4096u, 0x8000u}) {
    Listed all = list(guest, size);
    EXPECT_EQ(all.names.size(), 302u) << size;
    EXPECT_EQ(all.inodes.size(), 302u) << size;
    EXPECT_EQ(all.inodes["."], all.inodes[".."]) << "what lies above is not told";
  }
  EXPECT_EQ(guest.call("fd_readdir", 3, Guest::kData, 0, 0, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult), 0u);
  guest.fill(Guest::kData, 64, 0xaa);
  EXPECT_EQ(guest.call("fd_readdir", 3, Guest::kData, 10, 0, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint32_t>(Guest::kResult), 10u) << "cut off, not beyond";
  EXPECT_EQ(guest.load<uint8_t>(Guest::kData + 10), 0xaa);
  EXPECT_EQ(guest.call("fd_readdir", 3, Guest::kData, 100, UINT64_MAX, Guest::kResult), Errno::inval);
  EXPECT_EQ(guest.call("fd_readdir", 3, 0xfff0, 100, 0, Guest::kResult), Errno::fault);
  EXPECT_EQ(guest.call("fd_readdir", 3, Guest::kData, 0xffffffff, 0, Guest::kResult), Errno::fault);
  // Cookies that nobody handed out may list something or fail, no more.
  for (uint64_t cookie : {uint64_t{1}, uint64_t{12345}, uint64_t{INT64_MAX}}) {
    guest.call("fd_readdir", 3, Guest::kData, 100, cookie, Guest::kResult);
  }
  // Starting over sees what is new.
  dir.make("zzz", "");
  EXPECT_EQ(list(guest, 4096).names.size(), 303u);
  ASSERT_EQ(guest.open("zzz"), Errno::success);
  EXPECT_EQ(guest.call("fd_readdir", guest.opened, Guest::kData, 100, 0, Guest::kResult), Errno::notdir);
}

TEST_F(FdTest, RemovingWhileListing) {
  for (int i = 0; i < 200; ++i) dir.make("file-" + std::to_string(i), "");
  Guest guest = make();
  uint64_t cookie = 0;
  int removed = 0;
  for (;;) {
    ASSERT_EQ(guest.call("fd_readdir", 3, Guest::kData, 64, cookie, Guest::kResult), Errno::success);
    if (guest.load<uint32_t>(Guest::kResult) < 64) break;
    cookie = guest.load<uint64_t>(Guest::kData);
    const std::string name = guest.text(Guest::kData + 24, guest.load<uint32_t>(Guest::kData + 16));
    if (name[0] != '.' && guest.path_call("path_unlink_file", name) == Errno::success) ++removed;
  }
  EXPECT_GE(removed, 198);
}

class StdioTest : public ::testing::Test {
 protected:
  StdioTest() {
    EXPECT_EQ(::pipe2(in_, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out_, O_CLOEXEC), 0);
  }
  ~StdioTest() override {
    for (int fd : {in_[0], in_[1], out_[0], out_[1]}) ::close(fd);
  }
  Context::Builder builder() {
    Context::Builder b;
    b.stdio(0, os::Fd::borrow(in_[0])).stdio(1, os::Fd::borrow(out_[1]));
    return b;
  }
  int in_[2];
  int out_[2];
};

TEST_F(StdioTest, Streams) {
  auto b = builder();
  Guest guest(b);
  ASSERT_EQ(::write(in_[1], "input", 5), 5);
  EXPECT_EQ(guest.read(0), Errno::success);
  EXPECT_EQ(guest.got, "input");
  EXPECT_EQ(guest.write(1, "output"), Errno::success);
  char text[16];
  EXPECT_EQ(::read(out_[0], text, sizeof text), 6);
  EXPECT_EQ(guest.write(2, "swallowed"), Errno::success) << "not given: the null device";
  EXPECT_EQ(guest.read(1), Errno::notcapable);
  EXPECT_EQ(guest.write(0, "x"), Errno::notcapable);
  EXPECT_EQ(guest.call("fd_seek", 0, 0, 0, Guest::kResult), Errno::spipe);
  EXPECT_EQ(guest.call("fd_pread", 0, Guest::kIovecs, 1, 0, Guest::kResult), Errno::spipe);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", 0, kAllRights, 0), Errno::notcapable);
  // Non-blocking for the guest, while the shared pipe stays as it is.
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", 0, 4), Errno::success);
  EXPECT_EQ(guest.read(0), Errno::again);
  EXPECT_EQ(::fcntl(in_[0], F_GETFL) & O_NONBLOCK, 0);
  // Closing is the guest's affair only.
  EXPECT_EQ(guest.call("fd_close", 1), Errno::success);
  EXPECT_EQ(guest.write(1, "x"), Errno::badf);
  EXPECT_EQ(::write(out_[1], "x", 1), 1);
}

TEST_F(StdioTest, NullDeviceIsNoTerminal) {
  auto b = builder();
  Guest guest(b);
  EXPECT_EQ(guest.call("fd_fdstat_get", 2, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint8_t>(Guest::kResult), 2);
  const uint64_t rights = guest.load<uint64_t>(Guest::kResult + 8);
  EXPECT_NE(rights & (fd_seek | fd_tell).bits, 0u);
}

TEST_F(StdioTest, InterruptEndsBlockingCalls) {
  int asked = 0;
  auto b = builder();
  b.interrupted([&] { return ++asked > 3; });
  Guest guest(b);
  EXPECT_EQ(guest.read(0), Errno::intr);
  EXPECT_EQ(guest.outcome.kind, p1::CallOutcome::Kind::Interrupted);
  EXPECT_GT(asked, 3);
}

TEST_F(StdioTest, InterruptEndsBlockedWrites) {
  int asked = 0;
  auto b = builder();
  b.interrupted([&] { return ++asked > 3; });
  Guest guest(b);
  guest.iovec(0, 0, 0x10000);
  Errno last = Errno::success;
  for (int i = 0; i < 1000 && last == Errno::success; ++i) {
    last = guest.call("fd_write", 1, Guest::kIovecs, 1, Guest::kResult);
  }
  EXPECT_EQ(last, Errno::intr);
}

}  // namespace
}  // namespace ashlar::wasi::testing

// Every way out of a granted directory that a path, a link or a race may try, with both ways of resolution.
#include <atomic>
#include <thread>

#include "guest.h"
#include "wasi/host/path.h"

namespace ashlar::wasi::testing {
namespace {

namespace fs = std::filesystem;

class PathTest : public ::testing::TestWithParam<Resolution> {
 protected:
  Context::Builder builder(bool read_only = false) {
    Context::Builder out;
    out.resolution(GetParam()).preopen_dir(dir.granted(), "/", read_only);
    return out;
  }
  Guest make() {
    auto b = builder();
    return Guest(b);
  }
  TempDir dir;
};

INSTANTIATE_TEST_SUITE_P(Both, PathTest, ::testing::Values(Resolution::Kernel, Resolution::UserSpace),
                         [](const auto& info) { return info.param == Resolution::Kernel ? "Kernel" : "UserSpace"; });

TEST_P(PathTest, DotDotStaysInside) {
  dir.make_dir("a/b");
  dir.make("a/file", "hello");
  Guest guest = make();
  for (const char* path : {"a/file", "a/b/../file", "./a/.//b/../../a/file", "a/../a/file", "a/b/../../a/file"}) {
    ASSERT_EQ(guest.open(path), Errno::success) << path;
    EXPECT_EQ(guest.read(guest.opened), Errno::success);
    EXPECT_EQ(guest.got, "hello");
    EXPECT_EQ(guest.call("fd_close", guest.opened), Errno::success);
  }
  for (const char* path : {"..", "../outside/secret", "a/../..", "a/b/../../../outside/secret",
                           "a/../../granted/a/file", "../granted", "./..", "a/b/../../../granted/a/file"}) {
    EXPECT_EQ(guest.open(path), Errno::notcapable) << path;
    EXPECT_EQ(guest.stat(path, true), Errno::notcapable) << path;
    EXPECT_EQ(guest.stat(path, false), Errno::notcapable) << path;
    EXPECT_EQ(guest.path_call("path_create_directory", path), Errno::notcapable) << path;
    EXPECT_EQ(guest.path_call("path_remove_directory", path), Errno::notcapable) << path;
    EXPECT_EQ(guest.path_call("path_unlink_file", path), Errno::notcapable) << path;
    EXPECT_EQ(guest.rename("a/file", path), Errno::notcapable) << path;
    EXPECT_EQ(guest.rename(path, "a/new"), Errno::notcapable) << path;
    EXPECT_EQ(guest.link(path, "a/new"), Errno::notcapable) << path;
    EXPECT_EQ(guest.link("a/file", path), Errno::notcapable) << path;
    EXPECT_EQ(guest.symlink("x", path), Errno::notcapable) << path;
    EXPECT_EQ(guest.set_mtime(path, true, 0), Errno::notcapable) << path;
  }
  EXPECT_EQ(guest.open("missing/../a/file"), Errno::noent);
  EXPECT_EQ(guest.open("a/file/../file"), Errno::notdir);
}

TEST_P(PathTest, MalformedPaths) {
  dir.make("file", "x");
  Guest guest = make();
  const std::pair<std::string, Errno> cases[] = {
      {"", Errno::noent},
      {"/", Errno::notcapable},
      {"/file", Errno::notcapable},
      {dir.at("file"), Errno::notcapable},
      {std::string("file\0", 5), Errno::inval},
      {std::string("\0", 1), Errno::inval},
      {"fi\xffle", Errno::ilseq},
      {std::string(5000, 'a'), Errno::nametoolong},
      {std::string(300, 'a'), Errno::nametoolong},
      {"file/", Errno::notdir},
      {"file///", Errno::notdir},
      {"file/.", Errno::notdir},
      {"file/..", Errno::notdir},
  };
  for (const auto& [path, expected] : cases) {
    EXPECT_EQ(guest.open(path), expected) << path;
    EXPECT_EQ(guest.stat(path, true), expected) << path;
  }
  EXPECT_EQ(guest.open("new/", kReadRights, 1), Errno::isdir);
}

TEST_P(PathTest, LinksThatLeadOut) {
  dir.make_dir("d");
  dir.make_link("/", "root");
  dir.make_link(dir.outside(), "absolute");
  dir.make_link("../outside", "relative");
  dir.make_link("d/../../outside", "through");
  dir.make_link("relative", "chain");
  dir.make_link("../../outside/secret", "d/file");
  Guest guest = make();
  for (const char* link : {"root", "absolute", "relative", "through", "chain", "d/file"}) {
    const std::string name(link);
    EXPECT_EQ(guest.open(name), Errno::notcapable) << link;
    EXPECT_EQ(guest.open(name, kReadRights, 0, 0), Errno::loop) << link;
    EXPECT_EQ(guest.open(name + "/secret"), Errno::notcapable) << link;
    EXPECT_EQ(guest.open(name + "/", kReadRights, 0, 0), Errno::notcapable) << link;
    EXPECT_EQ(guest.open(name, kWriteRights, 1), Errno::notcapable) << link;
    EXPECT_EQ(guest.open(name + "/new", kWriteRights, 1), Errno::notcapable) << link;
    EXPECT_EQ(guest.stat(name, true), Errno::notcapable) << link;
    EXPECT_EQ(guest.stat(name + "/", false), Errno::notcapable) << link;
    EXPECT_EQ(guest.stat(name, false), Errno::success) << link;
    EXPECT_EQ(guest.load<uint8_t>(Guest::kResult + 16), 7) << link;
    EXPECT_EQ(guest.set_mtime(name, true, 0), Errno::notcapable) << link;
    EXPECT_EQ(guest.path_call("path_create_directory", name + "/new"), Errno::notcapable) << link;
    EXPECT_EQ(guest.rename(name + "/secret", "stolen"), Errno::notcapable) << link;
    EXPECT_EQ(guest.link(name + "/secret", "stolen"), Errno::notcapable) << link;
  }
  EXPECT_FALSE(fs::exists(dir.outside() + "/new"));
  EXPECT_TRUE(fs::exists(dir.outside() + "/secret"));
}

TEST_P(PathTest, TrailingSlashOnLink) {
  dir.make_dir("target");
  dir.make("file", "x");
  dir.make_link("target", "dirlink");
  dir.make_link("file", "filelink");
  dir.make_link("nothing", "dangling");
  dir.make_link("../outside", "escape");
  Guest guest = make();

  EXPECT_EQ(guest.stat("dirlink/", false), Errno::success);
  EXPECT_EQ(guest.load<uint8_t>(Guest::kResult + 16), 3);
  EXPECT_EQ(guest.stat("filelink/", false), Errno::notdir);
  EXPECT_EQ(guest.stat("dangling/", false), Errno::noent);
  EXPECT_EQ(guest.open("dirlink/", kReadRights, 2, 0), Errno::success);

  struct stat before{};
  struct stat after{};
  ASSERT_EQ(::stat(dir.outside().c_str(), &before), 0);
  EXPECT_EQ(guest.set_mtime("escape/", false, 1'000'000'000), Errno::notcapable);
  ASSERT_EQ(::stat(dir.outside().c_str(), &after), 0);
  EXPECT_EQ(before.st_mtim.tv_sec, after.st_mtim.tv_sec);

  for (const char* link : {"dirlink/", "filelink/", "escape/"}) {
    EXPECT_EQ(guest.path_call("path_remove_directory", link), Errno::notdir) << link;
    EXPECT_EQ(guest.path_call("path_unlink_file", link), Errno::notdir) << link;
    EXPECT_EQ(guest.rename(link, "moved"), Errno::notdir) << link;
    EXPECT_EQ(guest.link(link, "linked"), Errno::notdir) << link;
    EXPECT_EQ(guest.path_call("path_create_directory", link), Errno::exist) << link;
    EXPECT_EQ(guest.symlink("x", link), Errno::notdir) << link;
  }
  EXPECT_EQ(guest.path_call("path_create_directory", "dangling/"), Errno::exist);
  EXPECT_FALSE(fs::exists(dir.at("nothing")));
  EXPECT_EQ(guest.rename("file", "new/"), Errno::notdir);
  EXPECT_EQ(guest.rename("target/", "renamed/"), Errno::success);
  EXPECT_TRUE(fs::is_directory(dir.at("renamed")));
}

TEST_P(PathTest, DotsAreNeverHandedToTheSystem) {
  dir.make_dir("a/b");
  dir.make("file", "x");
  Guest guest = make();
  EXPECT_EQ(guest.path_call("path_create_directory", "a/."), Errno::exist);
  EXPECT_EQ(guest.path_call("path_create_directory", "a/b/.."), Errno::exist);
  EXPECT_EQ(guest.path_call("path_remove_directory", "a/."), Errno::inval);
  EXPECT_EQ(guest.path_call("path_remove_directory", "a/.."), Errno::notempty);
  EXPECT_EQ(guest.path_call("path_unlink_file", "a/.."), Errno::isdir);
  EXPECT_EQ(guest.rename("a/b/..", "c"), Errno::busy);
  EXPECT_EQ(guest.rename("file", "a/."), Errno::busy);
  EXPECT_EQ(guest.link("file", "a/b/.."), Errno::exist);
  EXPECT_EQ(guest.link("a/..", "l"), Errno::perm);
  EXPECT_EQ(guest.symlink("x", "a/.."), Errno::exist);
  EXPECT_EQ(guest.stat(".", false), Errno::success);
  EXPECT_EQ(guest.stat("a/..", false), Errno::success);
  EXPECT_EQ(guest.set_mtime("a/b/..", false, 5'000'000'000), Errno::success);
  struct stat st{};
  ASSERT_EQ(::stat(dir.at("a").c_str(), &st), 0);
  EXPECT_EQ(st.st_mtim.tv_sec, 5);
}

TEST_P(PathTest, LinkLoopsAndLongChains) {
  dir.make("file", "x");
  dir.make_link("self", "self");
  dir.make_link("two", "one");
  dir.make_link("one", "two");
  dir.make_link("file", "link0");
  for (int i = 1; i < 60; ++i) dir.make_link("link" + std::to_string(i - 1), "link" + std::to_string(i));
  Guest guest = make();
  EXPECT_EQ(guest.open("self"), Errno::loop);
  EXPECT_EQ(guest.open("one"), Errno::loop);
  EXPECT_EQ(guest.open("one/x"), Errno::loop);
  EXPECT_EQ(guest.stat("self", true), Errno::loop);
  EXPECT_EQ(guest.stat("self", false), Errno::success);
  EXPECT_EQ(guest.open("link20"), Errno::success);
  EXPECT_EQ(guest.open("link59"), Errno::loop);
}

TEST_P(PathTest, LinksInside) {
  dir.make_dir("d/e");
  dir.make("d/file", "deep");
  dir.make_link("../file", "d/e/up");
  dir.make_link("d/e/", "slashed");
  dir.make_link("d/made", "dangling");
  Guest guest = make();
  for (const char* path : {"d/e/up", "slashed/up", "slashed/../file", "slashed/../../d/file"}) {
    ASSERT_EQ(guest.open(path), Errno::success) << path;
    EXPECT_EQ(guest.read(guest.opened), Errno::success);
    EXPECT_EQ(guest.got, "deep");
  }
  // Creating through a dangling link makes its target; exclusively it does not.
  EXPECT_EQ(guest.open("dangling", kWriteRights, 1 | 4), Errno::exist);
  EXPECT_EQ(guest.open("dangling", kWriteRights, 1), Errno::success);
  EXPECT_TRUE(fs::exists(dir.at("d/made")));
}

TEST_P(PathTest, SymlinkTargets) {
  Guest guest = make();
  EXPECT_EQ(guest.symlink("/etc/passwd", "abs"), Errno::notcapable);
  EXPECT_EQ(guest.symlink("", "empty"), Errno::noent);
  EXPECT_EQ(guest.symlink(std::string_view("a\0b", 3), "nul"), Errno::inval);
  EXPECT_EQ(guest.symlink("../../../etc/passwd", "up"), Errno::success);
  EXPECT_EQ(guest.open("up"), Errno::notcapable);
  // Linking or moving a link elsewhere gives it no more power.
  dir.make_dir("deep/er");
  EXPECT_EQ(guest.rename("up", "deep/er/up"), Errno::success);
  EXPECT_EQ(guest.open("deep/er/up"), Errno::notcapable);
  EXPECT_EQ(guest.call("path_readlink", 3, Guest::kPath, guest.put(Guest::kPath, "deep/er/up"), Guest::kData, 5,
                       Guest::kResult),
            Errno::success);
  EXPECT_EQ(guest.text(Guest::kData, guest.load<uint32_t>(Guest::kResult)), "../..");
}

TEST_P(PathTest, MagicLinks) {
  const int held = ::open((dir.outside() + "/secret").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(held, 0);
  Context::Builder b;
  b.resolution(GetParam()).preopen_dir("/proc", "/proc", false);
  Guest guest(b);
  const std::string fd = std::to_string(held);
  for (const std::string& path :
       {"self/fd/" + fd, "thread-self/fd/" + fd, std::string("self/root/etc/passwd"), std::string("self/cwd"),
        std::string("self/cwd/."), std::string("self/exe"), "self/fd/" + fd + "/"}) {
    EXPECT_NE(guest.open(path), Errno::success) << path;
    EXPECT_NE(guest.stat(path, true), Errno::success) << path;
  }
  EXPECT_EQ(guest.open("self/stat"), Errno::success);
  ::close(held);
}

TEST_P(PathTest, FifosNeverBlock) {
  ASSERT_EQ(::mkfifo(dir.at("fifo").c_str(), 0600), 0);
  Guest guest = make();
  EXPECT_EQ(guest.open("fifo", kWriteRights), Errno::nxio);
  ASSERT_EQ(guest.open("fifo"), Errno::success);
  EXPECT_EQ(guest.read(guest.opened), Errno::success);
  EXPECT_EQ(guest.got, "");
  const uint32_t reader = guest.opened;
  ASSERT_EQ(guest.open("fifo", kWriteRights), Errno::success);
  EXPECT_EQ(guest.write(guest.opened, "through"), Errno::success);
  EXPECT_EQ(guest.read(reader), Errno::success);
  EXPECT_EQ(guest.got, "through");
  EXPECT_EQ(guest.call("fd_tell", reader, Guest::kResult), Errno::spipe);
}

/// Swaps names while `work` runs.
template <class Swap, class Work>
void race(Swap swap, Work work) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop.load()) swap();
  });
  for (int i = 0; i < 3000; ++i) work();
  stop = true;
  other.join();
}

TEST_P(PathTest, SymlinkRace) {
  dir.make_dir("real");
  dir.make("real/secret", "inside");
  dir.make_link("../outside", "evil");
  fs::rename(dir.at("real"), dir.at("swap"));
  Guest guest = make();
  const std::string swap = dir.at("swap");
  const std::string evil = dir.at("evil");
  race([&] { ::renameat2(AT_FDCWD, swap.c_str(), AT_FDCWD, evil.c_str(), 2 /* RENAME_EXCHANGE */); },
       [&] {
         if (guest.open("swap/secret") != Errno::success) return;
         EXPECT_EQ(guest.read(guest.opened), Errno::success);
         EXPECT_EQ(guest.got, "inside");
         EXPECT_EQ(guest.call("fd_close", guest.opened), Errno::success);
         if (guest.path_call("path_unlink_file", "swap/nothing") == Errno::success) ADD_FAILURE();
       });
  EXPECT_EQ(TempDir::read(dir.outside() + "/secret"), "secret");
}

TEST_P(PathTest, FinalSymlinkRace) {
  dir.make("file", "inside");
  dir.make_link("../outside/secret", "evil");
  Guest guest = make();
  const std::string file = dir.at("file");
  const std::string evil = dir.at("evil");
  race([&] { ::renameat2(AT_FDCWD, file.c_str(), AT_FDCWD, evil.c_str(), 2); },
       [&] {
         if (guest.open("file") == Errno::success) {
           EXPECT_EQ(guest.read(guest.opened), Errno::success);
           EXPECT_EQ(guest.got, "inside");
           EXPECT_EQ(guest.call("fd_close", guest.opened), Errno::success);
         }
         if (guest.stat("file", true) == Errno::success) {
           EXPECT_EQ(guest.load<uint8_t>(Guest::kResult + 16), 4);
         }
       });
}

TEST_P(PathTest, RenameRace) {
  // A directory deep inside is moved beside the grant while ".." climbs out of it.
  dir.make_dir("a/b/c");
  TempDir::write(fs::path(dir.granted()).parent_path() / "target", "outside");
  dir.make("target", "inside");
  dir.make("a/target", "inside");
  Guest guest = make();
  const std::string deep = dir.at("a/b/c");
  const std::string away = (fs::path(dir.granted()).parent_path() / "c").string();
  race(
      [&] {
        ::rename(deep.c_str(), away.c_str());
        ::rename(away.c_str(), deep.c_str());
      },
      [&] {
        for (const char* path : {"a/b/c/../../target", "a/b/c/../../../target"}) {
          if (guest.open(path) != Errno::success) continue;
          EXPECT_EQ(guest.read(guest.opened), Errno::success);
          EXPECT_EQ(guest.got, "inside");
          EXPECT_EQ(guest.call("fd_close", guest.opened), Errno::success);
        }
      });
}

TEST_P(PathTest, ReadOnlyGrant) {
  dir.make_dir("d");
  dir.make("file", "fixed");
  auto b = builder(true);
  b.preopen_dir(dir.granted(), "/rw", false);
  Guest guest(b);
  EXPECT_EQ(guest.open("file"), Errno::success);
  EXPECT_EQ(guest.read(guest.opened), Errno::success);
  EXPECT_EQ(guest.got, "fixed");
  EXPECT_EQ(guest.open("file", kAllRights & ~kWriteRights, 1), Errno::success);
  EXPECT_EQ(guest.call("fd_filestat_set_times", guest.opened, 0, 0, 4), Errno::rofs);
  EXPECT_EQ(guest.call("fd_filestat_set_size", guest.opened, 0), Errno::rofs);
  EXPECT_EQ(guest.call("fd_allocate", guest.opened, 0, 100), Errno::rofs);
  EXPECT_EQ(guest.open("file", kReadRights, 1 | 4), Errno::exist);
  EXPECT_EQ(guest.open("new", kReadRights, 1), Errno::rofs);
  EXPECT_EQ(guest.open("file", kWriteRights), Errno::rofs);
  EXPECT_EQ(guest.open("file", kReadRights, 8), Errno::rofs);
  EXPECT_EQ(guest.open("d", kDirRights, 2, 1, 0, kAllRights & ~(uint64_t{3} << 28)), Errno::success);
  const uint32_t below = guest.opened;
  EXPECT_EQ(guest.open("new", kWriteRights, 1, 1, 0, 0, below), Errno::rofs);
  EXPECT_EQ(guest.path_call("path_create_directory", "new"), Errno::rofs);
  EXPECT_EQ(guest.path_call("path_create_directory", "new", below), Errno::rofs);
  EXPECT_EQ(guest.path_call("path_remove_directory", "d"), Errno::rofs);
  EXPECT_EQ(guest.path_call("path_unlink_file", "file"), Errno::rofs);
  EXPECT_EQ(guest.rename("file", "new"), Errno::rofs);
  EXPECT_EQ(guest.rename("file", "new", 3, 4), Errno::rofs);
  EXPECT_EQ(guest.rename("file", "new", 4, 3), Errno::rofs);
  EXPECT_EQ(guest.link("file", "new", 3, 4), Errno::rofs);
  EXPECT_EQ(guest.link("file", "new", 4, 3), Errno::rofs);
  EXPECT_EQ(guest.symlink("x", "new"), Errno::rofs);
  EXPECT_EQ(guest.set_mtime("file", true, 0), Errno::rofs);
  EXPECT_EQ(guest.link("file", "new", 4, 4), Errno::success);
  EXPECT_EQ(TempDir::read(dir.at("file")), "fixed");
}

TEST_P(PathTest, RightsOfDirectory) {
  using namespace host::right;
  dir.make("file", "content");
  dir.make_dir("d");
  Guest guest = make();
  const auto drop = [&](host::Rights base, host::Rights inheriting) {
    return guest.call("fd_fdstat_set_rights", 3, (kDirectory & ~base).bits, (kFileSystem & ~inheriting).bits);
  };
  // Each call needs its right; a right once dropped does not come back.
  ASSERT_EQ(drop(path_filestat_set_size, kNone), Errno::success);
  EXPECT_EQ(guest.open("file", kWriteRights, 8), Errno::notcapable);
  EXPECT_EQ(drop(kNone, kNone), Errno::notcapable);
  const auto gone = path_filestat_set_size | path_create_file | path_link_source | path_rename_source | path_symlink |
                    path_create_directory | path_remove_directory | path_unlink_file | path_filestat_set_times |
                    path_readlink;
  ASSERT_EQ(drop(gone, kNone), Errno::success);
  EXPECT_EQ(guest.open("new", kReadRights, 1), Errno::notcapable);
  EXPECT_EQ(guest.link("file", "new"), Errno::notcapable);
  EXPECT_EQ(guest.rename("file", "new"), Errno::notcapable);
  EXPECT_EQ(guest.symlink("x", "new"), Errno::notcapable);
  EXPECT_EQ(guest.path_call("path_create_directory", "new"), Errno::notcapable);
  EXPECT_EQ(guest.path_call("path_remove_directory", "d"), Errno::notcapable);
  EXPECT_EQ(guest.path_call("path_unlink_file", "file"), Errno::notcapable);
  EXPECT_EQ(guest.set_mtime("file", true, 0), Errno::notcapable);
  EXPECT_EQ(guest.open("file"), Errno::success);
  EXPECT_EQ(TempDir::read(dir.at("file")), "content");

  // Truncating on the way is no more than writing and setting the size, for those who may.
  EXPECT_EQ(guest.open("file", (fd_write | fd_filestat_set_size).bits, 8), Errno::success);
  EXPECT_EQ(TempDir::read(dir.at("file")), "");
  ASSERT_EQ(drop(gone, fd_filestat_set_size), Errno::success);
  EXPECT_EQ(guest.open("file", (fd_write | fd_filestat_set_size).bits, 8), Errno::notcapable);

  // What is opened gets no more than may be inherited, and only what applies to it.
  ASSERT_EQ(drop(gone, fd_write | fd_filestat_set_size), Errno::success);
  EXPECT_EQ(guest.open("file", kWriteRights), Errno::notcapable);
  EXPECT_EQ(guest.open("d", kDirRights, 2, 1, 0, fd_write.bits), Errno::notcapable);
  EXPECT_EQ(guest.open("file", kReadRights, 0, 1, 16), Errno::success);
  ASSERT_EQ(drop(gone, fd_write | fd_filestat_set_size | fd_sync), Errno::success);
  EXPECT_EQ(guest.open("file", kReadRights, 0, 1, 16), Errno::notcapable);
  ASSERT_EQ(guest.open("d", kDirRights & ~fd_sync.bits, 2, 1, 0, fd_read.bits), Errno::success);
  const uint32_t below = guest.opened;
  dir.make("d/inner", "x");
  EXPECT_EQ(guest.open("inner", fd_read.bits | fd_seek.bits, 0, 1, 0, 0, below), Errno::notcapable);
  ASSERT_EQ(guest.open("inner", fd_read.bits, 0, 1, 0, 0, below), Errno::success);
  ASSERT_EQ(guest.call("fd_fdstat_get", guest.opened, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint64_t>(Guest::kResult + 8), fd_read.bits);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", guest.opened, (fd_read | fd_write).bits, 0), Errno::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", guest.opened, 0, 0), Errno::success);
  EXPECT_EQ(guest.read(guest.opened), Errno::notcapable);
}

TEST_P(PathTest, DeepPaths) {
  std::string path;
  for (int i = 0; i < 200; ++i) path += "d/";
  dir.make_dir(path);
  dir.make(path + "f", "deep");
  Guest guest = make();
  EXPECT_EQ(guest.open(path + "f"), Errno::success);
  std::string back = path;
  for (int i = 0; i < 200; ++i) back += "../";
  EXPECT_EQ(guest.open(back), Errno::success);
  EXPECT_EQ(guest.open(back + ".."), Errno::notcapable);
}

TEST_P(PathTest, OpenFlags) {
  dir.make("file", "content");
  dir.make_dir("d");
  Guest guest = make();
  EXPECT_EQ(guest.open("d", kReadRights | kWriteRights, 2), Errno::isdir);
  EXPECT_EQ(guest.open("d", kWriteRights), Errno::isdir);
  EXPECT_EQ(guest.open("d", kReadRights, 1 | 2), Errno::inval);
  EXPECT_EQ(guest.open("file", kReadRights, 2), Errno::notdir);
  EXPECT_EQ(guest.open("file", kReadRights, 16), Errno::inval);
  EXPECT_EQ(guest.open("file", kReadRights, 0, 2), Errno::inval);
  EXPECT_EQ(guest.open("file", kReadRights, 0, 1, 32), Errno::inval);
  EXPECT_EQ(guest.open("file", 0, 8), Errno::success);
  EXPECT_EQ(TempDir::read(dir.at("file")), "");
  EXPECT_EQ(guest.open("x", kReadRights, 0, 1, 0, 0, 9), Errno::badf);
  EXPECT_EQ(guest.open("x", kReadRights, 0, 1, 0, 0, guest.opened), Errno::notdir);
  // Nothing is opened when the result has no place.
  const uint32_t next = guest.opened + 1;
  const uint32_t n = guest.put(Guest::kPath, "file");
  EXPECT_EQ(guest.call("path_open", 3, 0, Guest::kPath, n, 0, 0, 0, 0, 0xfffffffe), Errno::fault);
  EXPECT_EQ(guest.call("path_open", 3, 0, 0xfffffff0, 0x20, 0, 0, 0, 0, Guest::kResult), Errno::fault);
  EXPECT_EQ(guest.call("fd_close", next), Errno::badf);
}

}  // namespace
}  // namespace ashlar::wasi::testing

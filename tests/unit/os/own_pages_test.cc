// What the system says of pages, where it does.
#include "os/own_pages.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "os/memory_file.h"
#include "os/pages.h"

namespace ashlar::os {
namespace {

struct Pages {
  explicit Pages(uint64_t count) : bytes(count * page_size()), begin(map_pages(bytes)) {}
  ~Pages() { release_pages(begin, bytes); }
  uint8_t* at(uint64_t page) const { return begin + page * page_size(); }
  uint64_t bytes;
  uint8_t* begin;
};

/// The system tells: others can't run these tests.
bool tells() {
  PageRange none[1];
  const Pages pages(1);
  return find_own_pages(pages.begin, pages.at(1), none) != kUnknownPages;
}

TEST(OwnPages, AreThoseThatWereWritten) {
  if (!tells()) GTEST_SKIP() << "this system does not tell which pages are a process's own (PAGEMAP_SCAN)";
  const Pages pages(16);
  PageRange found[4];
  EXPECT_EQ(find_own_pages(pages.begin, pages.at(16), found), 0u);
  for (uint64_t i : {2, 3, 9}) *pages.at(i) = 1;
  static_cast<void>(*const_cast<volatile uint8_t*>(pages.at(12)));
  ASSERT_EQ(find_own_pages(pages.begin, pages.at(16), found), 2u);
  EXPECT_EQ(found[0].begin, pages.at(2));
  EXPECT_EQ(found[0].end, pages.at(4));
  EXPECT_EQ(found[1].begin, pages.at(9));
  EXPECT_EQ(found[1].bytes(), page_size());
  EXPECT_EQ(find_own_pages(pages.at(4), pages.at(9), found), 0u);
  PageRange one[1];
  EXPECT_EQ(find_own_pages(pages.begin, pages.at(16), one), kUnknownPages);
  ASSERT_TRUE(discard_pages(pages.begin, pages.bytes));
  EXPECT_EQ(find_own_pages(pages.begin, pages.at(16), found), 0u);
}

// More ranges than the system tells at once.
TEST(OwnPages, ManyRangesAreFound) {
  if (!tells()) GTEST_SKIP() << "this system does not tell which pages are a process's own (PAGEMAP_SCAN)";
  constexpr uint64_t kCount = 402;
  const Pages pages(kCount);
  // Pairs, and between any two a page that is not written.
  for (uint64_t i = 0; i < kCount; ++i) {
    if (i % 3 != 2) *pages.at(i) = 1;
  }
  std::vector<PageRange> found(kCount / 3);
  ASSERT_EQ(find_own_pages(pages.begin, pages.at(kCount), found), found.size());
  for (uint64_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].begin, pages.at(3 * i));
    EXPECT_EQ(found[i].end, pages.at(3 * i + 2));
  }
  EXPECT_EQ(find_own_pages(pages.begin, pages.at(kCount), std::span(found).first(found.size() - 1)), kUnknownPages);
  for (uint64_t i = 0; i < kCount; ++i) *pages.at(i) = 1;
  ASSERT_EQ(find_own_pages(pages.begin, pages.at(kCount), found), 1u);
  EXPECT_EQ(found[0].bytes(), pages.bytes);
}

TEST(OwnPages, OfAFileAreTheCopies) {
  if (!tells()) GTEST_SKIP() << "this system does not tell which pages are a process's own (PAGEMAP_SCAN)";
  const Pages pages(4);
  auto file = MemoryFile::make(pages.bytes);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write(0, reinterpret_cast<const uint8_t*>("abc"), 3));
  file->seal();
  EXPECT_FALSE(file->write(0, reinterpret_cast<const uint8_t*>("x"), 1));
  ASSERT_TRUE(map_file_pages(pages.begin, pages.bytes, file->fd(), 0));
  EXPECT_EQ(std::memcmp(pages.begin, "abc", 4), 0);
  pages.at(2)[5] = 7;
  PageRange found[2];
  ASSERT_EQ(find_own_pages(pages.begin, pages.at(4), found), 1u);
  EXPECT_EQ(found[0].begin, pages.at(2));
  pages.begin[0] = 'x';
  const Pages others(4);
  ASSERT_TRUE(map_file_pages(others.begin, others.bytes, file->fd(), 0));
  EXPECT_EQ(others.begin[0], 'a');
  ASSERT_TRUE(deny_writing(others.begin, others.bytes));
  EXPECT_EQ(others.begin[1], 'b');
  ASSERT_TRUE(discard_pages(pages.begin, pages.bytes));
  EXPECT_EQ(pages.begin[0], 'a');
  EXPECT_EQ(pages.at(2)[5], 0);
}

TEST(OwnPages, ClosedOnesStayKnown) {
  if (!tells()) GTEST_SKIP() << "this system does not tell which pages are a process's own (PAGEMAP_SCAN)";
  const Pages pages(4);
  *pages.at(1) = 1;
  ASSERT_TRUE(close_pages(pages.begin, pages.bytes));
  PageRange found[2];
  ASSERT_EQ(find_own_pages(pages.begin, pages.at(4), found), 1u);
  EXPECT_EQ(found[0].begin, pages.at(1));
}

TEST(OwnPages, AChildSeesItsOwn) {
  if (!tells()) GTEST_SKIP() << "this system does not tell which pages are a process's own (PAGEMAP_SCAN)";
  const Pages pages(4);
  *pages.at(0) = 1;
  const pid_t child = ::fork();
  if (child == 0) {
    *pages.at(2) = 1;
    PageRange found[4];
    ::_exit(find_own_pages(pages.begin, pages.at(4), found) == 2 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  PageRange found[4];
  EXPECT_EQ(find_own_pages(pages.begin, pages.at(4), found), 1u);
}

TEST(FaultCount, RisesWithEachNewPage) {
  const FaultCount before = count_faults();
  if (before.thread == 0) GTEST_SKIP() << "this system does not count the page faults of a thread";
  EXPECT_TRUE(no_faults_between(before, last_fault_count()));
  const Pages pages(4);
  const FaultCount quiet = count_faults();
  EXPECT_TRUE(no_faults_between(quiet, count_faults()));
  *pages.at(1) = 1;
  const FaultCount after = count_faults();
  EXPECT_FALSE(no_faults_between(quiet, after));
  *pages.at(1) = 2;
  EXPECT_TRUE(no_faults_between(after, count_faults()));
  EXPECT_FALSE(no_faults_between({}, {}));
  std::thread([&] { EXPECT_FALSE(no_faults_between(after, count_faults())); }).join();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(no_faults_between(after, last_fault_count()) ? 1 : 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ashlar::os

// What child processes inherit.
#include "tiering/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ashlar::tiering {
namespace {

int status_of(Inherited& inherited, const std::string& script) {
  auto pid = inherited.spawn("/bin/sh", {"-c", script});
  EXPECT_TRUE(pid);
  int status = 0;
  if (!pid || ::waitpid(*pid, &status, 0) != *pid || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

// The host's sockets, say: a port would stay taken for as long as the compiler runs.
TEST(ChildTest, InheritsWhatItIsGivenAndNothingElse) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);  // not closed on exec
  const int far = ::fcntl(ends[0], F_DUPFD, 200);
  ASSERT_GE(far, 200);
  Inherited inherited;
  const auto number = inherited.next(ends[1]);
  ASSERT_TRUE(number);
  EXPECT_EQ(*number, 3);
  EXPECT_EQ(
      status_of(inherited,
                "echo x >&3 && for f in /proc/$$/fd/*; do n=${f##*/}; [ $n -le 3 ] || [ ! -e $f ] || exit 7; done"),
      0);
  char got = 0;
  EXPECT_EQ(::read(ends[0], &got, 1), 1);
  EXPECT_EQ(got, 'x');
  for (const int fd : {ends[0], ends[1], far}) ::close(fd);
}

}  // namespace
}  // namespace ashlar::tiering

// fd_renumber and the table of descriptors: replacing, closing, reusing, running out.
#include "check.h"

int main(void) {
  make_file(ROOT, "a", "a");
  make_file(ROOT, "b", "b");
  char buffer[8];
  const u32 a = open_file(ROOT, "a", 0), b = open_file(ROOT, "b", 0);
  EQ(fd_renumber(a, 1000), E_BADF);
  EQ(fd_renumber(1000, a), E_BADF);
  EQ(fd_renumber(a, ~0u), E_BADF);
  EQ(fd_renumber(~0u, ~0u), E_BADF);
  OK(fd_renumber(a, a));
  OK(fd_renumber(a, b));
  EQ(fd_close(a), E_BADF);
  EQ(read_text(b, buffer, sizeof buffer), 1);
  EQ(buffer[0], 'a');
  OK(fd_close(b));

  // Over a granted directory: paths through its number use the new one, and its name has gone.
  OK(path_create_directory(ROOT, S("dir")));
  make_file(ROOT, "dir/inner", "inner");
  const u32 dir = open_dir(ROOT, "dir");
  OK(fd_renumber(dir, ROOT));
  TRUE(has_text(ROOT, "inner", "inner"));
  EQ(open_error(ROOT, "a", 0), E_NOENT);
  EQ(open_error(ROOT, "../a", 0), E_NOTCAPABLE);
  u32 prestat[2];
  EQ(fd_prestat_get(ROOT, P(prestat)), E_BADF);

  // Standard output as a file, and back through the saved number is not possible: there is no dup.
  const u32 out = open_file(ROOT, "out", O_CREATE);
  const u32 spare = open_file(ROOT, "spare", O_CREATE);
  OK(fd_renumber(1, spare));
  OK(fd_renumber(out, spare + 0));  // replaces the saved one: nothing is left of standard output but its number
  EQ(fd_close(1), E_BADF);
  OK(fd_close(spare));

  // All numbers: then an error, and after one is closed that number again.
  u32 last = 0, error = 0, count = 0;
  for (; count < 2000000; ++count) {
    const u32 fd = open_flags(ROOT, "inner", 0, R_FD_READ, 0, &error);
    if (error) break;
    last = fd;
  }
  TRUE(error == E_MFILE || error == 41 /* nfile */);
  TRUE(count > 50);
  OK(fd_close(last));
  EQ(open_flags(ROOT, "inner", 0, R_FD_READ, 0, &error), last);
  return failures ? 1 : 0;
}

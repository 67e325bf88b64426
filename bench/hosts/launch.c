// Runs a command with its output in a file and prints what it took: wall, processor and user nanoseconds, peak KiB,
// exit status. What a child of the command took counts too, if the command waited for it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t child;

static void on_alarm(int signal) {
  (void)signal;
  if (child > 0) kill(child, SIGKILL);
}

static long long nanoseconds(struct timespec from, struct timespec to) {
  return (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec);
}

static long long in_nanoseconds(struct timeval time) { return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL; }

// A child's peak starts at that of the process it was forked from, so this program must stay small: no more than this.
int main(int argc, char** argv) {
  if (argc < 5) {
    fputs("launch SECONDS STDOUT STDERR COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  int out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644);
  int err = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (out < 0 || err < 0) return 2;
  signal(SIGALRM, on_alarm);
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  pid_t pid = vfork();
  if (pid < 0) return 2;
  if (pid == 0) {
    dup2(out, 1);
    dup2(err, 2);
    execvp(argv[4], argv + 4);
    _exit(127);
  }
  child = pid;
  alarm((unsigned)atoi(argv[1]));
  int status = 0;
  struct rusage usage;
  while (wait4(pid, &status, 0, &usage) < 0) {
  }
  clock_gettime(CLOCK_MONOTONIC, &after);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  long long user = in_nanoseconds(usage.ru_utime);
  printf("%lld %lld %lld %ld %d\n", nanoseconds(before, after), user + in_nanoseconds(usage.ru_stime), user,
         usage.ru_maxrss, code);
  return 0;
}

// poll_oneoff: timers, descriptors, wrong subscriptions, counts that overflow, and arrays that overlap.
#include "check.h"

static Subscription in[64];
static Event out[64];

static Subscription timer(u64 userdata, u32 clock, u64 timeout, u16 flags) {
  Subscription made;
  memset(&made, 0xee, sizeof made);
  made.userdata = userdata;
  made.tag = 0;
  made.clock.id = clock;
  made.clock.timeout = timeout;
  made.clock.precision = 0;
  made.clock.flags = flags;
  return made;
}
static Subscription file(u64 userdata, u8 tag, u32 fd) {
  Subscription made;
  memset(&made, 0, sizeof made);
  made.userdata = userdata;
  made.tag = tag;
  made.fd = fd;
  return made;
}

static void timers(void) {
  u64 start, now;
  u32 n = 0;
  OK(clock_time_get(1, 0, P(&start)));
  in[0] = timer(7, 1, 30000000, 0);
  in[1] = timer(8, 1, UINT64_C(3600000000000), 0);
  in[2] = timer(9, 0, ~UINT64_C(0), 1);
  OK(poll_oneoff(P(in), P(out), 3, P(&n)));
  OK(clock_time_get(1, 0, P(&now)));
  EQ(n, 1);
  EQ(out[0].userdata, 7);
  EQ(out[0].error, 0);
  EQ(out[0].type, 0);
  TRUE(now - start >= 30000000);
  in[0] = timer(1, 1, now + 1, 1);  // absolute, and past
  in[1] = timer(2, 0, 1, 1);
  in[2] = timer(3, 1, ~UINT64_C(0), 0);
  OK(poll_oneoff(P(in), P(out), 3, P(&n)));
  EQ(n, 2);
  in[0] = timer(~UINT64_C(0), 1, 0, 0);
  OK(poll_oneoff(P(in), P(out), 1, P(&n)));
  EQ(out[0].userdata, ~UINT64_C(0));
}

static void wrong(void) {
  u32 n = 0;
  in[0] = timer(1, 99, 0, 0);
  in[1] = timer(2, 1, UINT64_C(3600000000000), 2);
  in[2] = file(3, 1, 1000);
  in[3] = file(4, 2, ROOT);
  in[4] = file(5, 77, 0);
  OK(poll_oneoff(P(in), P(out), 5, P(&n)));
  EQ(n, 5);
  EQ(out[0].error, E_INVAL);
  EQ(out[1].error, E_INVAL);
  EQ(out[2].error, E_BADF);
  TRUE(out[3].error != E_SUCCESS);
  EQ(out[4].error, E_INVAL);

  const u32 end = __builtin_wasm_memory_size(0) * 65536;
  in[0] = timer(1, 1, 0, 0);
  EQ(poll_oneoff(P(in), P(out), 0, P(&n)), E_INVAL);
  TRUE(poll_oneoff(P(in), P(out), ~0u, P(&n)) != E_SUCCESS);
  TRUE(poll_oneoff(P(in), P(out), 0x05555556, P(&n)) != E_SUCCESS);  // times 48 wraps to 32
  TRUE(poll_oneoff(P(in), P(out), 0x08000001, P(&n)) != E_SUCCESS);  // times 32 wraps to 32
  EQ(poll_oneoff(end - 40, P(out), 1, P(&n)), E_FAULT);
  EQ(poll_oneoff(P(in), end - 31, 1, P(&n)), E_FAULT);
  EQ(poll_oneoff(P(in), P(out), 1, end - 3), E_FAULT);
  EQ(poll_oneoff(~0u - 40, ~0u - 20, 1, ~0u), E_FAULT);
}

static void descriptors(void) {
  u32 n = 0;
  make_file(ROOT, "file", "12345");
  const u32 fd = open_file(ROOT, "file", 0);
  in[0] = file(1, 1, fd);
  in[1] = file(2, 2, fd);
  in[2] = timer(3, 1, UINT64_C(3600000000000), 0);
  OK(poll_oneoff(P(in), P(out), 3, P(&n)));
  EQ(n, 2);
  EQ(out[0].type, 1);
  EQ(out[0].bytes, 5);
  EQ(out[1].type, 2);
  // Standard input is a pipe with nine bytes in it.
  in[0] = file(4, 1, 0);
  OK(poll_oneoff(P(in), P(out), 1, P(&n)));
  EQ(n, 1);
  EQ(out[0].error, 0);
  EQ(out[0].bytes, 9);
  in[0] = file(5, 2, 0);
  OK(poll_oneoff(P(in), P(out), 1, P(&n)));
  EQ(out[0].error, E_NOTCAPABLE);

  // Events are written over the subscriptions, at odd addresses.
  static u8 both[48 * 40 + 16];
  for (u32 i = 0; i < 40; ++i) {
    const Subscription one = timer(100 + i, 1, 0, 0);
    memcpy(both + 3 + 48 * i, &one, sizeof one);
  }
  OK(poll_oneoff(P(both + 3), P(both + 5), 40, P(&n)));
  EQ(n, 40);
  for (u32 i = 0; i < n; ++i) {
    Event event;
    memcpy(&event, both + 5 + 32 * i, sizeof event);
    EQ(event.userdata, 100 + i);
    EQ(event.error, 0);
  }
  OK(fd_close(fd));
}

int main(void) {
  timers();
  wrong();
  descriptors();
  return finish();
}

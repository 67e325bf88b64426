// Clocks, random numbers, yielding, and raising signals that are ignored or unknown.
#include "check.h"

int main(void) {
  for (u32 clock = 0; clock < 4; ++clock) {
    u64 resolution = 0, first = 0, second = 0;
    OK(clock_res_get(clock, P(&resolution)));
    TRUE(resolution > 0 && resolution <= 1000000000);
    OK(clock_time_get(clock, 1, P(&first)));
    OK(clock_time_get(clock, ~UINT64_C(0), P(&second)));
    TRUE(clock == 0 || second >= first);
  }
  u64 now = 0;
  OK(clock_time_get(0, 0, P(&now)));
  TRUE(now > UINT64_C(1700000000) * 1000000000);
  EQ(clock_res_get(4, P(&now)), E_INVAL);
  EQ(clock_time_get(~0u, 0, P(&now)), E_INVAL);
  EQ(clock_time_get(0, 0, ~0u - 6), E_FAULT);
  char odd[17];
  OK(clock_time_get(1, 0, P(odd + 3)));  // results need no alignment

  static u8 random[100000];
  const u32 end = __builtin_wasm_memory_size(0) * 65536;
  OK(random_get(P(random), sizeof random));
  u32 seen[256] = {0}, missing = 0;
  for (u32 i = 0; i < sizeof random; ++i) ++seen[random[i]];
  for (u32 i = 0; i < 256; ++i) missing += seen[i] == 0;
  EQ(missing, 0);
  OK(random_get(P(random), 0));
  OK(random_get(end, 0));
  EQ(random_get(end, 1), E_FAULT);
  EQ(random_get(end - 1, ~0u), E_FAULT);
  EQ(random_get(~0u, ~0u), E_FAULT);

  OK(sched_yield());
  OK(proc_raise(0));
  OK(proc_raise(16));  // a child ended: ignored
  EQ(proc_raise(31), E_INVAL);
  EQ(proc_raise(~0u), E_INVAL);
  return finish();
}

// poll_oneoff, in the layouts of both versions.
#include <vector>

#include "wasi/host/poll.h"
#include "wasi/p1/functions.h"
#include "wasi/p1/layout.h"

namespace ashlar::wasi::p1 {
namespace {

template <size_t Size>
HostStatus poll_with_layout(Context& ctx, GuestMemory mem, uint32_t in_ptr, uint32_t out_ptr, uint32_t count,
                            uint32_t event_count_ptr) {
  if (count == 0 || count > host::kMaxSubscriptions) return host::fail(Errno::inval);
  HOST_ASSIGN(auto in, mem.bytes(in_ptr, uint64_t{count} * Size));
  HOST_TRY(mem.require(out_ptr, uint64_t{count} * kEventSize));
  HOST_TRY(mem.require(event_count_ptr, 4));
  // All are copied before an event is written: the two arrays may overlap.
  std::vector<host::Subscription> subscriptions;
  subscriptions.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    subscriptions.push_back(parse_subscription(GuestRecord<Size>(in.data() + size_t{i} * Size)));
  }
  std::vector<host::Event> events;
  HOST_TRY(host::poll(ctx.fds(), subscriptions, events, ctx.interrupt()));
  uint32_t at = out_ptr;
  for (const host::Event& event : events) {
    HOST_TRY(mem.write(at, event_record(event).bytes()));
    at += kEventSize;
  }
  return mem.store<uint32_t>(event_count_ptr, static_cast<uint32_t>(events.size()));
}

}  // namespace

namespace fn {
Errno poll_oneoff(Context& ctx, GuestMemory mem, uint32_t in_ptr, uint32_t out_ptr, uint32_t count,
                  uint32_t event_count_ptr) {
  return to_errno(poll_with_layout<kSubscriptionSize>(ctx, mem, in_ptr, out_ptr, count, event_count_ptr));
}
}  // namespace fn

namespace unstable {
Errno poll_oneoff(Context& ctx, GuestMemory mem, uint32_t in_ptr, uint32_t out_ptr, uint32_t count,
                  uint32_t event_count_ptr) {
  return to_errno(poll_with_layout<kUnstableSubscriptionSize>(ctx, mem, in_ptr, out_ptr, count, event_count_ptr));
}
}  // namespace unstable

}  // namespace ashlar::wasi::p1

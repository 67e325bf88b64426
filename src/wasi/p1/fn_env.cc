// Arguments, environment, clocks, random numbers, and the process's own end.
#include <span>
#include <string>
#include <vector>

#include "os/clock.h"
#include "os/random.h"
#include "wasi/p1/functions.h"
#include "wasi/p1/layout.h"

namespace ashlar::wasi::p1::fn {
namespace {

uint64_t bytes_with_nul(const std::vector<std::string>& strings) {
  uint64_t total = 0;
  for (const std::string& text : strings) total += text.size() + 1;
  return total;
}

/// An array of pointers at `list_ptr`, the strings with their NUL one after the other at `buffer_ptr`.
HostStatus put_strings(GuestMemory mem, const std::vector<std::string>& strings, uint32_t list_ptr,
                       uint32_t buffer_ptr) {
  HOST_TRY(mem.require(list_ptr, strings.size() * 4));
  HOST_TRY(mem.require(buffer_ptr, bytes_with_nul(strings)));
  for (const std::string& text : strings) {
    HOST_TRY(mem.store<uint32_t>(list_ptr, buffer_ptr));
    HOST_TRY(mem.write(buffer_ptr, std::span(reinterpret_cast<const uint8_t*>(text.c_str()), text.size() + 1)));
    list_ptr += 4;
    buffer_ptr += static_cast<uint32_t>(text.size() + 1);
  }
  return {};
}

HostStatus put_sizes(GuestMemory mem, const std::vector<std::string>& strings, uint32_t count_ptr, uint32_t size_ptr) {
  const uint64_t total = bytes_with_nul(strings);
  if (total > UINT32_MAX) return host::fail(Errno::overflow);
  HOST_TRY(mem.require(size_ptr, 4));
  HOST_TRY(mem.store<uint32_t>(count_ptr, static_cast<uint32_t>(strings.size())));
  return mem.store<uint32_t>(size_ptr, static_cast<uint32_t>(total));
}

HostStatus put_clock(GuestMemory mem, uint32_t clock, bool resolution, uint32_t to) {
  HOST_ASSIGN(const os::Clock which, parse_clock(clock));
  HOST_ASSIGN(const uint64_t value, host::from_os(resolution ? os::clock_resolution(which) : os::clock_now(which)));
  return mem.store<uint64_t>(to, value);
}

/// How a signal of the ABI acts on a process that has no handler for it.
struct SignalAction {
  uint8_t posix;  ///< its number on Linux
  enum Kind : uint8_t { Ignore, End, Stop } kind;
};
constexpr SignalAction kSignals[] = {
    {0, SignalAction::Ignore},  {1, SignalAction::End},     {2, SignalAction::End},     {3, SignalAction::End},
    {4, SignalAction::End},     {5, SignalAction::End},     {6, SignalAction::End},     {7, SignalAction::End},
    {8, SignalAction::End},     {9, SignalAction::End},     {10, SignalAction::End},    {11, SignalAction::End},
    {12, SignalAction::End},    {13, SignalAction::End},    {14, SignalAction::End},    {15, SignalAction::End},
    {17, SignalAction::Ignore}, {18, SignalAction::Ignore}, {19, SignalAction::Stop},   {20, SignalAction::Stop},
    {21, SignalAction::Stop},   {22, SignalAction::Stop},   {23, SignalAction::Ignore}, {24, SignalAction::End},
    {25, SignalAction::End},    {26, SignalAction::End},    {27, SignalAction::End},    {28, SignalAction::Ignore},
    {29, SignalAction::End},    {30, SignalAction::End},    {31, SignalAction::End},
};

}  // namespace

Errno args_get(Context& ctx, GuestMemory mem, uint32_t argv_ptr, uint32_t buffer_ptr) {
  return to_errno(put_strings(mem, ctx.args(), argv_ptr, buffer_ptr));
}

Errno args_sizes_get(Context& ctx, GuestMemory mem, uint32_t count_ptr, uint32_t size_ptr) {
  return to_errno(put_sizes(mem, ctx.args(), count_ptr, size_ptr));
}

Errno environ_get(Context& ctx, GuestMemory mem, uint32_t environ_ptr, uint32_t buffer_ptr) {
  return to_errno(put_strings(mem, ctx.env(), environ_ptr, buffer_ptr));
}

Errno environ_sizes_get(Context& ctx, GuestMemory mem, uint32_t count_ptr, uint32_t size_ptr) {
  return to_errno(put_sizes(mem, ctx.env(), count_ptr, size_ptr));
}

Errno clock_res_get(Context&, GuestMemory mem, uint32_t clock, uint32_t resolution_ptr) {
  return to_errno(put_clock(mem, clock, true, resolution_ptr));
}

Errno clock_time_get(Context&, GuestMemory mem, uint32_t clock, uint64_t, uint32_t time_ptr) {
  return to_errno(put_clock(mem, clock, false, time_ptr));
}

void proc_exit(Context& ctx, GuestMemory, uint32_t code) { ctx.request_exit(code); }

Errno proc_raise(Context& ctx, GuestMemory, uint32_t signal) {
  if (signal >= std::size(kSignals)) return Errno::inval;
  switch (kSignals[signal].kind) {
    case SignalAction::Ignore:
      return Errno::success;
    case SignalAction::Stop:
      return Errno::notsup;
    case SignalAction::End:
      break;
  }
  ctx.request_exit(128u + kSignals[signal].posix);
  return Errno::success;
}

Errno sched_yield(Context&, GuestMemory) {
  os::yield_thread();
  return Errno::success;
}

Errno random_get(Context&, GuestMemory mem, uint32_t buffer_ptr, uint32_t size) {
  auto bytes = mem.bytes(buffer_ptr, size);
  if (!bytes) return bytes.error();
  return to_errno(host::from_os(os::fill_random(*bytes)));
}

}  // namespace ashlar::wasi::p1::fn

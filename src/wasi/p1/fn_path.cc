// The path_* functions.
#include <algorithm>
#include <string>

#include "wasi/host/dirs.h"
#include "wasi/p1/functions.h"
#include "wasi/p1/layout.h"

namespace ashlar::wasi::p1 {
namespace {

constexpr uint32_t kCreate = 1;
constexpr uint32_t kDirectory = 2;
constexpr uint32_t kExclusive = 4;
constexpr uint32_t kTruncate = 8;

/// A directory descriptor and a path below it, copied out of the guest's memory before anything is checked.
struct DirPath {
  host::DescriptorRef dir;
  std::string path;
};

HostResult<DirPath> dir_path(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size) {
  DirPath out;
  HOST_ASSIGN(out.dir, ctx.fds().get(fd));
  HOST_ASSIGN(out.path, mem.string(path_ptr, path_size));
  return out;
}

HostStatus stat_path(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr, uint32_t path_size,
                     host::FileStat& stat) {
  HOST_ASSIGN(auto at, dir_path(ctx, mem, fd, path_ptr, path_size));
  HOST_ASSIGN(const bool follow, parse_lookup(lookup));
  HOST_ASSIGN(stat, host::stat_path(*at.dir, at.path, follow));
  return {};
}

HostStatus set_times(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr, uint32_t path_size,
                     const TimeChanges& changes) {
  HOST_ASSIGN(auto at, dir_path(ctx, mem, fd, path_ptr, path_size));
  HOST_ASSIGN(const bool follow, parse_lookup(lookup));
  return host::set_path_times(*at.dir, at.path, follow, changes.accessed, changes.modified);
}

HostStatus link(Context& ctx, GuestMemory mem, uint32_t old_fd, uint32_t old_lookup, uint32_t old_path_ptr,
                uint32_t old_path_size, uint32_t new_fd, uint32_t new_path_ptr, uint32_t new_path_size) {
  HOST_ASSIGN(auto from, dir_path(ctx, mem, old_fd, old_path_ptr, old_path_size));
  HOST_ASSIGN(auto to, dir_path(ctx, mem, new_fd, new_path_ptr, new_path_size));
  HOST_ASSIGN(const bool follow, parse_lookup(old_lookup));
  if (follow) return host::fail(Errno::inval);  // no system can do that without a race
  return host::link_path(*from.dir, from.path, *to.dir, to.path);
}

HostStatus rename(Context& ctx, GuestMemory mem, uint32_t old_fd, uint32_t old_path_ptr, uint32_t old_path_size,
                  uint32_t new_fd, uint32_t new_path_ptr, uint32_t new_path_size) {
  HOST_ASSIGN(auto from, dir_path(ctx, mem, old_fd, old_path_ptr, old_path_size));
  HOST_ASSIGN(auto to, dir_path(ctx, mem, new_fd, new_path_ptr, new_path_size));
  return host::rename_path(*from.dir, from.path, *to.dir, to.path);
}

HostStatus symlink(Context& ctx, GuestMemory mem, uint32_t target_ptr, uint32_t target_size, uint32_t fd,
                   uint32_t path_ptr, uint32_t path_size) {
  HOST_ASSIGN(auto at, dir_path(ctx, mem, fd, path_ptr, path_size));
  HOST_ASSIGN(const auto target, mem.string(target_ptr, target_size));
  return host::create_symlink(*at.dir, target, at.path);
}

HostStatus readlink(GuestMemory mem, const DirPath& at, uint32_t buffer_ptr, uint32_t buffer_size, uint32_t used_ptr) {
  HOST_TRY(mem.require(used_ptr, 4));
  HOST_TRY(mem.require(buffer_ptr, buffer_size));
  HOST_ASSIGN(const auto text, host::read_link(*at.dir, at.path));
  const size_t used = std::min<size_t>(text.size(), buffer_size);
  HOST_TRY(mem.write(buffer_ptr, std::span(reinterpret_cast<const uint8_t*>(text.data()), used)));
  return mem.store<uint32_t>(used_ptr, static_cast<uint32_t>(used));
}

HostStatus open(Context& ctx, GuestMemory mem, const DirPath& at, const host::OpenRequest& request,
                uint32_t opened_ptr) {
  HOST_TRY(mem.require(opened_ptr, 4));
  HOST_ASSIGN(auto opened, host::open_path(*at.dir, at.path, request));
  HOST_ASSIGN(const uint32_t fd, ctx.fds().insert(std::move(opened)));
  return mem.store<uint32_t>(opened_ptr, fd);
}

using DirOperation = HostStatus (*)(const host::Descriptor&, std::string_view);
Errno simple(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size,
             DirOperation operation) {
  auto at = dir_path(ctx, mem, fd, path_ptr, path_size);
  if (!at) return at.error();
  return to_errno(operation(*at->dir, at->path));
}

}  // namespace

namespace fn {

Errno path_create_directory(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size) {
  return simple(ctx, mem, fd, path_ptr, path_size, host::create_directory);
}

Errno path_remove_directory(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size) {
  return simple(ctx, mem, fd, path_ptr, path_size, host::remove_directory);
}

Errno path_unlink_file(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size) {
  return simple(ctx, mem, fd, path_ptr, path_size, host::unlink_file);
}

Errno path_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr,
                        uint32_t path_size, uint32_t stat_ptr) {
  host::FileStat stat;
  auto status = stat_path(ctx, mem, fd, lookup, path_ptr, path_size, stat);
  return to_errno(status ? mem.write(stat_ptr, filestat_record(stat).bytes()) : status);
}

Errno path_filestat_set_times(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr,
                              uint32_t path_size, uint64_t accessed, uint64_t modified, uint32_t fst_flags) {
  auto changes = parse_time_changes(accessed, modified, fst_flags);
  if (!changes) return changes.error();
  return to_errno(set_times(ctx, mem, fd, lookup, path_ptr, path_size, *changes));
}

Errno path_link(Context& ctx, GuestMemory mem, uint32_t old_fd, uint32_t old_lookup, uint32_t old_path_ptr,
                uint32_t old_path_size, uint32_t new_fd, uint32_t new_path_ptr, uint32_t new_path_size) {
  return to_errno(link(ctx, mem, old_fd, old_lookup, old_path_ptr, old_path_size, new_fd, new_path_ptr, new_path_size));
}

Errno path_open(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr, uint32_t path_size,
                uint32_t oflags, uint64_t base, uint64_t inheriting, uint32_t fd_flags, uint32_t opened_ptr) {
  auto at = dir_path(ctx, mem, fd, path_ptr, path_size);
  if (!at) return at.error();
  auto follow = parse_lookup(lookup);
  if (!follow) return follow.error();
  if ((oflags & ~(kCreate | kDirectory | kExclusive | kTruncate)) != 0) return Errno::inval;
  if ((fd_flags & ~uint32_t{host::fd_flag::kAll}) != 0) return Errno::inval;
  host::OpenRequest request;
  request.follow = *follow;
  request.create = (oflags & kCreate) != 0;
  request.directory = (oflags & kDirectory) != 0;
  request.exclusive = (oflags & kExclusive) != 0;
  request.truncate = (oflags & kTruncate) != 0;
  request.base = host::Rights{base};
  request.inheriting = host::Rights{inheriting};
  request.flags = static_cast<uint16_t>(fd_flags);
  return to_errno(open(ctx, mem, *at, request, opened_ptr));
}

Errno path_readlink(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size,
                    uint32_t buffer_ptr, uint32_t buffer_size, uint32_t used_ptr) {
  auto at = dir_path(ctx, mem, fd, path_ptr, path_size);
  if (!at) return at.error();
  return to_errno(readlink(mem, *at, buffer_ptr, buffer_size, used_ptr));
}

Errno path_rename(Context& ctx, GuestMemory mem, uint32_t old_fd, uint32_t old_path_ptr, uint32_t old_path_size,
                  uint32_t new_fd, uint32_t new_path_ptr, uint32_t new_path_size) {
  return to_errno(rename(ctx, mem, old_fd, old_path_ptr, old_path_size, new_fd, new_path_ptr, new_path_size));
}

Errno path_symlink(Context& ctx, GuestMemory mem, uint32_t target_ptr, uint32_t target_size, uint32_t fd,
                   uint32_t path_ptr, uint32_t path_size) {
  return to_errno(symlink(ctx, mem, target_ptr, target_size, fd, path_ptr, path_size));
}

}  // namespace fn

namespace unstable {

Errno path_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr,
                        uint32_t path_size, uint32_t stat_ptr) {
  host::FileStat stat;
  auto status = stat_path(ctx, mem, fd, lookup, path_ptr, path_size, stat);
  return to_errno(status ? mem.write(stat_ptr, unstable_filestat_record(stat).bytes()) : status);
}

}  // namespace unstable
}  // namespace ashlar::wasi::p1

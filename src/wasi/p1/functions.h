// Preview 1's functions, one each, with the ABI's plain integers as arguments; bodies are in fn_*.cc by family.
#pragma once

#include <cstdint>

#include "wasi/p1/context.h"
#include "wasi/p1/guest_memory.h"

namespace ashlar::wasi::p1 {

/// wasi_snapshot_preview1, and wasi_unstable where it does not differ. Arguments named *_ptr are guest addresses.
namespace fn {

Errno args_get(Context& ctx, GuestMemory mem, uint32_t argv_ptr, uint32_t buffer_ptr);
Errno args_sizes_get(Context& ctx, GuestMemory mem, uint32_t count_ptr, uint32_t size_ptr);
Errno environ_get(Context& ctx, GuestMemory mem, uint32_t environ_ptr, uint32_t buffer_ptr);
Errno environ_sizes_get(Context& ctx, GuestMemory mem, uint32_t count_ptr, uint32_t size_ptr);

Errno clock_res_get(Context& ctx, GuestMemory mem, uint32_t clock, uint32_t resolution_ptr);
Errno clock_time_get(Context& ctx, GuestMemory mem, uint32_t clock, uint64_t precision, uint32_t time_ptr);

Errno fd_advise(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t offset, uint64_t length, uint32_t advice);
Errno fd_allocate(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t offset, uint64_t length);
Errno fd_close(Context& ctx, GuestMemory mem, uint32_t fd);
Errno fd_datasync(Context& ctx, GuestMemory mem, uint32_t fd);
Errno fd_fdstat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t stat_ptr);
Errno fd_fdstat_set_flags(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t flags);
Errno fd_fdstat_set_rights(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t base, uint64_t inheriting);
Errno fd_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t stat_ptr);
Errno fd_filestat_set_size(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t size);
Errno fd_filestat_set_times(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t accessed, uint64_t modified,
                            uint32_t fst_flags);
Errno fd_pread(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint64_t offset,
               uint32_t size_ptr);
Errno fd_prestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t prestat_ptr);
Errno fd_prestat_dir_name(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size);
Errno fd_pwrite(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint64_t offset,
                uint32_t size_ptr);
Errno fd_read(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t size_ptr);
Errno fd_readdir(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t buffer_ptr, uint32_t buffer_size, uint64_t cookie,
                 uint32_t size_ptr);
Errno fd_renumber(Context& ctx, GuestMemory mem, uint32_t from, uint32_t to);
Errno fd_seek(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position_ptr);
Errno fd_sync(Context& ctx, GuestMemory mem, uint32_t fd);
Errno fd_tell(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t position_ptr);
Errno fd_write(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t size_ptr);

Errno path_create_directory(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size);
Errno path_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr,
                        uint32_t path_size, uint32_t stat_ptr);
Errno path_filestat_set_times(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr,
                              uint32_t path_size, uint64_t accessed, uint64_t modified, uint32_t fst_flags);
Errno path_link(Context& ctx, GuestMemory mem, uint32_t old_fd, uint32_t old_lookup, uint32_t old_path_ptr,
                uint32_t old_path_size, uint32_t new_fd, uint32_t new_path_ptr, uint32_t new_path_size);
Errno path_open(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr, uint32_t path_size,
                uint32_t oflags, uint64_t base, uint64_t inheriting, uint32_t fd_flags, uint32_t opened_ptr);
Errno path_readlink(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size,
                    uint32_t buffer_ptr, uint32_t buffer_size, uint32_t used_ptr);
Errno path_remove_directory(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size);
Errno path_rename(Context& ctx, GuestMemory mem, uint32_t old_fd, uint32_t old_path_ptr, uint32_t old_path_size,
                  uint32_t new_fd, uint32_t new_path_ptr, uint32_t new_path_size);
Errno path_symlink(Context& ctx, GuestMemory mem, uint32_t target_ptr, uint32_t target_size, uint32_t fd,
                   uint32_t path_ptr, uint32_t path_size);
Errno path_unlink_file(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t path_ptr, uint32_t path_size);

Errno poll_oneoff(Context& ctx, GuestMemory mem, uint32_t in_ptr, uint32_t out_ptr, uint32_t count,
                  uint32_t event_count_ptr);

void proc_exit(Context& ctx, GuestMemory mem, uint32_t code);
/// Signals that end a process by default end the program with 128 + the POSIX number, as a shell reports it.
Errno proc_raise(Context& ctx, GuestMemory mem, uint32_t signal);
Errno sched_yield(Context& ctx, GuestMemory mem);
Errno random_get(Context& ctx, GuestMemory mem, uint32_t buffer_ptr, uint32_t size);

Errno sock_accept(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t flags, uint32_t accepted_ptr);
Errno sock_recv(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t ri_flags,
                uint32_t size_ptr, uint32_t ro_flags_ptr);
Errno sock_send(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t iovs_ptr, uint32_t iovs_count, uint32_t si_flags,
                uint32_t size_ptr);
Errno sock_shutdown(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t how);

}  // namespace fn

/// What wasi_unstable does differently: the order of seek's origins, the layouts of filestat and subscription.
namespace unstable {

Errno fd_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t stat_ptr);
Errno fd_seek(Context& ctx, GuestMemory mem, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position_ptr);
Errno path_filestat_get(Context& ctx, GuestMemory mem, uint32_t fd, uint32_t lookup, uint32_t path_ptr,
                        uint32_t path_size, uint32_t stat_ptr);
Errno poll_oneoff(Context& ctx, GuestMemory mem, uint32_t in_ptr, uint32_t out_ptr, uint32_t count,
                  uint32_t event_count_ptr);

}  // namespace unstable
}  // namespace ashlar::wasi::p1

// Path operations: rights first, then the path, then one call that does not follow links.
#include "wasi/host/dirs.h"

#include <cerrno>

#include "wasi/host/path.h"

namespace ashlar::wasi::host {
namespace {

HostStatus require_dir(const Descriptor& dir, Rights needed) {
  if (!dir.is_directory()) return fail(Errno::notdir);
  return dir.require(needed);
}

HostStatus require_writable_dir(const Descriptor& dir, Rights needed) {
  HOST_TRY(require_dir(dir, needed));
  if (dir.read_only) return fail(Errno::rofs);
  return {};
}

HostResult<Parent> parent_of(const Descriptor& dir, std::string_view path) {
  return resolve_parent(dir.handle.raw(), path, dir.resolution);
}

HostResult<os::FileInfo> info_of(const Parent& parent) {
  return from_os(os::file_info_at(parent.handle.raw(), parent.name.c_str()));
}

/// "name/" names a directory, or nothing.
HostStatus require_directory_if_slash(const Parent& parent) {
  if (!parent.trailing_slash) return {};
  HOST_ASSIGN(auto info, info_of(parent));
  if (info.kind != os::FileKind::Directory) return fail(Errno::notdir);
  return {};
}

HostStatus check_open_rights(const Descriptor& dir, const OpenRequest& request) {
  Rights needed = right::path_open;
  if (request.create) needed = needed | right::path_create_file;
  // Whoever may write the file and set its size gains nothing by truncating it at once. Go's os.Root relies on this: it
  // opens its directory without the right for paths.
  const bool may_truncate_later = request.base.has(right::fd_write | right::fd_filestat_set_size);
  if (request.truncate && !may_truncate_later) needed = needed | right::path_filestat_set_size;
  HOST_TRY(require_dir(dir, needed));
  Rights handed_on = (request.base | request.inheriting) & right::kFileSystem;
  if (request.flags & fd_flag::kDsync) handed_on = handed_on | right::fd_datasync;
  if (request.flags & (fd_flag::kRsync | fd_flag::kSync)) handed_on = handed_on | right::fd_sync;
  if (!dir.inheriting.get().has(handed_on)) return fail(Errno::notcapable);
  return {};
}

uint32_t open_flags(const OpenRequest& request) {
  const bool write = request.base.any(right::fd_write);
  const bool read = request.base.any(right::fd_read | right::fd_readdir);
  // Non-blocking, so that opening a FIFO or a device returns at once.
  uint32_t flags = os::kOpenNonblock;
  if (write || request.truncate) flags |= os::kOpenWrite;
  if (read || !write) flags |= os::kOpenRead;
  if (request.create) flags |= os::kOpenCreate;
  if (request.create && request.exclusive) flags |= os::kOpenExclusive;
  if (request.truncate) flags |= os::kOpenTruncate;
  if (request.directory) flags |= os::kOpenDirectory;
  if (request.flags & fd_flag::kAppend) flags |= os::kOpenAppend;
  if (request.flags & fd_flag::kDsync) flags |= os::kOpenDataSync;
  if (request.flags & (fd_flag::kSync | fd_flag::kRsync)) flags |= os::kOpenSync;
  return flags;
}

HostResult<os::Fd> open_handle(const Descriptor& dir, std::string_view path, const OpenRequest& request) {
  const int root = dir.handle.raw();
  const uint32_t flags = open_flags(request);
  if (!dir.read_only) return open_beneath(root, path, flags, request.follow, dir.resolution);

  if (request.truncate || request.base.any(right::fd_write)) return fail(Errno::rofs);
  // As on a read-only file system, O_CREAT only matters where there is nothing.
  const uint32_t without_create = flags & ~uint32_t{os::kOpenCreate | os::kOpenExclusive};
  auto opened = open_beneath(root, path, without_create, request.follow, dir.resolution);
  if (!request.create) return opened;
  if (opened && request.exclusive) return fail(Errno::exist);
  if (!opened && opened.error() == Errno::noent) return fail(Errno::rofs);
  return opened;
}

}  // namespace

HostResult<Descriptor> open_path(const Descriptor& dir, std::string_view path, const OpenRequest& request) {
  HOST_TRY(check_open_rights(dir, request));
  if (request.directory && request.create) return fail(Errno::inval);
  HOST_ASSIGN(auto handle, open_handle(dir, path, request));
  HOST_ASSIGN(auto info, from_os(os::file_info(handle.raw())));

  Descriptor out;
  out.type = file_type_of(info.kind);
  out.read_only = dir.read_only;
  out.resolution = dir.resolution;
  if (info.kind == os::FileKind::Directory) {
    out.kind = DescriptorKind::Directory;
    out.base = request.base & right::kDirectory;
    out.inheriting = request.inheriting & right::kFileSystem;
  } else {
    out.flags = request.flags;
    out.may_block = info.kind != os::FileKind::Regular;
    out.base = request.base & right::kFile;
    // See make_stdio: this is how C libraries recognize a terminal.
    if (info.kind == os::FileKind::CharDevice && os::is_terminal(handle.raw())) {
      out.base = out.base.get() & ~(right::fd_seek | right::fd_tell);
    }
  }
  out.handle = std::move(handle);
  return out;
}

HostStatus create_directory(const Descriptor& dir, std::string_view path) {
  HOST_TRY(require_writable_dir(dir, right::path_create_directory));
  HOST_ASSIGN(auto parent, parent_of(dir, path));
  if (parent.dots) return fail(Errno::exist);
  return from_os(os::make_directory_at(parent.handle.raw(), parent.name.c_str()));
}

HostStatus remove_directory(const Descriptor& dir, std::string_view path) {
  HOST_TRY(require_writable_dir(dir, right::path_remove_directory));
  HOST_ASSIGN(auto parent, parent_of(dir, path));
  if (parent.dots) return fail(parent.name == "." ? Errno::inval : Errno::notempty);
  return from_os(os::remove_directory_at(parent.handle.raw(), parent.name.c_str()));
}

HostStatus unlink_file(const Descriptor& dir, std::string_view path) {
  HOST_TRY(require_writable_dir(dir, right::path_unlink_file));
  HOST_ASSIGN(auto parent, parent_of(dir, path));
  if (parent.dots) return fail(Errno::isdir);
  if (parent.trailing_slash) {
    HOST_ASSIGN(auto info, info_of(parent));
    return fail(info.kind == os::FileKind::Directory ? Errno::isdir : Errno::notdir);
  }
  return from_os(os::remove_file_at(parent.handle.raw(), parent.name.c_str()));
}

HostStatus link_path(const Descriptor& old_dir, std::string_view old_path, const Descriptor& new_dir,
                     std::string_view new_path) {
  // The old directory must be writable as well: a second name elsewhere would lift a read-only grant.
  HOST_TRY(require_writable_dir(old_dir, right::path_link_source));
  HOST_TRY(require_writable_dir(new_dir, right::path_link_target));
  HOST_ASSIGN(auto from, parent_of(old_dir, old_path));
  HOST_ASSIGN(auto to, parent_of(new_dir, new_path));
  if (from.dots) return fail(Errno::perm);
  if (to.dots) return fail(Errno::exist);
  HOST_TRY(require_directory_if_slash(from));
  if (to.trailing_slash) {
    HOST_TRY(info_of(to));
    return fail(Errno::exist);
  }
  return from_os(os::link_at(from.handle.raw(), from.name.c_str(), to.handle.raw(), to.name.c_str()));
}

HostStatus rename_path(const Descriptor& old_dir, std::string_view old_path, const Descriptor& new_dir,
                       std::string_view new_path) {
  HOST_TRY(require_writable_dir(old_dir, right::path_rename_source));
  HOST_TRY(require_writable_dir(new_dir, right::path_rename_target));
  HOST_ASSIGN(auto from, parent_of(old_dir, old_path));
  HOST_ASSIGN(auto to, parent_of(new_dir, new_path));
  if (from.dots || to.dots) return fail(Errno::busy);
  from.trailing_slash |= to.trailing_slash;  // "new/" can only become a directory
  HOST_TRY(require_directory_if_slash(from));
  return from_os(os::rename_at(from.handle.raw(), from.name.c_str(), to.handle.raw(), to.name.c_str()));
}

HostStatus create_symlink(const Descriptor& dir, std::string_view target, std::string_view path) {
  HOST_TRY(require_writable_dir(dir, right::path_symlink));
  HOST_TRY(check_path(target));
  HOST_ASSIGN(auto parent, parent_of(dir, path));
  if (parent.dots) return fail(Errno::exist);
  if (parent.trailing_slash) {
    HOST_ASSIGN(auto info, info_of(parent));
    return fail(info.kind == os::FileKind::Directory ? Errno::exist : Errno::notdir);
  }
  return from_os(os::symlink_at(std::string(target).c_str(), parent.handle.raw(), parent.name.c_str()));
}

HostResult<std::string> read_link(const Descriptor& dir, std::string_view path) {
  HOST_TRY(require_dir(dir, right::path_readlink));
  HOST_ASSIGN(auto parent, parent_of(dir, path));
  if (parent.dots) return fail(Errno::inval);
  if (parent.trailing_slash) {
    HOST_ASSIGN(auto info, info_of(parent));
    return fail(info.kind == os::FileKind::Directory ? Errno::inval : Errno::notdir);
  }
  return from_os(os::read_link_at(parent.handle.raw(), parent.name.c_str()));
}

HostResult<FileStat> stat_path(const Descriptor& dir, std::string_view path, bool follow) {
  HOST_TRY(require_dir(dir, right::path_filestat_get));
  HOST_ASSIGN(auto parent, parent_of(dir, path));
  if (!parent.dots && !parent.trailing_slash) {
    // Most paths end in no link: then this one call is the answer, whether links are followed or not.
    HOST_ASSIGN(auto info, info_of(parent));
    if (!follow || info.kind != os::FileKind::Symlink) return file_stat_of(info);
  }
  HOST_ASSIGN(auto handle, open_beneath(dir.handle.raw(), path, os::kOpenPathOnly, follow, dir.resolution));
  HOST_ASSIGN(auto info, from_os(os::file_info(handle.raw())));
  return file_stat_of(info);
}

HostStatus set_path_times(const Descriptor& dir, std::string_view path, bool follow, os::TimeChange accessed,
                          os::TimeChange modified) {
  HOST_TRY(require_writable_dir(dir, right::path_filestat_set_times));
  HOST_ASSIGN(auto parent, parent_of(dir, path));
  if (!follow && !parent.dots && !parent.trailing_slash) {
    return from_os(os::set_file_times_at(parent.handle.raw(), parent.name.c_str(), accessed, modified));
  }
  HOST_ASSIGN(auto handle, open_beneath(dir.handle.raw(), path, os::kOpenPathOnly, follow, dir.resolution));
  return from_os(os::set_file_times(handle.raw(), accessed, modified));
}

HostStatus seek_entries(Descriptor& dir, uint64_t cookie) {
  HOST_TRY(require_dir(dir, right::fd_readdir));
  if (!dir.reader) {
    if (!dir.reader_share.take(dir.share.quota())) return fail(Errno::nfile);
    dir.reader.emplace();
  }
  return from_os(dir.reader->seek(dir.handle.raw(), cookie));
}

HostResult<std::optional<ListedEntry>> next_entry(Descriptor& dir) {
  const int handle = dir.handle.raw();
  HOST_ASSIGN(auto found, from_os(dir.reader->next(handle)));
  if (!found) return std::nullopt;
  ListedEntry out{found->next, found->inode, file_type_of(found->kind), found->name};
  if (found->name == "..") {
    HOST_ASSIGN(auto info, from_os(os::file_info(handle)));
    out.inode = info.inode;
  } else if (found->kind == os::FileKind::Unknown) {
    // The reader's names end in NUL. An entry that has gone meanwhile keeps its unknown type.
    auto info = os::file_info_at(handle, found->name.data());
    if (info) out.type = file_type_of(info->kind);
  }
  return out;
}

}  // namespace ashlar::wasi::host

// What can be done through a directory descriptor: open, create, link, rename, remove, look at, list.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wasi/host/descriptor.h"

namespace ashlar::wasi::host {

// Every function checks the directory's rights and that its grant is not read-only (rofs); paths stay beneath the
// directory as path.h says. A descriptor that is no directory gives notdir.

struct OpenRequest {
  bool follow = false;
  bool create = false;
  bool directory = false;
  bool exclusive = false;
  bool truncate = false;
  Rights base;
  Rights inheriting;
  uint16_t flags = 0;  ///< fd_flag::*
};

/// Opens without ever blocking (a FIFO without a peer gives nxio or an end of file). The new descriptor has those of
/// the wanted rights that apply to what was found; notcapable when the directory may not hand one on.
HostResult<Descriptor> open_path(const Descriptor& dir, std::string_view path, const OpenRequest& request);

HostStatus create_directory(const Descriptor& dir, std::string_view path);
HostStatus remove_directory(const Descriptor& dir, std::string_view path);
HostStatus unlink_file(const Descriptor& dir, std::string_view path);
/// A hard link; a symbolic link at the end of the old path is linked itself.
HostStatus link_path(const Descriptor& old_dir, std::string_view old_path, const Descriptor& new_dir,
                     std::string_view new_path);
HostStatus rename_path(const Descriptor& old_dir, std::string_view old_path, const Descriptor& new_dir,
                       std::string_view new_path);
/// notcapable for an absolute target: no path of a guest could follow it.
HostStatus create_symlink(const Descriptor& dir, std::string_view target, std::string_view path);
HostResult<std::string> read_link(const Descriptor& dir, std::string_view path);

HostResult<FileStat> stat_path(const Descriptor& dir, std::string_view path, bool follow);
HostStatus set_path_times(const Descriptor& dir, std::string_view path, bool follow, os::TimeChange accessed,
                          os::TimeChange modified);

struct ListedEntry {
  uint64_t next;
  uint64_t inode;
  FileType type;
  std::string_view name;  ///< valid until the next call
};
// Of threads that list one directory each takes Descriptor::turns for as long as it wants its entries in a row.

/// Continues behind the entry whose `next` is the cookie; 0 starts afresh. inval for a cookie that cannot be one.
HostStatus seek_entries(Descriptor& dir, uint64_t cookie);
/// "." and ".." are among the entries; ".." shows the directory's own inode, as at the root of a file system, because
/// what lies above a granted directory is not the guest's business.
HostResult<std::optional<ListedEntry>> next_entry(Descriptor& dir);

}  // namespace ashlar::wasi::host

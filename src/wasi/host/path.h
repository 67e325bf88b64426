// Paths that never leave the directory they start from.
#pragma once

#include <string>
#include <string_view>

#include "wasi/host/descriptor.h"

namespace ashlar::wasi::host {

inline constexpr size_t kMaxPath = 4095;
inline constexpr int kMaxSymlinks = 40;

/// noent for an empty path, inval for one with NUL, ilseq for one that is not UTF-8, nametoolong, notcapable for an
/// absolute one.
HostStatus check_path(std::string_view path);

/// Opens `path` beneath directory handle `root`, as os::open_at with `flags` would. ".." and symbolic links are
/// followed as long as they stay beneath; notcapable where they don't. Links of /proc that name open files lead
/// nowhere. `follow`: whether a symbolic link at the end is followed; one with a slash behind it always is.
HostResult<os::Fd> open_beneath(int root, std::string_view path, uint32_t flags, bool follow, Resolution resolution);

/// The directory that holds a path's last component, and that component without trailing slashes, fit for calls that
/// do not follow symbolic links.
struct Parent {
  os::Fd handle;
  std::string name;
  bool trailing_slash = false;
  /// The last component is "." or ".."; it names an existing directory beneath the root (checked), and must not be
  /// given to the operating system.
  bool dots = false;
};
HostResult<Parent> resolve_parent(int root, std::string_view path, Resolution resolution);

}  // namespace ashlar::wasi::host

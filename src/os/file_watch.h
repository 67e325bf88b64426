// Files that others replace: what is known of each, and being told when it may be another one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/file.h"

namespace ashlar::os {

/// What a path led to, at some time. Equal stamps: the same file, unchanged.
struct FileStamp {
  std::string path;
  uint64_t device = 0, inode = 0, size = 0;
  int64_t modified = 0, changed = 0;  ///< nanoseconds
  bool there = false;
  bool operator==(const FileStamp&) const = default;
  /// All but the path, as text.
  std::string identity() const;
};
FileStamp stamp_file(const std::string& path);

/// Watches the folders in which something would have to happen for a path to lead elsewhere: its own, and those of
/// symbolic links on the way. One thread.
class FileWatch {
 public:
  static SysResult<FileWatch> make();
  /// From now on these. Errors: the errno of the first folder that cannot be watched; the others are.
  SysResult<void> watch(const std::vector<std::string>& paths);
  /// poll finds it readable when something happened in one of the folders.
  int fd() const { return inotify_.raw(); }
  /// Takes note of all that happened.
  void drain();

 private:
  explicit FileWatch(Fd inotify) : inotify_(std::move(inotify)) {}
  Fd inotify_;
  std::map<std::string, int> folders_;
};

}  // namespace ashlar::os

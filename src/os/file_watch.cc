// Folders watched by inotify; see file_watch.h.
#include "os/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

namespace ashlar::os {

namespace {

constexpr int kMostLinks = 40;  // as many as the system follows

int64_t nanoseconds(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

std::optional<std::string> read_link(const std::string& path) {
  auto target = read_link_at(kWorkingDirectory, path.c_str());
  if (!target) return std::nullopt;
  return std::move(*target);
}

/// Adds the folder of every link on the way, and the last one; of what is not there, the last that is.
void add_folders(const std::string& path, int links, std::set<std::string>& out) {
  std::string folder = path.starts_with('/') ? "/" : "./";
  for (size_t from = path.find_first_not_of('/'); from < path.size();) {
    const size_t slash = std::min(path.find('/', from), path.size());
    const std::string here = folder + path.substr(from, slash - from);
    const size_t next = path.find_first_not_of('/', slash);
    if (const auto target = read_link(here)) {
      out.insert(folder);
      if (links == 0) return;
      const std::string rest = next == path.npos ? "" : "/" + path.substr(next);
      return add_folders((target->starts_with('/') ? "" : folder) + *target + rest, links - 1, out);
    }
    struct stat info{};
    if (next == path.npos || ::stat(here.c_str(), &info) != 0) break;
    folder = here + "/";
    from = next;
  }
  out.insert(folder);
}

}  // namespace

FileStamp stamp_file(const std::string& path) {
  FileStamp out{.path = path};
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return out;
  out.there = true;
  out.device = info.st_dev;
  out.inode = info.st_ino;
  out.size = static_cast<uint64_t>(info.st_size);
  out.modified = nanoseconds(info.st_mtim);
  out.changed = nanoseconds(info.st_ctim);
  return out;
}

std::string FileStamp::identity() const {
  return std::to_string(device) + " " + std::to_string(inode) + " " + std::to_string(size) + " " +
         std::to_string(modified) + " " + std::to_string(changed);
}

SysResult<FileWatch> FileWatch::make() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return std::unexpected(errno);
  return FileWatch(Fd::own(fd));
}

SysResult<void> FileWatch::watch(const std::vector<std::string>& paths) {
  std::set<std::string> wanted;
  for (const std::string& path : paths) add_folders(path, kMostLinks, wanted);
  std::map<std::string, int> now;
  int failed = 0;
  for (const std::string& folder : wanted) {
    // Again even where it is known: a folder of that name may be another one by now.
    constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB |
                                 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    const int id = ::inotify_add_watch(inotify_.raw(), folder.c_str(), kEvents);
    if (id >= 0) {
      now[folder] = id;
    } else if (failed == 0) {
      failed = errno;
    }
  }
  std::set<int> kept;
  for (const auto& [folder, id] : now) kept.insert(id);
  for (const auto& [folder, id] : folders_) {
    if (!kept.contains(id)) ::inotify_rm_watch(inotify_.raw(), id);
  }
  folders_ = std::move(now);
  if (failed != 0) return std::unexpected(failed);
  return {};
}

void FileWatch::drain() {
  alignas(inotify_event) char events[4096];
  while (::read(inotify_.raw(), events, sizeof events) > 0) {
  }
}

}  // namespace ashlar::os

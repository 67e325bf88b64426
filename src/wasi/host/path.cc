// Path resolution: by the kernel's openat2, or component by component with links expanded by hand.
#include "wasi/host/path.h"

#include <cerrno>
#include <vector>

#include "base/utf8.h"

namespace ashlar::wasi::host {
namespace {

/// Resolves without the kernel's help. It keeps a handle of every directory on the way down and goes up by dropping
/// one, so no rename by others can make ".." lead outside: it never asks the file system for "..".
class Walker {
 public:
  Walker(int root, std::string_view path) : root_(root), rest_(path) {}
  HostResult<os::Fd> open(uint32_t flags, bool follow);

 private:
  /// What take_component found.
  struct Component {
    std::string name;
    bool last;   ///< nothing but slashes behind it
    bool slash;  ///< a slash behind it
  };

  int current() const { return dirs_.empty() ? root_ : dirs_.back().raw(); }
  bool take_component(Component& out);
  HostStatus enter(const Component& component);
  HostStatus expand(std::string_view target, const Component& link);
  /// The last component; nothing when it turned out to be a link, which is expanded then.
  HostResult<os::Fd> open_last(const Component& component, uint32_t flags, bool follow, bool& again);

  int root_;
  std::vector<os::Fd> dirs_;
  std::string rest_;
  size_t at_ = 0;
  int links_ = 0;
};

bool Walker::take_component(Component& out) {
  while (at_ < rest_.size() && rest_[at_] == '/') ++at_;
  if (at_ == rest_.size()) return false;
  size_t end = rest_.find('/', at_);
  out.slash = end != std::string::npos;
  if (!out.slash) end = rest_.size();
  out.name = rest_.substr(at_, end - at_);
  at_ = end;
  out.last = rest_.find_first_not_of('/', end) == std::string::npos;
  return true;
}

HostStatus Walker::expand(std::string_view target, const Component& link) {
  if (++links_ > kMaxSymlinks) return fail(Errno::loop);
  if (target.empty()) return fail(Errno::noent);
  if (target.front() == '/') return fail(Errno::notcapable);
  std::string next(target);
  if (link.slash) next.append(rest_, at_);  // begins with that slash
  if (next.size() > 2 * kMaxPath) return fail(Errno::nametoolong);
  rest_ = std::move(next);
  at_ = 0;
  return {};
}

HostStatus Walker::enter(const Component& component) {
  HOST_ASSIGN(auto next,
              from_os(os::open_at(current(), component.name.c_str(), os::kOpenPathOnly | os::kOpenNoFollow)));
  HOST_ASSIGN(auto info, from_os(os::file_info(next.raw())));
  if (info.kind == os::FileKind::Symlink) {
    HOST_ASSIGN(auto target, from_os(os::read_link_at(next.raw(), "")));
    return expand(target, component);
  }
  if (info.kind != os::FileKind::Directory) return fail(Errno::notdir);
  dirs_.push_back(std::move(next));
  return {};
}

HostResult<os::Fd> Walker::open_last(const Component& component, uint32_t flags, bool follow, bool& again) {
  const char* name = component.name.c_str();
  const bool exclusive = (flags & os::kOpenCreate) != 0 && (flags & os::kOpenExclusive) != 0;
  again = false;
  if (!follow || exclusive) return from_os(os::open_at(current(), name, flags | os::kOpenNoFollow));

  auto target = os::read_link_at(current(), name);
  if (target) {
    HOST_TRY(expand(*target, component));
    again = true;
    return os::Fd();
  }
  // EINVAL: exists and is no link. What is opened below is opened without following, so a link that somebody puts
  // there meanwhile is noticed, and resolved from the start of this component.
  if (target.error() != EINVAL && target.error() != ENOENT) return fail(errno_from_os(target.error()));
  auto opened = os::open_at(current(), name, flags | os::kOpenNoFollow);
  bool is_link = !opened && opened.error() == ELOOP;
  if (opened && (flags & os::kOpenPathOnly) != 0) {
    HOST_ASSIGN(auto info, from_os(os::file_info(opened->raw())));
    is_link = info.kind == os::FileKind::Symlink;
  }
  if (!is_link) return from_os(std::move(opened));
  if (++links_ > kMaxSymlinks) return fail(Errno::loop);
  at_ -= component.name.size();
  again = true;
  return os::Fd();
}

HostResult<os::Fd> Walker::open(uint32_t flags, bool follow) {
  Component component;
  while (take_component(component)) {
    if (component.name == ".") continue;
    if (component.name == "..") {
      if (dirs_.empty()) return fail(Errno::notcapable);
      dirs_.pop_back();
      continue;
    }
    if (component.last && component.slash && (flags & os::kOpenCreate) != 0) return fail(Errno::isdir);
    if (!component.last || component.slash) {
      HOST_TRY(enter(component));
      continue;
    }
    bool again = false;
    HOST_ASSIGN(auto opened, open_last(component, flags, follow, again));
    if (!again) return opened;
  }
  // The path ended in a directory: "." or ".." or a slash.
  if ((flags & os::kOpenCreate) != 0) return fail(Errno::isdir);
  return from_os(os::open_at(current(), ".", flags | os::kOpenNoFollow));
}

}  // namespace

HostStatus check_path(std::string_view path) {
  if (path.empty()) return fail(Errno::noent);
  if (path.size() > kMaxPath) return fail(Errno::nametoolong);
  if (path.find('\0') != std::string_view::npos) return fail(Errno::inval);
  if (!base::is_utf8(path)) return fail(Errno::ilseq);
  if (path.front() == '/') return fail(Errno::notcapable);
  return {};
}

HostResult<os::Fd> open_beneath(int root, std::string_view path, uint32_t flags, bool follow, Resolution resolution) {
  HOST_TRY(check_path(path));
  if (resolution == Resolution::Kernel && os::has_open_beneath()) {
    const std::string text(path);
    auto opened = os::open_beneath(root, text.c_str(), flags | (follow ? 0u : uint32_t{os::kOpenNoFollow}));
    if (opened) return std::move(*opened);
    if (opened.error() == EXDEV) return fail(Errno::notcapable);
    if (opened.error() != EAGAIN && opened.error() != ENOSYS) return fail(errno_from_os(opened.error()));
  }
  return Walker(root, path).open(flags, follow);
}

HostResult<Parent> resolve_parent(int root, std::string_view path, Resolution resolution) {
  HOST_TRY(check_path(path));
  const size_t end = path.find_last_not_of('/');  // exists: the path does not begin with a slash
  const std::string_view trimmed = path.substr(0, end + 1);
  const size_t slash = trimmed.rfind('/');
  Parent out;
  out.trailing_slash = trimmed.size() != path.size();
  out.name = trimmed.substr(slash == std::string_view::npos ? 0 : slash + 1);
  out.dots = out.name == "." || out.name == "..";
  const std::string_view above = out.dots ? trimmed : slash == std::string_view::npos ? "" : trimmed.substr(0, slash);
  if (above.empty()) {
    out.handle = os::Fd::borrow(root);
    return out;
  }
  HOST_ASSIGN(out.handle, open_beneath(root, above, os::kOpenPathOnly | os::kOpenDirectory, true, resolution));
  return out;
}

}  // namespace ashlar::wasi::host

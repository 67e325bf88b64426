// Reading of WIT folders; see load.h.
#include "wit/load.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "os/file.h"
#include "os/file_bytes.h"
#include "os/file_dir.h"

namespace ashlar::wit {
namespace {

constexpr uint8_t kMagic[] = {0, 'a', 's', 'm'};

std::unexpected<Error> io_failed(const std::string& path, int code) {
  return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(code));
}

struct Entry {
  std::string name;
  bool is_folder;
};

std::optional<os::FileKind> kind_of(const std::string& path) {
  const auto handle = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenPathOnly);
  if (!handle) return std::nullopt;
  const auto info = os::file_info(handle->raw());
  if (!info) return std::nullopt;
  return info->kind;
}

/// What is in a folder, by name.
Result<std::vector<Entry>> list_folder(const std::string& path) {
  auto folder = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenRead | os::kOpenDirectory);
  if (!folder) return io_failed(path, folder.error());
  os::DirectoryReader reader;
  std::vector<Entry> out;
  while (true) {
    auto entry = reader.next(folder->raw());
    if (!entry) return io_failed(path, entry.error());
    if (!*entry) break;
    const std::string name((*entry)->name);
    if (name == "." || name == "..") continue;
    const std::optional<os::FileKind> kind = kind_of(path + "/" + name);
    out.push_back({name, kind == os::FileKind::Directory});
  }
  std::ranges::sort(out, {}, &Entry::name);
  return out;
}

Result<SourceFile> read_source(const std::string& path) {
  TRY_ASSIGN(const os::FileBytes file, os::read_file(path));
  const std::span<const uint8_t> bytes = file.bytes();
  if (bytes.size() >= sizeof kMagic && std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin())) {
    return std::unexpected(Error(ErrorCode::wit_component).in_file(path));
  }
  return SourceFile{path, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())};
}

bool is_wit(const Entry& entry) { return !entry.is_folder && entry.name.ends_with(".wit"); }

Result<SourceGroup> read_folder(const std::string& path) {
  TRY_ASSIGN(const std::vector<Entry> entries, list_folder(path));
  SourceGroup group;
  for (const Entry& entry : entries) {
    if (!is_wit(entry)) continue;
    TRY_ASSIGN(SourceFile file, read_source(path + "/" + entry.name));
    group.files.push_back(std::move(file));
  }
  return group;
}

/// The packages of a `deps` folder. Files that are no WIT text are no concern of ours.
Status read_deps(const std::string& path, std::vector<SourceGroup>& out) {
  TRY_ASSIGN(const std::vector<Entry> entries, list_folder(path));
  for (const Entry& entry : entries) {
    const std::string inner = path + "/" + entry.name;
    SourceGroup group;
    if (entry.is_folder) {
      TRY_ASSIGN(group, read_folder(inner));
    } else if (is_wit(entry)) {
      TRY_ASSIGN(SourceFile file, read_source(inner));
      group.files.push_back(std::move(file));
    }
    if (!group.files.empty()) out.push_back(std::move(group));
  }
  return {};
}

Status read_root(const std::string& path, std::vector<SourceGroup>& roots, std::vector<SourceGroup>& deps) {
  if (path == "-" || kind_of(path) != os::FileKind::Directory) {
    TRY_ASSIGN(SourceFile file, read_source(path));
    if (path == "-") file.path = "<stdin>";
    roots.push_back({});
    roots.back().files.push_back(std::move(file));
    return {};
  }
  TRY_ASSIGN(SourceGroup group, read_folder(path));
  if (group.files.empty()) return std::unexpected(Error(ErrorCode::wit_no_files).in_file(path));
  roots.push_back(std::move(group));
  const std::string inner = path + "/deps";
  return kind_of(inner) == os::FileKind::Directory ? read_deps(inner, deps) : Status();
}

}  // namespace

Result<Resolved> load(const std::vector<std::string>& paths, const LoadOptions& options) {
  std::vector<SourceGroup> groups;
  std::vector<SourceGroup> deps;
  for (const std::string& path : paths) TRY(read_root(path, groups, deps));
  const size_t roots = groups.size();
  for (SourceGroup& group : deps) groups.push_back(std::move(group));
  std::vector<SourceGroup> spare;
  for (const std::string& folder : options.deps) TRY(read_deps(folder, spare));
  for (SourceGroup& group : spare) {
    group.spare = true;
    groups.push_back(std::move(group));
  }
  TRY_ASSIGN(Resolved resolved, resolve(groups, options));
  resolved.roots.resize(roots);
  return resolved;
}

}  // namespace ashlar::wit

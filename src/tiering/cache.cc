// Finding, storing and evicting of cached artifacts.
#include "tiering/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "os/clock.h"
#include "os/file_bytes.h"
#include "os/file_dir.h"

namespace ashlar::tiering {
namespace {

constexpr char kCode[] = "code";
constexpr char kIndex[] = "index";
constexpr char kTemporary[] = "tmp";
constexpr std::string_view kEnding = ".cwasm";
constexpr mode_t kOwnerOnly = 0700;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
/// Times of files are kept in steps, at worst of two seconds: a change within one step shows no other time.
constexpr int64_t kTimeStep = 2 * kSecond;

int64_t now_ns() { return static_cast<int64_t>(os::clock_now(os::Clock::Realtime).value_or(0)); }

int64_t in_ns(const os::FileTime& time) { return time.seconds * kSecond + time.nanoseconds; }

std::unexpected<Error> unusable(const std::string& folder, const std::string& why) {
  return make_error(ErrorCode::cache_unusable, kNoOffset, folder, why);
}

std::unexpected<Error> failed(const std::string& path, int code) {
  return make_error(ErrorCode::io_failed, kNoOffset, path, std::strerror(code));
}

/// Makes the folder and those above it; the error is that of opening it later.
void make_path(const std::string& folder) {
  for (size_t at = 1; at != folder.npos;) {
    at = folder.find('/', at + 1);
    ::mkdir(folder.substr(0, at).c_str(), kOwnerOnly);
  }
}

/// A path inside the folder: "code/NAME".
std::string inside(const char* part, std::string_view name) { return std::string(part) + "/" + std::string(name); }

std::string index_name(const os::FileInfo& info, std::string_view about = {}) {
  std::string out = std::to_string(info.device) + "-" + std::to_string(info.inode);
  if (!about.empty()) out += "." + std::string(about);
  return out;
}

/// The beginning of an index entry: everything that changes when the file does.
std::string identity(const os::FileInfo& info) {
  return "1 " + std::to_string(info.size) + " " + std::to_string(in_ns(info.modified)) + " " +
         std::to_string(in_ns(info.changed)) + " ";
}

std::optional<Cache::Digest> from_hex(std::string_view hex) {
  Cache::Digest out;
  if (hex.size() != 2 * out.size()) return std::nullopt;
  for (size_t i = 0; i < out.size(); ++i) {
    const char* at = hex.data() + 2 * i;
    if (std::from_chars(at, at + 2, out[i], 16).ptr != at + 2) return std::nullopt;
  }
  return out;
}

std::optional<std::string> read_small(int dir, const std::string& path) {
  auto file = os::open_at(dir, path.c_str(), os::kOpenRead | os::kOpenNoFollow);
  if (!file) return std::nullopt;
  // A path may be long, and behind it stands nothing that is needed.
  char buffer[5000];
  const ssize_t got = ::read(file->raw(), buffer, sizeof buffer);
  if (got < 0) return std::nullopt;
  return std::string(buffer, static_cast<size_t>(got));
}

/// Writes a file below tmp/ and renames it to `path`: whole or not at all. `durable`: even when the machine stops, for
/// an artifact's contents are not verified when it is loaded from here.
Status publish(int root, const std::string& path, std::span<const uint8_t> bytes, bool durable) {
  static std::atomic<unsigned> count = 0;
  const std::string name =
      inside(kTemporary, std::to_string(::getpid()) + "-" + std::to_string(now_ns()) + "-" + std::to_string(count++));
  const int raw = ::openat(root, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (raw < 0) return failed(name, errno);
  os::Fd file = os::Fd::own(raw);
  Status done = os::write_all(raw, bytes, name);
  if (done && durable && ::fdatasync(raw) != 0) done = failed(name, errno);
  file.close();
  if (done && ::renameat(root, name.c_str(), root, path.c_str()) != 0) done = failed(path, errno);
  if (!done) ::unlinkat(root, name.c_str(), 0);
  return done;
}

struct FoundFile {
  std::string name;
  uint64_t size;
  int64_t modified;  ///< seconds
};

std::vector<FoundFile> files_in(int root, const char* part) {
  std::vector<FoundFile> out;
  auto dir = os::open_at(root, part, os::kOpenRead | os::kOpenDirectory | os::kOpenNoFollow);
  if (!dir) return out;
  os::DirectoryReader reader;
  for (;;) {
    auto entry = reader.next(dir->raw());
    if (!entry || !*entry) return out;
    const std::string name((*entry)->name);
    auto info = os::file_info_at(dir->raw(), name.c_str());
    if (info && info->kind == os::FileKind::Regular) out.push_back({name, info->size, info->modified.seconds});
  }
}

}  // namespace

std::string Cache::default_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  // The base directory specification has relative paths ignored.
  if (cache && *cache == '/') return std::string(cache) + "/ashlar";
  const char* home = std::getenv("HOME");
  if (home && *home == '/') return std::string(home) + "/.cache/ashlar";
  return {};
}

Result<uint64_t> Cache::default_limit() {
  const char* text = std::getenv("ASHLAR_CACHE_SIZE");
  if (!text || !*text) return kDefaultLimit;
  const char* end = text + std::strlen(text);
  uint64_t value = 0;
  const std::from_chars_result parsed = std::from_chars(text, end, value);
  unsigned shift = 0;
  const char* unit = parsed.ptr;
  if (unit != end) {
    constexpr std::string_view kUnits = "KMGT";
    const size_t power = kUnits.find(static_cast<char>(*unit & ~0x20));
    if (power != kUnits.npos) {
      shift = static_cast<unsigned>(10 * (power + 1));
      ++unit;
    }
  }
  if (parsed.ec != std::errc() || unit != end || value > UINT64_MAX >> shift) {
    return unusable(default_folder(),
                    "ASHLAR_CACHE_SIZE is '" + std::string(text) + "', not a size such as 512M or 2G");
  }
  return value << shift;
}

Result<std::optional<Cache>> Cache::open_default() {
  std::string folder = default_folder();
  if (folder.empty()) return std::optional<Cache>();
  TRY_ASSIGN(const uint64_t limit, default_limit());
  if (limit == 0) return std::optional<Cache>();
  TRY_ASSIGN(Cache cache, open(std::move(folder), limit));
  return std::optional<Cache>(std::move(cache));
}

Result<Cache> Cache::open(std::string folder, uint64_t limit) {
  Cache out(std::move(folder), limit);
  TRY(out.open_folder());
  return out;
}

Status Cache::open_folder() {
  auto dir = os::open_at(os::kWorkingDirectory, folder_.c_str(), os::kOpenRead | os::kOpenDirectory);
  if (!dir && dir.error() == ENOENT) return {};
  if (!dir) return unusable(folder_, std::strerror(dir.error()));
  struct stat info;
  if (::fstat(dir->raw(), &info) != 0) return unusable(folder_, std::strerror(errno));
  // What lies in it is run without being verified: only we may have put it there.
  if (info.st_uid != ::geteuid()) return unusable(folder_, "it belongs to another user");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return unusable(folder_, "others may write to it");
  root_ = std::move(*dir);
  return {};
}

Status Cache::make_folders() {
  if (!root_) {
    make_path(folder_);
    TRY(open_folder());
    if (!root_) return unusable(folder_, "it cannot be made");
  }
  for (const char* part : {kCode, kIndex, kTemporary}) {
    if (::mkdirat(root_.raw(), part, kOwnerOnly) != 0 && errno != EEXIST) return failed(folder_, errno);
  }
  return {};
}

std::optional<os::FileInfo> regular_file_info(const std::string& path) {
  auto file = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenPathOnly);
  if (!file) return std::nullopt;
  auto info = os::file_info(file->raw());
  if (!info || info->kind != os::FileKind::Regular) return std::nullopt;
  return *info;
}

std::optional<Cache::Digest> Cache::known_digest(const os::FileInfo& file, std::string_view about) const {
  if (!root_) return std::nullopt;
  const std::optional<std::string> entry = read_small(root_.raw(), inside(kIndex, index_name(file, about)));
  if (!entry) return std::nullopt;
  const std::string wanted = identity(file);
  if (!entry->starts_with(wanted)) return std::nullopt;
  return from_hex(std::string_view(*entry).substr(wanted.size(), 2 * sizeof(Digest)));
}

void Cache::remember(const std::string& file, const os::FileInfo& before, const Digest& digest,
                     std::string_view about) {
  if (std::max(in_ns(before.modified), in_ns(before.changed)) + kTimeStep > now_ns()) return;
  const std::optional<os::FileInfo> after = regular_file_info(file);
  if (!after || index_name(*after) != index_name(before) || identity(*after) != identity(before)) return;
  // Without an index the module is read again, nothing worse.
  if (!make_folders()) return;
  std::string entry = identity(before) + base::to_hex(digest) + " ";
  if (char* real = ::realpath(file.c_str(), nullptr)) {
    entry += real;
    std::free(real);
  }
  const std::span bytes(reinterpret_cast<const uint8_t*>(entry.data()), entry.size());
  (void)publish(root_.raw(), inside(kIndex, index_name(before, about)), bytes, false);
}

std::string Cache::name_of(const Digest& module, std::string_view options) {
  const Digest other = base::Sha256().add(options).finish();
  return base::to_hex(std::span(module).first(24)) + "-" + base::to_hex(std::span(other).first(8)) +
         std::string(kEnding);
}

std::optional<std::string> Cache::find(const std::string& name) const {
  if (!root_) return std::nullopt;
  const std::string path = inside(kCode, name);
  struct stat info;
  if (::fstatat(root_.raw(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  // Not at each use: writing to the disk is dearer than all the rest of a start.
  if (info.st_mtim.tv_sec + kHour < now_ns() / kSecond) {
    constexpr timespec kTimes[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    ::utimensat(root_.raw(), path.c_str(), kTimes, AT_SYMLINK_NOFOLLOW);
  }
  return folder_ + "/" + path;
}

Status Cache::store(const std::string& name, std::span<const uint8_t> artifact) {
  if (artifact.size() > limit_) return {};
  TRY(make_folders());
  TRY(publish(root_.raw(), inside(kCode, name), artifact, true));
  evict(name);
  return {};
}

std::optional<Cache::Reservation> Cache::reserve(const std::string& name) {
  if (limit_ == 0 || !make_folders()) return std::nullopt;
  const std::string lock = inside(kTemporary, name + ".lock");
  const int raw = ::openat(root_.raw(), lock.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (raw < 0) return std::nullopt;
  Reservation out{folder_ + "/" + inside(kCode, name), os::Fd::own(raw)};
  if (::flock(raw, LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return out;
}

void Cache::remove(const std::string& name) const {
  if (root_) ::unlinkat(root_.raw(), inside(kCode, name).c_str(), 0);
}

void Cache::evict(const std::string& kept) const {
  const int64_t now = now_ns() / kSecond;
  sweep(kTemporary, now - kDay);
  sweep(kIndex, now - 90 * kDay);
  std::vector<FoundFile> files = files_in(root_.raw(), kCode);
  uint64_t total = 0;
  for (const FoundFile& file : files) total += file.size;
  if (total <= limit_) return;
  std::ranges::sort(files, {}, &FoundFile::modified);
  // A little more than needed, so that not every store has to.
  const uint64_t wanted = limit_ - limit_ / 10;
  for (const FoundFile& file : files) {
    if (total <= wanted) return;
    if (file.name == kept) continue;
    remove(file.name);
    total -= file.size;
  }
}

void Cache::sweep(const char* name, int64_t oldest) const {
  for (const FoundFile& file : files_in(root_.raw(), name)) {
    if (file.modified < oldest) ::unlinkat(root_.raw(), inside(name, file.name).c_str(), 0);
  }
}

std::vector<CacheEntry> Cache::list() const {
  std::vector<CacheEntry> out;
  if (!root_) return out;
  std::unordered_map<std::string, std::string> sources;  // the module's part of an artifact's name to a path
  for (const FoundFile& file : files_in(root_.raw(), kIndex)) {
    const std::optional<std::string> entry = read_small(root_.raw(), inside(kIndex, file.name));
    if (!entry) continue;
    size_t at = 0;
    for (int i = 0; i < 4 && at != entry->npos; ++i) at = entry->find(' ', at + 1);
    const size_t behind = at == entry->npos ? at : entry->find(' ', at + 1);
    if (behind == entry->npos) continue;
    sources.emplace(entry->substr(at + 1, 48), entry->substr(behind + 1));
  }
  for (const FoundFile& file : files_in(root_.raw(), kCode)) {
    const auto source = sources.find(file.name.substr(0, file.name.find('-')));
    out.push_back({file.name, file.size, file.modified, source == sources.end() ? "" : source->second});
  }
  std::ranges::sort(out, [](const CacheEntry& a, const CacheEntry& b) {
    return a.used != b.used ? a.used > b.used : a.name < b.name;
  });
  return out;
}

CacheRemoved Cache::clear() {
  CacheRemoved out;
  if (!root_) return out;
  for (const char* part : {kCode, kIndex, kTemporary}) {
    for (const FoundFile& file : files_in(root_.raw(), part)) {
      if (::unlinkat(root_.raw(), inside(part, file.name).c_str(), 0) != 0) continue;
      out.bytes += file.size;
      // Only artifacts are what people count.
      if (part == kCode) ++out.files;
    }
  }
  return out;
}

}  // namespace ashlar::tiering

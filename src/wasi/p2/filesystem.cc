// wasi:filesystem over wasi/host's files and directories.
#include <algorithm>
#include <array>
#include <string_view>

#include "component/enum_labels.h"
#include "wasi/host/files.h"
#include "wasi/p2/interfaces.h"

namespace ashlar::wasi::p2 {

using host::Errno;
using Fs = FilesystemHost;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kMostRead = 1 << 20;

Fs::ErrorCode code_of(Errno error) {
  return component::enum_of<Fs::ErrorCode>(host::errno_p2_code(error)).value_or(Fs::ErrorCode::io);
}

/// A service's answer, as the interface gives it.
template <class T>
Fs::Outcome<T> outcome(host::HostResult<T> result) {
  if (!result) return std::expected<T, Fs::ErrorCode>(std::unexpected(code_of(result.error())));
  if constexpr (std::is_void_v<T>) {
    return std::expected<T, Fs::ErrorCode>();
  } else {
    return std::expected<T, Fs::ErrorCode>(std::move(*result));
  }
}

template <class T>
Fs::Outcome<T> fail_with(Errno error) {
  return outcome<T>(host::fail(error));
}

/// A change that a read-only grant refuses is not permitted; "read-only" is what the file system itself says.
template <class T>
host::HostResult<T> granted(const host::Descriptor& d, host::HostResult<T> result) {
  if (!result && result.error() == Errno::rofs && d.read_only) return host::fail(Errno::perm);
  return result;
}

Fs::DescriptorType type_of(host::FileType type) {
  using T = Fs::DescriptorType;
  switch (type) {
    case host::FileType::BlockDevice:
      return T::block_device;
    case host::FileType::CharacterDevice:
      return T::character_device;
    case host::FileType::Directory:
      return T::directory;
    case host::FileType::RegularFile:
      return T::regular_file;
    case host::FileType::SocketDgram:
    case host::FileType::SocketStream:
      return T::socket;
    case host::FileType::SymbolicLink:
      return T::symbolic_link;
    case host::FileType::Unknown:
      break;
  }
  return T::unknown;
}

Fs::DescriptorStat stat_of(const host::FileStat& s) {
  const auto time = [](uint64_t at) {
    return clocks::wall_clock::Datetime{at / kSecond, static_cast<uint32_t>(at % kSecond)};
  };
  return {type_of(s.type), s.links, s.size, time(s.accessed), time(s.modified), time(s.changed)};
}

host::HostResult<os::TimeChange> time_change(const Fs::NewTimestamp& t) {
  os::TimeChange out;
  if (t.value.index() == Fs::NewTimestamp::kNow) out.kind = os::TimeChange::Kind::Now;
  if (const auto* at = std::get_if<Fs::NewTimestamp::kTimestamp>(&t.value)) {
    if (at->nanoseconds >= kSecond || at->seconds > ~uint64_t{0} / kSecond - 1) return host::fail(Errno::inval);
    out.kind = os::TimeChange::Kind::Set;
    out.time = host::file_time_of(at->seconds * kSecond + at->nanoseconds);
  }
  return out;
}

/// Device and inode, mixed: the same for the same object.
Fs::MetadataHashValue hash_of(const host::FileStat& s) {
  const auto mix = [](uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  };
  const uint64_t lower = mix(s.inode + 0x9e3779b97f4a7c15 * (s.device + 1));
  return {lower, mix(lower ^ s.device)};
}

/// What may be done through a descriptor that is opened with these flags.
host::Rights rights_of(Fs::DescriptorFlags flags) {
  using namespace host::right;
  // Times are set by who may write in the folder, as the system allows it, not by how the file was opened.
  host::Rights out = fd_filestat_get | fd_filestat_set_times | fd_advise | fd_seek | fd_tell | fd_sync | fd_datasync |
                     poll_fd_readwrite;
  if (flags.has(Fs::DescriptorFlags::kRead)) out = out | fd_read | fd_readdir;
  if (flags.has(Fs::DescriptorFlags::kWrite)) {
    out = out | fd_write | fd_allocate | fd_filestat_set_size | fd_fdstat_set_flags;
  }
  return out;
}

host::HostResult<host::Descriptor> open(const host::Descriptor& dir, const Fs::PathFlags& path_flags,
                                        std::string_view path, Fs::OpenFlags open_flags, Fs::DescriptorFlags flags) {
  using namespace host::right;
  host::OpenRequest request;
  request.follow = path_flags.has(Fs::PathFlags::kSymlinkFollow);
  request.create = open_flags.has(Fs::OpenFlags::kCreate);
  request.directory = open_flags.has(Fs::OpenFlags::kDirectory);
  request.exclusive = open_flags.has(Fs::OpenFlags::kExclusive);
  request.truncate = open_flags.has(Fs::OpenFlags::kTruncate);
  request.base = rights_of(flags);
  // A directory hands on what it may, changes too where mutate-directory was not asked for: C's and Rust's libraries
  // open directories only to read, and then remove what is in them.
  const host::Rights beneath = dir.inheriting.get();
  if (request.directory) request.base = request.base | (beneath & kDirectory);
  request.base = request.base & (dir.inheriting.get() | dir.base.get());
  request.inheriting = beneath;
  return host::open_path(dir, path, request);
}

}  // namespace

// ---- streams

namespace {

/// Why there is no stream of a descriptor that has not `right`; success when there can be one.
Errno stream_refusal(const host::Descriptor& d, host::Rights right) {
  if (d.is_directory()) return Errno::isdir;
  return d.base.get().has(right) ? Errno::success : Errno::perm;
}

}  // namespace

Fs::Outcome<Own<io::streams::InputStream>> Fs::descriptor_read_via_stream(Borrow<Descriptor> self, uint64_t offset) {
  if (const Errno no = stream_refusal(at(self), host::right::fd_read); no != Errno::success) {
    return fail_with<Own<io::streams::InputStream>>(no);
  }
  return std::expected<Own<io::streams::InputStream>, ErrorCode>(
      {w_.input.add({.descriptor = w_.descriptors[self.rep], .offset = offset})});
}

Fs::Outcome<Own<io::streams::OutputStream>> Fs::descriptor_write_via_stream(Borrow<Descriptor> self, uint64_t offset) {
  if (const Errno no = stream_refusal(at(self), host::right::fd_write); no != Errno::success) {
    return fail_with<Own<io::streams::OutputStream>>(no);
  }
  return std::expected<Own<io::streams::OutputStream>, ErrorCode>(
      {w_.output.add({.descriptor = w_.descriptors[self.rep], .offset = offset})});
}

Fs::Outcome<Own<io::streams::OutputStream>> Fs::descriptor_append_via_stream(Borrow<Descriptor> self) {
  if (const Errno no = stream_refusal(at(self), host::right::fd_write); no != Errno::success) {
    return fail_with<Own<io::streams::OutputStream>>(no);
  }
  return std::expected<Own<io::streams::OutputStream>, ErrorCode>(
      {w_.output.add({.descriptor = w_.descriptors[self.rep], .offset = std::nullopt, .append = true})});
}

// ---- open files

Fs::Outcome<void> Fs::descriptor_advise(Borrow<Descriptor> self, uint64_t offset, uint64_t length,
                                        filesystem::types::Advice advice) {
  return outcome(host::advise(at(self), offset, length, static_cast<os::Advice>(advice)));
}

Fs::Outcome<void> Fs::descriptor_sync_data(Borrow<Descriptor> self) { return outcome(host::sync(at(self), true)); }

Fs::Outcome<void> Fs::descriptor_sync(Borrow<Descriptor> self) { return outcome(host::sync(at(self), false)); }

Fs::Outcome<Fs::DescriptorFlags> Fs::descriptor_get_flags(Borrow<Descriptor> self) {
  const host::Descriptor& d = at(self);
  DescriptorFlags out;
  if (d.base.get().any(host::right::fd_read | host::right::fd_readdir)) out.bits |= DescriptorFlags::kRead;
  if (d.base.get().has(host::right::fd_write)) out.bits |= DescriptorFlags::kWrite;
  if (d.is_directory() && !d.read_only && d.base.get().has(host::right::path_create_file)) {
    out.bits |= DescriptorFlags::kMutateDirectory;
  }
  return std::expected<DescriptorFlags, ErrorCode>(out);
}

Fs::Outcome<Fs::DescriptorType> Fs::descriptor_get_type(Borrow<Descriptor> self) {
  return std::expected<DescriptorType, ErrorCode>(type_of(at(self).type));
}

Fs::Outcome<void> Fs::descriptor_set_size(Borrow<Descriptor> self, uint64_t size) {
  return outcome(granted(at(self), host::set_size(at(self), size)));
}

Fs::Outcome<void> Fs::descriptor_set_times(Borrow<Descriptor> self, NewTimestamp accessed, NewTimestamp modified) {
  const auto a = time_change(accessed), m = time_change(modified);
  if (!a || !m) return fail_with<void>(Errno::inval);
  return outcome(granted(at(self), host::set_times(at(self), *a, *m)));
}

Fs::Outcome<std::tuple<std::vector<uint8_t>, bool>> Fs::descriptor_read(Borrow<Descriptor> self, uint64_t length,
                                                                        uint64_t offset) {
  using Bytes = std::tuple<std::vector<uint8_t>, bool>;
  std::vector<uint8_t> bytes(std::min(length, kMostRead));
  const os::Buffer buffer{bytes.data(), bytes.size()};
  const auto got = host::read_at(at(self), std::span(&buffer, 1), offset);
  if (!got) return fail_with<Bytes>(got.error());
  const bool end = *got == 0 && length != 0;
  bytes.resize(*got);
  return std::expected<Bytes, ErrorCode>(Bytes(std::move(bytes), end));
}

Fs::Outcome<uint64_t> Fs::descriptor_write(Borrow<Descriptor> self, std::vector<uint8_t> bytes, uint64_t offset) {
  const os::Buffer buffer{bytes.data(), bytes.size()};
  const auto done = granted(at(self), host::write_at(at(self), std::span(&buffer, 1), offset));
  if (!done) return fail_with<uint64_t>(done.error());
  return std::expected<uint64_t, ErrorCode>(*done);
}

Fs::Outcome<Fs::DescriptorStat> Fs::descriptor_stat(Borrow<Descriptor> self) {
  const auto stat = host::stat(at(self));
  if (!stat) return fail_with<DescriptorStat>(stat.error());
  return std::expected<DescriptorStat, ErrorCode>(stat_of(*stat));
}

Result<bool> Fs::descriptor_is_same_object(Borrow<Descriptor> self, Borrow<Descriptor> other) {
  const auto a = host::stat(at(self)), b = host::stat(at(other));
  return a && b && a->device == b->device && a->inode == b->inode;
}

Fs::Outcome<Fs::MetadataHashValue> Fs::descriptor_metadata_hash(Borrow<Descriptor> self) {
  const auto stat = host::stat(at(self));
  if (!stat) return fail_with<MetadataHashValue>(stat.error());
  return std::expected<MetadataHashValue, ErrorCode>(hash_of(*stat));
}

// ---- paths

Fs::Outcome<void> Fs::descriptor_create_directory_at(Borrow<Descriptor> self, std::string path) {
  return outcome(granted(at(self), host::create_directory(at(self), path)));
}

Fs::Outcome<Fs::DescriptorStat> Fs::descriptor_stat_at(Borrow<Descriptor> self, PathFlags flags, std::string path) {
  const auto stat = host::stat_path(at(self), path, flags.has(PathFlags::kSymlinkFollow));
  if (!stat) return fail_with<DescriptorStat>(stat.error());
  return std::expected<DescriptorStat, ErrorCode>(stat_of(*stat));
}

Fs::Outcome<Fs::MetadataHashValue> Fs::descriptor_metadata_hash_at(Borrow<Descriptor> self, PathFlags flags,
                                                                   std::string path) {
  const auto stat = host::stat_path(at(self), path, flags.has(PathFlags::kSymlinkFollow));
  if (!stat) return fail_with<MetadataHashValue>(stat.error());
  return std::expected<MetadataHashValue, ErrorCode>(hash_of(*stat));
}

Fs::Outcome<void> Fs::descriptor_set_times_at(Borrow<Descriptor> self, PathFlags flags, std::string path,
                                              NewTimestamp accessed, NewTimestamp modified) {
  const auto a = time_change(accessed), m = time_change(modified);
  if (!a || !m) return fail_with<void>(Errno::inval);
  return outcome(granted(at(self), host::set_path_times(at(self), path, flags.has(PathFlags::kSymlinkFollow), *a, *m)));
}

Fs::Outcome<void> Fs::descriptor_link_at(Borrow<Descriptor> self, PathFlags old_path_flags, std::string old_path,
                                         Borrow<Descriptor> new_descriptor, std::string new_path) {
  if (old_path_flags.has(PathFlags::kSymlinkFollow)) return fail_with<void>(Errno::inval);
  return outcome(granted(at(new_descriptor),
                         granted(at(self), host::link_path(at(self), old_path, at(new_descriptor), new_path))));
}

Fs::Outcome<Own<Fs::Descriptor>> Fs::descriptor_open_at(Borrow<Descriptor> self, PathFlags path_flags, std::string path,
                                                        OpenFlags open_flags, DescriptorFlags flags) {
  auto opened = granted(at(self), open(at(self), path_flags, path, open_flags, flags));
  if (!opened) return fail_with<Own<Descriptor>>(opened.error());
  if (!opened->share.take(w_.files)) return fail_with<Own<Descriptor>>(Errno::dquot);
  return std::expected<Own<Descriptor>, ErrorCode>(
      {w_.descriptors.add(std::make_shared<host::Descriptor>(std::move(*opened)))});
}

Fs::Outcome<std::string> Fs::descriptor_readlink_at(Borrow<Descriptor> self, std::string path) {
  return outcome(host::read_link(at(self), path));
}

Fs::Outcome<void> Fs::descriptor_remove_directory_at(Borrow<Descriptor> self, std::string path) {
  return outcome(granted(at(self), host::remove_directory(at(self), path)));
}

Fs::Outcome<void> Fs::descriptor_rename_at(Borrow<Descriptor> self, std::string old_path,
                                           Borrow<Descriptor> new_descriptor, std::string new_path) {
  return outcome(granted(at(new_descriptor),
                         granted(at(self), host::rename_path(at(self), old_path, at(new_descriptor), new_path))));
}

Fs::Outcome<void> Fs::descriptor_symlink_at(Borrow<Descriptor> self, std::string old_path, std::string new_path) {
  return outcome(granted(at(self), host::create_symlink(at(self), old_path, new_path)));
}

Fs::Outcome<void> Fs::descriptor_unlink_file_at(Borrow<Descriptor> self, std::string path) {
  return outcome(granted(at(self), host::unlink_file(at(self), path)));
}

// ---- listings

Fs::Outcome<Own<Fs::DirectoryEntryStream>> Fs::descriptor_read_directory(Borrow<Descriptor> self) {
  if (!at(self).is_directory()) return fail_with<Own<DirectoryEntryStream>>(Errno::notdir);
  // A handle of its own: listings of one directory do not disturb each other.
  auto opened = open(at(self), {}, ".", {OpenFlags::kDirectory}, {DescriptorFlags::kRead});
  if (!opened) return fail_with<Own<DirectoryEntryStream>>(opened.error());
  if (!opened->share.take(w_.files)) return fail_with<Own<DirectoryEntryStream>>(Errno::dquot);
  if (const auto begun = host::seek_entries(*opened, 0); !begun) {
    return fail_with<Own<DirectoryEntryStream>>(begun.error() == Errno::nfile ? Errno::dquot : begun.error());
  }
  return std::expected<Own<DirectoryEntryStream>, ErrorCode>(
      {w_.listings.add(std::make_shared<host::Descriptor>(std::move(*opened)))});
}

Fs::Outcome<std::optional<Fs::DirectoryEntry>> Fs::directory_entry_stream_read_directory_entry(
    Borrow<DirectoryEntryStream> self) {
  using Entry = std::optional<DirectoryEntry>;
  for (;;) {
    const auto entry = host::next_entry(*w_.listings[self.rep]);
    if (!entry) return fail_with<Entry>(entry.error());
    if (!*entry) return std::expected<Entry, ErrorCode>(std::nullopt);
    const std::string_view name = (*entry)->name;
    if (name == "." || name == "..") continue;
    return std::expected<Entry, ErrorCode>(DirectoryEntry{type_of((*entry)->type), std::string(name)});
  }
}

Result<std::optional<Fs::ErrorCode>> Fs::filesystem_error_code(Borrow<io::streams::Error> err) {
  return component::enum_of<Fs::ErrorCode>(host::errno_p2_code(w_.errors[err.rep].code));
}

Result<std::vector<std::tuple<Own<Fs::Descriptor>, std::string>>> Fs::get_directories() {
  std::vector<std::tuple<Own<Descriptor>, std::string>> out;
  for (const SharedDescriptor& d : w_.preopens) out.emplace_back(Own<Descriptor>{w_.descriptors.add(d)}, *d->preopen);
  return out;
}

}  // namespace ashlar::wasi::p2

// Generated from wit/wasi-0.2.12/filesystem.wit by tools/witgen.py: not to be edited.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "component/typed.h"
#include "wasi/p2/gen/clocks.h"
#include "wasi/p2/gen/io.h"

namespace ashlar::wasi::p2::filesystem {

using namespace ashlar::component;

namespace types {

inline constexpr char kName[] = "wasi:filesystem/types@0.2.12";

using InputStream = ::ashlar::wasi::p2::io::streams::InputStream;
using OutputStream = ::ashlar::wasi::p2::io::streams::OutputStream;
using Error = ::ashlar::wasi::p2::io::streams::Error;
using Datetime = ::ashlar::wasi::p2::clocks::wall_clock::Datetime;
using Filesize = uint64_t;
enum class DescriptorType : uint32_t {
  unknown,
  block_device,
  character_device,
  directory,
  fifo,
  symbolic_link,
  regular_file,
  socket
};
constexpr auto abi_labels(DescriptorType) {
  return std::array{"unknown", "block-device",  "character-device", "directory",
                    "fifo",    "symbolic-link", "regular-file",     "socket"};
}
struct DescriptorFlags {
  enum Bit : uint32_t {
    kRead = 1u << 0,
    kWrite = 1u << 1,
    kFileIntegritySync = 1u << 2,
    kDataIntegritySync = 1u << 3,
    kRequestedWriteSync = 1u << 4,
    kMutateDirectory = 1u << 5
  };
  uint32_t bits = 0;
  bool has(Bit bit) const { return (bits & bit) != 0; }
  static constexpr std::array labels{
      "read", "write", "file-integrity-sync", "data-integrity-sync", "requested-write-sync", "mutate-directory"};
};
struct PathFlags {
  enum Bit : uint32_t { kSymlinkFollow = 1u << 0 };
  uint32_t bits = 0;
  bool has(Bit bit) const { return (bits & bit) != 0; }
  static constexpr std::array labels{"symlink-follow"};
};
struct OpenFlags {
  enum Bit : uint32_t { kCreate = 1u << 0, kDirectory = 1u << 1, kExclusive = 1u << 2, kTruncate = 1u << 3 };
  uint32_t bits = 0;
  bool has(Bit bit) const { return (bits & bit) != 0; }
  static constexpr std::array labels{"create", "directory", "exclusive", "truncate"};
};
using LinkCount = uint64_t;
struct DescriptorStat {
  DescriptorType type{};
  LinkCount link_count{};
  Filesize size{};
  std::optional<Datetime> data_access_timestamp{};
  std::optional<Datetime> data_modification_timestamp{};
  std::optional<Datetime> status_change_timestamp{};
  static constexpr auto fields = std::tuple(
      component::Field{"type", &DescriptorStat::type}, component::Field{"link-count", &DescriptorStat::link_count},
      component::Field{"size", &DescriptorStat::size},
      component::Field{"data-access-timestamp", &DescriptorStat::data_access_timestamp},
      component::Field{"data-modification-timestamp", &DescriptorStat::data_modification_timestamp},
      component::Field{"status-change-timestamp", &DescriptorStat::status_change_timestamp});
};
struct NewTimestamp {
  enum Case : uint32_t { kNoChange, kNow, kTimestamp };
  std::variant<Nothing, Nothing, Datetime> value;
  static constexpr std::array cases{"no-change", "now", "timestamp"};
};
struct DirectoryEntry {
  DescriptorType type{};
  std::string name{};
  static constexpr auto fields =
      std::tuple(component::Field{"type", &DirectoryEntry::type}, component::Field{"name", &DirectoryEntry::name});
};
enum class ErrorCode : uint32_t {
  access,
  would_block,
  already,
  bad_descriptor,
  busy,
  deadlock,
  quota,
  exist,
  file_too_large,
  illegal_byte_sequence,
  in_progress,
  interrupted,
  invalid,
  io,
  is_directory,
  loop,
  too_many_links,
  message_size,
  name_too_long,
  no_device,
  no_entry,
  no_lock,
  insufficient_memory,
  insufficient_space,
  not_directory,
  not_empty,
  not_recoverable,
  unsupported,
  no_tty,
  no_such_device,
  overflow,
  not_permitted,
  pipe,
  read_only,
  invalid_seek,
  text_file_busy,
  cross_device
};
constexpr auto abi_labels(ErrorCode) {
  return std::array{"access",
                    "would-block",
                    "already",
                    "bad-descriptor",
                    "busy",
                    "deadlock",
                    "quota",
                    "exist",
                    "file-too-large",
                    "illegal-byte-sequence",
                    "in-progress",
                    "interrupted",
                    "invalid",
                    "io",
                    "is-directory",
                    "loop",
                    "too-many-links",
                    "message-size",
                    "name-too-long",
                    "no-device",
                    "no-entry",
                    "no-lock",
                    "insufficient-memory",
                    "insufficient-space",
                    "not-directory",
                    "not-empty",
                    "not-recoverable",
                    "unsupported",
                    "no-tty",
                    "no-such-device",
                    "overflow",
                    "not-permitted",
                    "pipe",
                    "read-only",
                    "invalid-seek",
                    "text-file-busy",
                    "cross-device"};
}
enum class Advice : uint32_t { normal, sequential, random, will_need, dont_need, no_reuse };
constexpr auto abi_labels(Advice) {
  return std::array{"normal", "sequential", "random", "will-need", "dont-need", "no-reuse"};
}
struct MetadataHashValue {
  uint64_t lower{};
  uint64_t upper{};
  static constexpr auto fields = std::tuple(component::Field{"lower", &MetadataHashValue::lower},
                                            component::Field{"upper", &MetadataHashValue::upper});
};
struct Descriptor;
struct DirectoryEntryStream;

/// What a host does for wasi:filesystem/types@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_descriptor(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_directory_entry_stream(uint32_t rep) = 0;
  virtual ashlar::Result<std::expected<Own<::ashlar::wasi::p2::io::streams::InputStream>, ErrorCode>>
  descriptor_read_via_stream(Borrow<Descriptor> self, Filesize offset) = 0;
  virtual ashlar::Result<std::expected<Own<::ashlar::wasi::p2::io::streams::OutputStream>, ErrorCode>>
  descriptor_write_via_stream(Borrow<Descriptor> self, Filesize offset) = 0;
  virtual ashlar::Result<std::expected<Own<::ashlar::wasi::p2::io::streams::OutputStream>, ErrorCode>>
  descriptor_append_via_stream(Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_advise(Borrow<Descriptor> self, Filesize offset,
                                                                           Filesize length, Advice advice) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_sync_data(Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<DescriptorFlags, ErrorCode>> descriptor_get_flags(Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<DescriptorType, ErrorCode>> descriptor_get_type(Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_set_size(Borrow<Descriptor> self,
                                                                             Filesize size) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_set_times(
      Borrow<Descriptor> self, NewTimestamp data_access_timestamp, NewTimestamp data_modification_timestamp) = 0;
  virtual ashlar::Result<std::expected<std::tuple<std::vector<uint8_t>, bool>, ErrorCode>> descriptor_read(
      Borrow<Descriptor> self, Filesize length, Filesize offset) = 0;
  virtual ashlar::Result<std::expected<Filesize, ErrorCode>> descriptor_write(Borrow<Descriptor> self,
                                                                              std::vector<uint8_t> buffer,
                                                                              Filesize offset) = 0;
  virtual ashlar::Result<std::expected<Own<DirectoryEntryStream>, ErrorCode>> descriptor_read_directory(
      Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_sync(Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_create_directory_at(Borrow<Descriptor> self,
                                                                                        std::string path) = 0;
  virtual ashlar::Result<std::expected<DescriptorStat, ErrorCode>> descriptor_stat(Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<DescriptorStat, ErrorCode>> descriptor_stat_at(Borrow<Descriptor> self,
                                                                                      PathFlags path_flags,
                                                                                      std::string path) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_set_times_at(
      Borrow<Descriptor> self, PathFlags path_flags, std::string path, NewTimestamp data_access_timestamp,
      NewTimestamp data_modification_timestamp) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_link_at(Borrow<Descriptor> self,
                                                                            PathFlags old_path_flags,
                                                                            std::string old_path,
                                                                            Borrow<Descriptor> new_descriptor,
                                                                            std::string new_path) = 0;
  virtual ashlar::Result<std::expected<Own<Descriptor>, ErrorCode>> descriptor_open_at(
      Borrow<Descriptor> self, PathFlags path_flags, std::string path, OpenFlags open_flags, DescriptorFlags flags) = 0;
  virtual ashlar::Result<std::expected<std::string, ErrorCode>> descriptor_readlink_at(Borrow<Descriptor> self,
                                                                                       std::string path) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_remove_directory_at(Borrow<Descriptor> self,
                                                                                        std::string path) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_rename_at(Borrow<Descriptor> self,
                                                                              std::string old_path,
                                                                              Borrow<Descriptor> new_descriptor,
                                                                              std::string new_path) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_symlink_at(Borrow<Descriptor> self,
                                                                               std::string old_path,
                                                                               std::string new_path) = 0;
  virtual ashlar::Result<std::expected<void, ErrorCode>> descriptor_unlink_file_at(Borrow<Descriptor> self,
                                                                                   std::string path) = 0;
  virtual ashlar::Result<bool> descriptor_is_same_object(Borrow<Descriptor> self, Borrow<Descriptor> other) = 0;
  virtual ashlar::Result<std::expected<MetadataHashValue, ErrorCode>> descriptor_metadata_hash(
      Borrow<Descriptor> self) = 0;
  virtual ashlar::Result<std::expected<MetadataHashValue, ErrorCode>> descriptor_metadata_hash_at(
      Borrow<Descriptor> self, PathFlags path_flags, std::string path) = 0;
  virtual ashlar::Result<std::expected<std::optional<DirectoryEntry>, ErrorCode>>
  directory_entry_stream_read_directory_entry(Borrow<DirectoryEntryStream> self) = 0;
  virtual ashlar::Result<std::optional<ErrorCode>> filesystem_error_code(
      Borrow<::ashlar::wasi::p2::io::error::Error> err) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "descriptor", {[&host](uint32_t rep) { host.drop_descriptor(rep); }, tag_of<Descriptor>()});
  to.resource(kName, "directory-entry-stream",
              {[&host](uint32_t rep) { host.drop_directory_entry_stream(rep); }, tag_of<DirectoryEntryStream>()});
  to.function(kName, "[method]descriptor.read-via-stream",
              typed_function([&host](Borrow<Descriptor> self, Filesize offset) {
                return host.descriptor_read_via_stream(std::move(self), std::move(offset));
              }));
  to.function(kName, "[method]descriptor.write-via-stream",
              typed_function([&host](Borrow<Descriptor> self, Filesize offset) {
                return host.descriptor_write_via_stream(std::move(self), std::move(offset));
              }));
  to.function(kName, "[method]descriptor.append-via-stream", typed_function([&host](Borrow<Descriptor> self) {
                return host.descriptor_append_via_stream(std::move(self));
              }));
  to.function(kName, "[method]descriptor.advise",
              typed_function([&host](Borrow<Descriptor> self, Filesize offset, Filesize length, Advice advice) {
                return host.descriptor_advise(std::move(self), std::move(offset), std::move(length), std::move(advice));
              }));
  to.function(kName, "[method]descriptor.sync-data",
              typed_function([&host](Borrow<Descriptor> self) { return host.descriptor_sync_data(std::move(self)); }));
  to.function(kName, "[method]descriptor.get-flags",
              typed_function([&host](Borrow<Descriptor> self) { return host.descriptor_get_flags(std::move(self)); }));
  to.function(kName, "[method]descriptor.get-type",
              typed_function([&host](Borrow<Descriptor> self) { return host.descriptor_get_type(std::move(self)); }));
  to.function(kName, "[method]descriptor.set-size", typed_function([&host](Borrow<Descriptor> self, Filesize size) {
                return host.descriptor_set_size(std::move(self), std::move(size));
              }));
  to.function(kName, "[method]descriptor.set-times",
              typed_function([&host](Borrow<Descriptor> self, NewTimestamp data_access_timestamp,
                                     NewTimestamp data_modification_timestamp) {
                return host.descriptor_set_times(std::move(self), std::move(data_access_timestamp),
                                                 std::move(data_modification_timestamp));
              }));
  to.function(kName, "[method]descriptor.read",
              typed_function([&host](Borrow<Descriptor> self, Filesize length, Filesize offset) {
                return host.descriptor_read(std::move(self), std::move(length), std::move(offset));
              }));
  to.function(kName, "[method]descriptor.write",
              typed_function([&host](Borrow<Descriptor> self, std::vector<uint8_t> buffer, Filesize offset) {
                return host.descriptor_write(std::move(self), std::move(buffer), std::move(offset));
              }));
  to.function(kName, "[method]descriptor.read-directory", typed_function([&host](Borrow<Descriptor> self) {
                return host.descriptor_read_directory(std::move(self));
              }));
  to.function(kName, "[method]descriptor.sync",
              typed_function([&host](Borrow<Descriptor> self) { return host.descriptor_sync(std::move(self)); }));
  to.function(kName, "[method]descriptor.create-directory-at",
              typed_function([&host](Borrow<Descriptor> self, std::string path) {
                return host.descriptor_create_directory_at(std::move(self), std::move(path));
              }));
  to.function(kName, "[method]descriptor.stat",
              typed_function([&host](Borrow<Descriptor> self) { return host.descriptor_stat(std::move(self)); }));
  to.function(kName, "[method]descriptor.stat-at",
              typed_function([&host](Borrow<Descriptor> self, PathFlags path_flags, std::string path) {
                return host.descriptor_stat_at(std::move(self), std::move(path_flags), std::move(path));
              }));
  to.function(kName, "[method]descriptor.set-times-at",
              typed_function([&host](Borrow<Descriptor> self, PathFlags path_flags, std::string path,
                                     NewTimestamp data_access_timestamp, NewTimestamp data_modification_timestamp) {
                return host.descriptor_set_times_at(std::move(self), std::move(path_flags), std::move(path),
                                                    std::move(data_access_timestamp),
                                                    std::move(data_modification_timestamp));
              }));
  to.function(kName, "[method]descriptor.link-at",
              typed_function([&host](Borrow<Descriptor> self, PathFlags old_path_flags, std::string old_path,
                                     Borrow<Descriptor> new_descriptor, std::string new_path) {
                return host.descriptor_link_at(std::move(self), std::move(old_path_flags), std::move(old_path),
                                               std::move(new_descriptor), std::move(new_path));
              }));
  to.function(kName, "[method]descriptor.open-at",
              typed_function([&host](Borrow<Descriptor> self, PathFlags path_flags, std::string path,
                                     OpenFlags open_flags, DescriptorFlags flags) {
                return host.descriptor_open_at(std::move(self), std::move(path_flags), std::move(path),
                                               std::move(open_flags), std::move(flags));
              }));
  to.function(kName, "[method]descriptor.readlink-at",
              typed_function([&host](Borrow<Descriptor> self, std::string path) {
                return host.descriptor_readlink_at(std::move(self), std::move(path));
              }));
  to.function(kName, "[method]descriptor.remove-directory-at",
              typed_function([&host](Borrow<Descriptor> self, std::string path) {
                return host.descriptor_remove_directory_at(std::move(self), std::move(path));
              }));
  to.function(kName, "[method]descriptor.rename-at",
              typed_function([&host](Borrow<Descriptor> self, std::string old_path, Borrow<Descriptor> new_descriptor,
                                     std::string new_path) {
                return host.descriptor_rename_at(std::move(self), std::move(old_path), std::move(new_descriptor),
                                                 std::move(new_path));
              }));
  to.function(kName, "[method]descriptor.symlink-at",
              typed_function([&host](Borrow<Descriptor> self, std::string old_path, std::string new_path) {
                return host.descriptor_symlink_at(std::move(self), std::move(old_path), std::move(new_path));
              }));
  to.function(kName, "[method]descriptor.unlink-file-at",
              typed_function([&host](Borrow<Descriptor> self, std::string path) {
                return host.descriptor_unlink_file_at(std::move(self), std::move(path));
              }));
  to.function(kName, "[method]descriptor.is-same-object",
              typed_function([&host](Borrow<Descriptor> self, Borrow<Descriptor> other) {
                return host.descriptor_is_same_object(std::move(self), std::move(other));
              }));
  to.function(kName, "[method]descriptor.metadata-hash", typed_function([&host](Borrow<Descriptor> self) {
                return host.descriptor_metadata_hash(std::move(self));
              }));
  to.function(kName, "[method]descriptor.metadata-hash-at",
              typed_function([&host](Borrow<Descriptor> self, PathFlags path_flags, std::string path) {
                return host.descriptor_metadata_hash_at(std::move(self), std::move(path_flags), std::move(path));
              }));
  to.function(kName, "[method]directory-entry-stream.read-directory-entry",
              typed_function([&host](Borrow<DirectoryEntryStream> self) {
                return host.directory_entry_stream_read_directory_entry(std::move(self));
              }));
  to.function(kName, "filesystem-error-code", typed_function([&host](Borrow<::ashlar::wasi::p2::io::error::Error> err) {
                return host.filesystem_error_code(std::move(err));
              }));
}

}  // namespace types

namespace preopens {

inline constexpr char kName[] = "wasi:filesystem/preopens@0.2.12";

using Descriptor = types::Descriptor;

/// What a host does for wasi:filesystem/preopens@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::vector<std::tuple<Own<types::Descriptor>, std::string>>> get_directories() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-directories", typed_function([&host]() { return host.get_directories(); }));
}

}  // namespace preopens

}  // namespace ashlar::wasi::p2::filesystem

// The interfaces of WASI 0.2 over the services of wasi/host.
#pragma once

#include "wasi/p2/gen/cli.h"
#include "wasi/p2/gen/clocks.h"
#include "wasi/p2/gen/filesystem.h"
#include "wasi/p2/gen/io.h"
#include "wasi/p2/gen/random.h"
#include "wasi/p2/world.h"

namespace ashlar::wasi::p2 {

using component::Borrow;
using component::Nothing;
using component::Own;

/// The error of a call that was ended from outside.
Error interrupted();
/// Waits for one of them; what is ready, by its place.
Result<std::vector<uint32_t>> wait_for(World& w, std::span<const PollableState* const> all);
Status wait_for_one(World& w, const PollableState& one);
/// An error of HTTP as text: its case, and what is known.
std::string describe(const host::HttpError& error);

class ErrorHost final : public io::error::Host {
 public:
  explicit ErrorHost(World& w) : w_(w) {}
  void drop_error(uint32_t rep) override { w_.errors.drop(rep); }
  Result<std::string> error_to_debug_string(Borrow<io::error::Error> self) override;

 private:
  World& w_;
};

class PollHost final : public io::poll::Host {
 public:
  explicit PollHost(World& w) : w_(w) {}
  void drop_pollable(uint32_t rep) override { w_.pollables.drop(rep); }
  Result<bool> pollable_ready(Borrow<io::poll::Pollable> self) override;
  Status pollable_block(Borrow<io::poll::Pollable> self) override;
  Result<std::vector<uint32_t>> poll(std::vector<Borrow<io::poll::Pollable>> in) override;

 private:
  World& w_;
};

class StreamsHost final : public io::streams::Host {
 public:
  using StreamError = io::streams::StreamError;
  using InputStream = io::streams::InputStream;
  using OutputStream = io::streams::OutputStream;
  using Pollable = io::poll::Pollable;
  template <class T>
  using Outcome = Result<std::expected<T, StreamError>>;

  explicit StreamsHost(World& w) : w_(w) {}
  void drop_input_stream(uint32_t rep) override;
  void drop_output_stream(uint32_t rep) override;
  Outcome<std::vector<uint8_t>> input_stream_read(Borrow<InputStream> self, uint64_t len) override;
  Outcome<std::vector<uint8_t>> input_stream_blocking_read(Borrow<InputStream> self, uint64_t len) override;
  Outcome<uint64_t> input_stream_skip(Borrow<InputStream> self, uint64_t len) override;
  Outcome<uint64_t> input_stream_blocking_skip(Borrow<InputStream> self, uint64_t len) override;
  Result<Own<Pollable>> input_stream_subscribe(Borrow<InputStream> self) override;
  Outcome<uint64_t> output_stream_check_write(Borrow<OutputStream> self) override;
  Outcome<void> output_stream_write(Borrow<OutputStream> self, std::vector<uint8_t> contents) override;
  Outcome<void> output_stream_blocking_write_and_flush(Borrow<OutputStream> self,
                                                       std::vector<uint8_t> contents) override;
  Outcome<void> output_stream_flush(Borrow<OutputStream> self) override;
  Outcome<void> output_stream_blocking_flush(Borrow<OutputStream> self) override;
  Result<Own<Pollable>> output_stream_subscribe(Borrow<OutputStream> self) override;
  Outcome<void> output_stream_write_zeroes(Borrow<OutputStream> self, uint64_t len) override;
  Outcome<void> output_stream_blocking_write_zeroes_and_flush(Borrow<OutputStream> self, uint64_t len) override;
  Outcome<uint64_t> output_stream_splice(Borrow<OutputStream> self, Borrow<InputStream> src, uint64_t len) override;
  Outcome<uint64_t> output_stream_blocking_splice(Borrow<OutputStream> self, Borrow<InputStream> src,
                                                  uint64_t len) override;

 private:
  StreamError error(StreamFailure failure) { return {Own<io::error::Error>{w_.errors.add(std::move(failure))}}; }
  static StreamError closed() { return {Nothing{}}; }
  template <class T>
  static Outcome<T> refuse(StreamError e) {
    return std::expected<T, StreamError>(std::unexpected(std::move(e)));
  }
  Outcome<std::vector<uint8_t>> read(Stream& s, uint64_t len, bool wait);
  /// All of it, waiting as long as it takes.
  Outcome<void> write_all(Stream& s, std::span<const uint8_t> bytes);
  Outcome<void> write_connection(Stream& s, std::span<const uint8_t> bytes);
  /// Closed, or what sending failed with.
  Outcome<void> connection_state(Connection& c);
  // Streams that are bodies of HTTP: http_streams.cc.
  static PollableState readable_body(host::SharedHttpBody body);
  static PollableState writable_body(host::SharedHttpBody body);
  Outcome<std::vector<uint8_t>> read_body(host::HttpBody& body, uint64_t len, bool wait);
  Outcome<uint64_t> check_body(Stream& s);
  Outcome<void> flush_body(host::HttpBody& body);
  Outcome<void> write_body(host::HttpBody& body, std::span<const uint8_t> bytes);
  World& w_;
};

/// cli: all of its interfaces.
class CliHost final : public cli::environment::Host,
                      public cli::exit::Host,
                      public cli::stdin_::Host,
                      public cli::stdout_::Host,
                      public cli::stderr_::Host,
                      public cli::terminal_input::Host,
                      public cli::terminal_output::Host,
                      public cli::terminal_stdin::Host,
                      public cli::terminal_stdout::Host,
                      public cli::terminal_stderr::Host {
 public:
  explicit CliHost(World& w) : w_(w) {}
  Result<std::vector<std::tuple<std::string, std::string>>> get_environment() override;
  Result<std::vector<std::string>> get_arguments() override { return w_.args; }
  Result<std::optional<std::string>> initial_cwd() override { return std::nullopt; }
  Status exit(std::expected<void, Nothing> status) override;
  Status exit_with_code(uint8_t status_code) override;
  Result<Own<io::streams::InputStream>> get_stdin() override;
  Result<Own<io::streams::OutputStream>> get_stdout() override { return output(1); }
  Result<Own<io::streams::OutputStream>> get_stderr() override { return output(2); }
  void drop_terminal_input(uint32_t) override {}
  void drop_terminal_output(uint32_t) override {}
  Result<std::optional<Own<cli::terminal_input::TerminalInput>>> get_terminal_stdin() override;
  Result<std::optional<Own<cli::terminal_output::TerminalOutput>>> get_terminal_stdout() override {
    return terminal(1);
  }
  Result<std::optional<Own<cli::terminal_output::TerminalOutput>>> get_terminal_stderr() override {
    return terminal(2);
  }

 private:
  Own<io::streams::OutputStream> output(int fd);
  std::optional<Own<cli::terminal_output::TerminalOutput>> terminal(int fd) const;
  World& w_;
};

class MonotonicHost final : public clocks::monotonic_clock::Host {
 public:
  using Pollable = io::poll::Pollable;
  explicit MonotonicHost(World& w) : w_(w) {}
  Result<uint64_t> now() override { return os::monotonic_now(); }
  Result<uint64_t> resolution() override;
  Result<Own<Pollable>> subscribe_instant(uint64_t when) override;
  Result<Own<Pollable>> subscribe_duration(uint64_t when) override;

 private:
  World& w_;
};

class WallHost final : public clocks::wall_clock::Host {
 public:
  Result<clocks::wall_clock::Datetime> now() override;
  Result<clocks::wall_clock::Datetime> resolution() override;
};

class RandomHost final : public random::random::Host,
                         public random::insecure::Host,
                         public random::insecure_seed::Host {
 public:
  Result<std::vector<uint8_t>> get_random_bytes(uint64_t len) override;
  Result<uint64_t> get_random_u64() override;
  Result<std::vector<uint8_t>> get_insecure_random_bytes(uint64_t len) override { return get_random_bytes(len); }
  Result<uint64_t> get_insecure_random_u64() override { return get_random_u64(); }
  Result<std::tuple<uint64_t, uint64_t>> insecure_seed() override;

 private:
  /// The same at each call: programs may seed hash tables with it that they compare.
  std::optional<std::tuple<uint64_t, uint64_t>> seed_;
};

class FilesystemHost final : public filesystem::types::Host, public filesystem::preopens::Host {
 public:
  using Descriptor = filesystem::types::Descriptor;
  using DescriptorFlags = filesystem::types::DescriptorFlags;
  using DescriptorStat = filesystem::types::DescriptorStat;
  using DescriptorType = filesystem::types::DescriptorType;
  using DirectoryEntry = filesystem::types::DirectoryEntry;
  using DirectoryEntryStream = filesystem::types::DirectoryEntryStream;
  using ErrorCode = filesystem::types::ErrorCode;
  using MetadataHashValue = filesystem::types::MetadataHashValue;
  using NewTimestamp = filesystem::types::NewTimestamp;
  using PathFlags = filesystem::types::PathFlags;
  using OpenFlags = filesystem::types::OpenFlags;
  template <class T>
  using Outcome = Result<std::expected<T, ErrorCode>>;

  explicit FilesystemHost(World& w) : w_(w) {}
  void drop_descriptor(uint32_t rep) override { w_.descriptors.drop(rep); }
  void drop_directory_entry_stream(uint32_t rep) override { w_.listings.drop(rep); }
  Outcome<Own<io::streams::InputStream>> descriptor_read_via_stream(Borrow<Descriptor> self, uint64_t offset) override;
  Outcome<Own<io::streams::OutputStream>> descriptor_write_via_stream(Borrow<Descriptor> self,
                                                                      uint64_t offset) override;
  Outcome<Own<io::streams::OutputStream>> descriptor_append_via_stream(Borrow<Descriptor> self) override;
  Outcome<void> descriptor_advise(Borrow<Descriptor> self, uint64_t offset, uint64_t length,
                                  filesystem::types::Advice advice) override;
  Outcome<void> descriptor_sync_data(Borrow<Descriptor> self) override;
  Outcome<DescriptorFlags> descriptor_get_flags(Borrow<Descriptor> self) override;
  Outcome<DescriptorType> descriptor_get_type(Borrow<Descriptor> self) override;
  Outcome<void> descriptor_set_size(Borrow<Descriptor> self, uint64_t size) override;
  Outcome<void> descriptor_set_times(Borrow<Descriptor> self, NewTimestamp accessed, NewTimestamp modified) override;
  Outcome<std::tuple<std::vector<uint8_t>, bool>> descriptor_read(Borrow<Descriptor> self, uint64_t length,
                                                                  uint64_t offset) override;
  Outcome<uint64_t> descriptor_write(Borrow<Descriptor> self, std::vector<uint8_t> buffer, uint64_t offset) override;
  Outcome<Own<DirectoryEntryStream>> descriptor_read_directory(Borrow<Descriptor> self) override;
  Outcome<void> descriptor_sync(Borrow<Descriptor> self) override;
  Outcome<void> descriptor_create_directory_at(Borrow<Descriptor> self, std::string path) override;
  Outcome<DescriptorStat> descriptor_stat(Borrow<Descriptor> self) override;
  Outcome<DescriptorStat> descriptor_stat_at(Borrow<Descriptor> self, PathFlags flags, std::string path) override;
  Outcome<void> descriptor_set_times_at(Borrow<Descriptor> self, PathFlags flags, std::string path,
                                        NewTimestamp accessed, NewTimestamp modified) override;
  Outcome<void> descriptor_link_at(Borrow<Descriptor> self, PathFlags old_path_flags, std::string old_path,
                                   Borrow<Descriptor> new_descriptor, std::string new_path) override;
  Outcome<Own<Descriptor>> descriptor_open_at(Borrow<Descriptor> self, PathFlags path_flags, std::string path,
                                              OpenFlags open_flags, DescriptorFlags flags) override;
  Outcome<std::string> descriptor_readlink_at(Borrow<Descriptor> self, std::string path) override;
  Outcome<void> descriptor_remove_directory_at(Borrow<Descriptor> self, std::string path) override;
  Outcome<void> descriptor_rename_at(Borrow<Descriptor> self, std::string old_path, Borrow<Descriptor> new_descriptor,
                                     std::string new_path) override;
  Outcome<void> descriptor_symlink_at(Borrow<Descriptor> self, std::string old_path, std::string new_path) override;
  Outcome<void> descriptor_unlink_file_at(Borrow<Descriptor> self, std::string path) override;
  Result<bool> descriptor_is_same_object(Borrow<Descriptor> self, Borrow<Descriptor> other) override;
  Outcome<MetadataHashValue> descriptor_metadata_hash(Borrow<Descriptor> self) override;
  Outcome<MetadataHashValue> descriptor_metadata_hash_at(Borrow<Descriptor> self, PathFlags flags,
                                                         std::string path) override;
  Outcome<std::optional<DirectoryEntry>> directory_entry_stream_read_directory_entry(
      Borrow<DirectoryEntryStream> self) override;
  Result<std::optional<ErrorCode>> filesystem_error_code(Borrow<io::streams::Error> err) override;
  Result<std::vector<std::tuple<Own<Descriptor>, std::string>>> get_directories() override;

 private:
  host::Descriptor& at(Borrow<Descriptor> d) { return *w_.descriptors[d.rep]; }
  World& w_;
};

}  // namespace ashlar::wasi::p2

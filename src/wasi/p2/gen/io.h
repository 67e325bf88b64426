// Generated from wit/wasi-0.2.12/io.wit by tools/witgen.py: not to be edited.
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

namespace ashlar::wasi::p2::io {

using namespace ashlar::component;

namespace error {

inline constexpr char kName[] = "wasi:io/error@0.2.12";

struct Error;

/// What a host does for wasi:io/error@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_error(uint32_t rep) = 0;
  virtual ashlar::Result<std::string> error_to_debug_string(Borrow<Error> self) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "error", {[&host](uint32_t rep) { host.drop_error(rep); }, tag_of<Error>()});
  to.function(kName, "[method]error.to-debug-string",
              typed_function([&host](Borrow<Error> self) { return host.error_to_debug_string(std::move(self)); }));
}

}  // namespace error

namespace poll {

inline constexpr char kName[] = "wasi:io/poll@0.2.12";

struct Pollable;

/// What a host does for wasi:io/poll@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_pollable(uint32_t rep) = 0;
  virtual ashlar::Result<bool> pollable_ready(Borrow<Pollable> self) = 0;
  virtual ashlar::Status pollable_block(Borrow<Pollable> self) = 0;
  virtual ashlar::Result<std::vector<uint32_t>> poll(std::vector<Borrow<Pollable>> in) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "pollable", {[&host](uint32_t rep) { host.drop_pollable(rep); }, tag_of<Pollable>()});
  to.function(kName, "[method]pollable.ready",
              typed_function([&host](Borrow<Pollable> self) { return host.pollable_ready(std::move(self)); }));
  to.function(kName, "[method]pollable.block",
              typed_function([&host](Borrow<Pollable> self) { return host.pollable_block(std::move(self)); }));
  to.function(kName, "poll",
              typed_function([&host](std::vector<Borrow<Pollable>> in) { return host.poll(std::move(in)); }));
}

}  // namespace poll

namespace streams {

inline constexpr char kName[] = "wasi:io/streams@0.2.12";

using Error = error::Error;
using Pollable = poll::Pollable;
struct StreamError {
  enum Case : uint32_t { kLastOperationFailed, kClosed };
  std::variant<Own<error::Error>, Nothing> value;
  static constexpr std::array cases{"last-operation-failed", "closed"};
};
struct InputStream;
struct OutputStream;

/// What a host does for wasi:io/streams@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_input_stream(uint32_t rep) = 0;
  /// The last handle was dropped.
  virtual void drop_output_stream(uint32_t rep) = 0;
  virtual ashlar::Result<std::expected<std::vector<uint8_t>, StreamError>> input_stream_read(Borrow<InputStream> self,
                                                                                             uint64_t len) = 0;
  virtual ashlar::Result<std::expected<std::vector<uint8_t>, StreamError>> input_stream_blocking_read(
      Borrow<InputStream> self, uint64_t len) = 0;
  virtual ashlar::Result<std::expected<uint64_t, StreamError>> input_stream_skip(Borrow<InputStream> self,
                                                                                 uint64_t len) = 0;
  virtual ashlar::Result<std::expected<uint64_t, StreamError>> input_stream_blocking_skip(Borrow<InputStream> self,
                                                                                          uint64_t len) = 0;
  virtual ashlar::Result<Own<poll::Pollable>> input_stream_subscribe(Borrow<InputStream> self) = 0;
  virtual ashlar::Result<std::expected<uint64_t, StreamError>> output_stream_check_write(Borrow<OutputStream> self) = 0;
  virtual ashlar::Result<std::expected<void, StreamError>> output_stream_write(Borrow<OutputStream> self,
                                                                               std::vector<uint8_t> contents) = 0;
  virtual ashlar::Result<std::expected<void, StreamError>> output_stream_blocking_write_and_flush(
      Borrow<OutputStream> self, std::vector<uint8_t> contents) = 0;
  virtual ashlar::Result<std::expected<void, StreamError>> output_stream_flush(Borrow<OutputStream> self) = 0;
  virtual ashlar::Result<std::expected<void, StreamError>> output_stream_blocking_flush(Borrow<OutputStream> self) = 0;
  virtual ashlar::Result<Own<poll::Pollable>> output_stream_subscribe(Borrow<OutputStream> self) = 0;
  virtual ashlar::Result<std::expected<void, StreamError>> output_stream_write_zeroes(Borrow<OutputStream> self,
                                                                                      uint64_t len) = 0;
  virtual ashlar::Result<std::expected<void, StreamError>> output_stream_blocking_write_zeroes_and_flush(
      Borrow<OutputStream> self, uint64_t len) = 0;
  virtual ashlar::Result<std::expected<uint64_t, StreamError>> output_stream_splice(Borrow<OutputStream> self,
                                                                                    Borrow<InputStream> src,
                                                                                    uint64_t len) = 0;
  virtual ashlar::Result<std::expected<uint64_t, StreamError>> output_stream_blocking_splice(Borrow<OutputStream> self,
                                                                                             Borrow<InputStream> src,
                                                                                             uint64_t len) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "input-stream", {[&host](uint32_t rep) { host.drop_input_stream(rep); }, tag_of<InputStream>()});
  to.resource(kName, "output-stream",
              {[&host](uint32_t rep) { host.drop_output_stream(rep); }, tag_of<OutputStream>()});
  to.function(kName, "[method]input-stream.read", typed_function([&host](Borrow<InputStream> self, uint64_t len) {
                return host.input_stream_read(std::move(self), std::move(len));
              }));
  to.function(kName, "[method]input-stream.blocking-read",
              typed_function([&host](Borrow<InputStream> self, uint64_t len) {
                return host.input_stream_blocking_read(std::move(self), std::move(len));
              }));
  to.function(kName, "[method]input-stream.skip", typed_function([&host](Borrow<InputStream> self, uint64_t len) {
                return host.input_stream_skip(std::move(self), std::move(len));
              }));
  to.function(kName, "[method]input-stream.blocking-skip",
              typed_function([&host](Borrow<InputStream> self, uint64_t len) {
                return host.input_stream_blocking_skip(std::move(self), std::move(len));
              }));
  to.function(kName, "[method]input-stream.subscribe", typed_function([&host](Borrow<InputStream> self) {
                return host.input_stream_subscribe(std::move(self));
              }));
  to.function(kName, "[method]output-stream.check-write", typed_function([&host](Borrow<OutputStream> self) {
                return host.output_stream_check_write(std::move(self));
              }));
  to.function(kName, "[method]output-stream.write",
              typed_function([&host](Borrow<OutputStream> self, std::vector<uint8_t> contents) {
                return host.output_stream_write(std::move(self), std::move(contents));
              }));
  to.function(kName, "[method]output-stream.blocking-write-and-flush",
              typed_function([&host](Borrow<OutputStream> self, std::vector<uint8_t> contents) {
                return host.output_stream_blocking_write_and_flush(std::move(self), std::move(contents));
              }));
  to.function(kName, "[method]output-stream.flush",
              typed_function([&host](Borrow<OutputStream> self) { return host.output_stream_flush(std::move(self)); }));
  to.function(kName, "[method]output-stream.blocking-flush", typed_function([&host](Borrow<OutputStream> self) {
                return host.output_stream_blocking_flush(std::move(self));
              }));
  to.function(kName, "[method]output-stream.subscribe", typed_function([&host](Borrow<OutputStream> self) {
                return host.output_stream_subscribe(std::move(self));
              }));
  to.function(kName, "[method]output-stream.write-zeroes",
              typed_function([&host](Borrow<OutputStream> self, uint64_t len) {
                return host.output_stream_write_zeroes(std::move(self), std::move(len));
              }));
  to.function(kName, "[method]output-stream.blocking-write-zeroes-and-flush",
              typed_function([&host](Borrow<OutputStream> self, uint64_t len) {
                return host.output_stream_blocking_write_zeroes_and_flush(std::move(self), std::move(len));
              }));
  to.function(kName, "[method]output-stream.splice",
              typed_function([&host](Borrow<OutputStream> self, Borrow<InputStream> src, uint64_t len) {
                return host.output_stream_splice(std::move(self), std::move(src), std::move(len));
              }));
  to.function(kName, "[method]output-stream.blocking-splice",
              typed_function([&host](Borrow<OutputStream> self, Borrow<InputStream> src, uint64_t len) {
                return host.output_stream_blocking_splice(std::move(self), std::move(src), std::move(len));
              }));
}

}  // namespace streams

}  // namespace ashlar::wasi::p2::io

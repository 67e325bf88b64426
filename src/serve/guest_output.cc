// Pipes of programs' output; see guest_output.h.
#include "serve/guest_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "os/file_bytes.h"
#include "os/quiet_thread.h"

namespace ashlar::serve {

namespace asio = boost::asio;

namespace {

/// A line that is longer is shown in pieces.
constexpr size_t kLongestLine = 16 << 10;
/// How long the rest of a line is waited for.
constexpr std::chrono::milliseconds kStill{100};

/// The first of two bytes of UTF-8 that are a control character (U+0080 to U+009F), and the last second one.
constexpr unsigned char kC1Lead = 0xc2, kLastC1 = 0x9f, kFirstC1 = 0x80;

/// What would move a terminal's cursor, or pass for the end of a line, in hexadecimal.
void append_line(std::string& out, std::string_view prefix, std::string_view line) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr unsigned kBits = 4;
  constexpr unsigned char kDelete = 0x7f;
  if (line.ends_with('\r')) line.remove_suffix(1);
  out += prefix;
  for (size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    const auto next = static_cast<unsigned char>(i + 1 < line.size() ? line[i + 1] : 0);
    const bool c1 = byte == kC1Lead && next >= kFirstC1 && next <= kLastC1;
    if (!c1 && (byte >= ' ' || byte == '\t') && byte != kDelete) {
      out += line[i];
      continue;
    }
    for (const unsigned char shown : {byte, c1 ? next : byte}) {
      out += "\\x";
      out += kDigits[shown >> kBits];
      out += kDigits[shown & ((1u << kBits) - 1)];
      if (!c1) break;
    }
    if (c1) ++i;
  }
  out += '\n';
}

// Who does not take what programs print must not end the service.
void write_lines(const std::string& lines) {
  static_cast<void>(
      os::write_all(STDERR_FILENO, {reinterpret_cast<const uint8_t*>(lines.data()), lines.size()}, "stderr"));
}

std::string pipe_of(const std::string& name) {
  return "a pipe for what " + (name.empty() ? "the program" : name) + " prints";
}

std::string prefix_of(const std::string& name) { return name.empty() ? name : name + ": "; }

/// The end that is read. It lives while something is to come.
class Reader : public std::enable_shared_from_this<Reader> {
 public:
  Reader(asio::io_context& context, std::string prefix) : pipe_(context), still_(context), prefix_(std::move(prefix)) {}
  /// Takes the end over, or, where the loop refuses it, closes it.
  boost::system::error_code open(int end) {
    boost::system::error_code ec;
    pipe_.assign(end, ec);
    if (ec) ::close(end);
    return ec;
  }
  void read() {
    pipe_.async_read_some(asio::buffer(bytes_), [self = shared_from_this()](boost::system::error_code ec, size_t size) {
      self->show({self->bytes_.data(), size}, static_cast<bool>(ec));
      if (!ec) self->read();
    });
  }

 private:
  void show(std::string_view bytes, bool last) {
    line_ += bytes;
    std::string out;
    size_t from = 0;
    for (size_t end; (end = line_.find('\n', from)) != line_.npos; from = end + 1) put(out, from, end);
    if ((last && from < line_.size()) || line_.size() - from >= kLongestLine) {
      put(out, from, line_.size());
      from = line_.size();
    }
    line_.erase(0, from);
    if (!out.empty()) write_lines(out);
    still_.cancel();
    if (!line_.empty()) end_later();
  }
  void put(std::string& out, size_t from, size_t end) const {
    append_line(out, prefix_, std::string_view(line_).substr(from, end - from));
  }
  void end_later() {
    still_.expires_after(kStill);
    still_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
      const auto self = weak.lock();
      // What came when it had just expired has had its turn.
      if (ec || !self || self->line_.empty()) return;
      std::string out;
      self->put(out, 0, self->line_.size());
      self->line_.clear();
      write_lines(out);
    });
  }

  asio::posix::stream_descriptor pipe_;
  asio::steady_timer still_;
  const std::string prefix_;
  std::string line_;
  std::array<char, 4096> bytes_;
};

class PipeOutput final : public GuestOutput {
 public:
  PipeOutput(os::Fd end, std::string prefix) : end_(std::move(end)), prefix_(std::move(prefix)) {}
  int handle() const override { return end_.raw(); }
  void show(std::string_view lines) const override {
    std::string out;
    while (!lines.empty()) {
      const size_t end = std::min(lines.find('\n'), lines.size());
      append_line(out, prefix_, lines.substr(0, end));
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    write_lines(out);
  }

 private:
  os::Fd end_;
  const std::string prefix_;
};

}  // namespace

GuestOutputs::GuestOutputs() : work_(context_.get_executor()), thread_(os::quiet_thread([this] { context_.run(); })) {}

// Readers end with the pipes, whose other ends have gone.
GuestOutputs::~GuestOutputs() {
  work_.reset();
  thread_.join();
}

Result<std::shared_ptr<GuestOutput>> GuestOutputs::open(const std::string& name) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return make_error(ErrorCode::io_failed, kNoOffset, pipe_of(name), std::strerror(errno));
  }
  auto out = std::make_shared<PipeOutput>(os::Fd::own(ends[1]), prefix_of(name));
  const auto reader = std::make_shared<Reader>(context_, prefix_of(name));
  if (const auto refused = reader->open(ends[0])) {
    return make_error(ErrorCode::io_failed, kNoOffset, pipe_of(name), refused.message());
  }
  asio::post(context_, [reader] { reader->read(); });
  return std::shared_ptr<GuestOutput>(std::move(out));
}

}  // namespace ashlar::serve

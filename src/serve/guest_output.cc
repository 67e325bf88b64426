// Pipes of programs' output; see guest_output.h.
#include "serve/guest_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "os/file_bytes.h"
#include "os/quiet_thread.h"

namespace ashlar::serve {

namespace asio = boost::asio;

namespace {

/// A line that is longer is shown in pieces.
constexpr size_t kLongestLine = 16 << 10;

/// The end that is read. It lives while something is to come.
class Reader : public std::enable_shared_from_this<Reader> {
 public:
  Reader(asio::io_context& context, std::string name) : pipe_(context), prefix_(std::move(name) + ": ") {}
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
    // Who does not take what programs print must not end the service.
    static_cast<void>(
        os::write_all(STDERR_FILENO, {reinterpret_cast<const uint8_t*>(out.data()), out.size()}, "stderr"));
  }
  void put(std::string& out, size_t from, size_t end) const {
    out += prefix_;
    out += std::string_view(line_).substr(from, end - from);
    out += '\n';
  }

  asio::posix::stream_descriptor pipe_;
  const std::string prefix_;
  std::string line_;
  std::array<char, 4096> bytes_;
};

class PipeOutput final : public GuestOutput {
 public:
  explicit PipeOutput(os::Fd end) : end_(std::move(end)) {}
  int handle() const override { return end_.raw(); }

 private:
  os::Fd end_;
};

}  // namespace

GuestOutputs::GuestOutputs() : work_(context_.get_executor()), thread_(os::quiet_thread([this] { context_.run(); })) {}

// Readers end with the pipes, whose other ends have gone.
GuestOutputs::~GuestOutputs() {
  work_.reset();
  thread_.join();
}

Result<std::shared_ptr<GuestOutput>> GuestOutputs::open(std::string name) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return make_error(ErrorCode::io_failed, kNoOffset, "a pipe for what " + name + " prints", std::strerror(errno));
  }
  auto out = std::make_shared<PipeOutput>(os::Fd::own(ends[1]));
  const auto reader = std::make_shared<Reader>(context_, name);
  if (const auto refused = reader->open(ends[0])) {
    return make_error(ErrorCode::io_failed, kNoOffset, "a pipe for what " + name + " prints", refused.message());
  }
  asio::post(context_, [reader] { reader->read(); });
  return std::shared_ptr<GuestOutput>(std::move(out));
}

}  // namespace ashlar::serve

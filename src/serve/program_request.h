// A request as WASI programs are given it: the variables of CGI, the text of HTTP/1.1, standard input.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wasi/host/http.h"
#include "wasi/host/pipe.h"
#include "wasi/host/waiter.h"

namespace ashlar::serve {

using wasi::host::HttpRequest;

/// RFC 3875, 4.1, with HTTPS, REQUEST_SCHEME, REQUEST_URI and REMOTE_PORT, which programs ask for besides. Nothing when
/// one would hold a NUL, which no environment can. `length`: the body's, where that is known.
std::optional<std::vector<std::pair<std::string, std::string>>> cgi_variables(const HttpRequest& request,
                                                                              std::optional<uint64_t> length);

/// The head of the request, up to its empty line. Without a length the body ends where standard input does.
std::string request_head(const HttpRequest& request, std::optional<uint64_t> length);

/// Standard input: the head, if there is one, and the body.
class ProgramInput final : public wasi::host::Pipe {
 public:
  ProgramInput(std::string head, wasi::host::SharedHttpBody body) : head_(std::move(head)), body_(std::move(body)) {}
  bool ready() const override;
  size_t available() const override { return head_.size() - taken_ + body_->buffered(); }
  wasi::host::HostResult<size_t> transfer(std::span<const os::Buffer> buffers) override;

 private:
  std::string head_;
  size_t taken_ = 0;  ///< of the head
  wasi::host::SharedHttpBody body_;
};

}  // namespace ashlar::serve

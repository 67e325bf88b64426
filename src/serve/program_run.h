// One place in which WASI programs run, request after request: directories stay open, all else is new each time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/guest_run.h"
#include "serve/program_app.h"
#include "serve/program_output.h"

namespace ashlar::serve {

class ProgramRun final : public GuestRun {
 public:
  static Result<std::unique_ptr<GuestRun>> make(const ProgramApp& app, boost::asio::io_context& loop, Done done);
  ~ProgramRun() override { end_now(); }
  void start(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) override;

 private:
  ProgramRun(const ProgramApp& app, boost::asio::io_context& loop, Done done);
  Status run_guest() override;
  void answer(const Status& ended) override;
  void let_go() override;
  bool begin_again() override;
  bool answered() const override { return output_ && output_->written(); }
  /// Those who run the service are told.
  void tell(const Error& error) {
    if (!given_up()) answer_->failed(error);
  }
  Status open_dirs();
  /// The body's length; nothing where it is not known before its end.
  Result<std::optional<uint64_t>> body_length();
  Status open_context();
  Status open_streams(wasi::p1::Context::Builder& builder);
  /// Of a program that has ended by itself. `redirect`: the path that it wants answered instead.
  void check_response(std::string redirect);
  void begin_request(bool further);

  const ProgramApp& app_;
  std::vector<os::Fd> dirs_;
  // Of one request.
  wasi::host::HttpRequest request_;
  std::shared_ptr<http::Answer> answer_;
  std::optional<wasi::p1::Context> context_;
  std::shared_ptr<ProgramOutput> output_;
  std::string redirect_;  ///< the path that is to be answered instead
  unsigned redirects_ = 0;
  bool refused_ = false;  ///< no program can be told of the request
};

}  // namespace ashlar::serve

// One place in which components run, request after request: what a program is granted stays, all else is new each time,
// but for instances that are kept (Reuse).
#pragma once

#include <memory>
#include <optional>

#include "component/instance.h"
#include "serve/component_app.h"
#include "serve/guest_run.h"

namespace ashlar::serve {

class ComponentRun final : public GuestRun {
 public:
  static Result<std::unique_ptr<GuestRun>> make(const ComponentApp& app, boost::asio::io_context& loop,
                                                wasi::host::HttpClient* client, Done done);
  ~ComponentRun() override;
  void start(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) override;
  bool overdue(std::chrono::steady_clock::time_point now) const override;

 private:
  ComponentRun(const ComponentApp& app, boost::asio::io_context& loop, Done done);
  Status run_guest() override;
  void answer(const Status& ended) override;
  void let_go() override;
  bool stay() override;
  /// What of a request is the guest's no longer, whatever handles it has kept.
  void end_request();
  bool answered() const override { return body_ && body_->finished() && !body_->error(); }

  const ComponentApp& app_;
  std::unique_ptr<wasi::p2::Program> program_;
  component::HostImports imports_;
  std::optional<component::Instance::Bindings> bindings_;  ///< after the first instance
  // Of one instance.
  std::unique_ptr<component::Instance> instance_;
  uint64_t requests_ = 0;  ///< that it has begun
  std::chrono::steady_clock::time_point made_, idle_since_;
  // Of one request.
  wasi::p2::Program::Incoming incoming_;
  std::shared_ptr<http::Answer> answer_;
  wasi::host::SharedHttpBody request_body_;
  wasi::host::SharedHttpBody body_;  ///< of the response that the guest has set
};

}  // namespace ashlar::serve

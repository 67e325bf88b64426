// Components that export wasi:http/incoming-handler: made ready once, instantiated afresh for each request.
#pragma once

#include <memory>

#include "component/executable.h"
#include "serve/app.h"
#include "wasi/p2/program.h"

namespace ashlar::serve {

/// `grants`: of each instance; without a waiter and a client, which are the loop's.
class ComponentApp final : public App {
 public:
  /// Errors: Link, when it exports no handler of WASI 0.2.
  static Result<std::shared_ptr<const ComponentApp>> make(std::shared_ptr<const component::Executable> executable,
                                                          wasi::p2::Grants grants, AppOptions options);
  std::string_view kind() const override { return "wasi:http component"; }
  const std::shared_ptr<runtime::Engine>& engine() const override { return executable_->engine(); }
  Result<std::unique_ptr<Guests>> on_loop(boost::asio::io_context& loop, wasi::host::HttpClient* client) const override;

  const std::shared_ptr<const component::Executable>& executable() const { return executable_; }
  const wasi::p2::Grants& grants() const { return grants_; }
  const AppOptions& options() const { return options_; }
  const std::shared_ptr<const component::ImportNames>& imports() const { return imports_; }
  /// Of the function `handle`: its place in the plan, and its parameters' resources.
  uint32_t handle() const { return handle_; }

 private:
  ComponentApp(std::shared_ptr<const component::Executable> executable, wasi::p2::Grants grants, AppOptions options,
               uint32_t handle)
      : executable_(std::move(executable)),
        imports_(std::make_shared<component::ImportNames>(component::HostImports::names_of(executable_->plan()))),
        grants_(std::move(grants)),
        options_(std::move(options)),
        handle_(handle) {}
  const std::shared_ptr<const component::Executable> executable_;
  const std::shared_ptr<const component::ImportNames> imports_;
  const wasi::p2::Grants grants_;
  const AppOptions options_;
  const uint32_t handle_;
};

}  // namespace ashlar::serve

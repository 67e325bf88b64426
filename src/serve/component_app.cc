// Components as applications; see component_app.h.
#include "serve/component_app.h"

#include "component/exported_funcs.h"
#include "serve/component_run.h"
#include "serve/run_guests.h"

namespace ashlar::serve {

namespace {

/// wasi:http/incoming-handler of any version that is close enough.
const component::PlanExport* find_handler(const component::Plan& plan) {
  const component::PlanExports* found = component::find_interface(plan, "wasi:http/incoming-handler@0.2.0");
  const component::PlanExport* handle = found == nullptr ? nullptr : found->find("handle");
  return handle != nullptr && handle->kind == component::PlanExport::Kind::Func ? handle : nullptr;
}

/// Whether it is an own<...> of that resource of wasi:http/types, as Program::add_incoming makes them.
bool is_own(const component::Plan& plan, const component::Member& m, std::string_view resource) {
  if (m.type->kind != component::TypeKind::Own || !plan.resources[m.type->resource].imported) return false;
  const std::vector<std::string>& path = plan.imports[plan.resources[m.type->resource].import].path;
  return path.size() == 2 && component::semver_track(path[0]) == "wasi:http/types@0.2" && path[1] == resource;
}

}  // namespace

Result<std::shared_ptr<const ComponentApp>> ComponentApp::make(std::shared_ptr<const component::Executable> executable,
                                                               wasi::p2::Grants grants, AppOptions options) {
  const component::Plan& plan = executable->plan();
  const component::PlanExport* handle = find_handler(plan);
  if (handle == nullptr) {
    for (const auto& [name, item] : plan.exports.items) {
      if (!name.starts_with("wasi:http/handler@0.3")) continue;
      return make_error(ErrorCode::component_unsupported, kNoOffset, "the asynchronous " + name);
    }
    if (component::find_interface(plan, "wasi:cli/run@0.2.0") != nullptr) {
      return make_error(ErrorCode::component_unsupported, kNoOffset,
                        "serving commands (wasi:cli/run) that are components; their core modules can be served");
    }
    return make_error(ErrorCode::no_such_export, kNoOffset, "wasi:http/incoming-handler@0.2");
  }
  const component::FuncType& type = plan.funcs[handle->index].type;
  if (type.params.size() != 2 || !is_own(plan, type.params[0], "incoming-request") ||
      !is_own(plan, type.params[1], "response-outparam") || type.result != nullptr) {
    return make_error(ErrorCode::component_import_type, kNoOffset, "wasi:http/incoming-handler");
  }
  return std::shared_ptr<const ComponentApp>(
      new ComponentApp(std::move(executable), std::move(grants), std::move(options), handle->index));
}

Result<std::unique_ptr<Guests>> ComponentApp::on_loop(boost::asio::io_context& loop,
                                                      wasi::host::HttpClient* client) const {
  auto out = std::make_unique<RunGuests>(loop, options_, [this, &loop, client](GuestRun::Done done) {
    return ComponentRun::make(*this, loop, client, std::move(done));
  });
  TRY(out->try_out(tried_out_));
  return out;
}

}  // namespace ashlar::serve

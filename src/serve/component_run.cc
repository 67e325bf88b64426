// Running components for requests; see component_run.h.
#include "serve/component_run.h"

namespace ashlar::serve {

namespace {

constexpr uint16_t kNotModified = 304, kInternalError = 500, kBadGateway = 502, kGatewayTimeout = 504;

/// What a client is told of a guest's own error.
uint16_t status_of(const wasi::host::HttpError& error) {
  using enum wasi::host::HttpErrorCode;
  switch (error.code) {
    case InternalError:
    case ConfigurationError:
      return kInternalError;
    case DnsTimeout:
    case ConnectionTimeout:
    case ConnectionReadTimeout:
    case ConnectionWriteTimeout:
    case HttpResponseTimeout:
      return kGatewayTimeout;
    default:
      return kBadGateway;
  }
}

}  // namespace

ComponentRun::ComponentRun(const ComponentApp& app, boost::asio::io_context& loop, Done done)
    : GuestRun(loop, app.executable()->engine(), app.options(), std::move(done)), app_(app), imports_(app.imports()) {}

Result<std::unique_ptr<GuestRun>> ComponentRun::make(const ComponentApp& app, boost::asio::io_context& loop,
                                                     wasi::host::HttpClient* client, Done done) {
  std::unique_ptr<ComponentRun> out(new ComponentRun(app, loop, std::move(done)));
  wasi::p2::Grants grants = app.grants();
  grants.waiter = out.get();
  grants.http = client;
  TRY_ASSIGN(out->program_, wasi::p2::Program::make(std::move(grants)));
  out->program_->add_to(out->imports_);
  return out;
}

ComponentRun::~ComponentRun() {
  end_now();
  if (has_instance()) drop_instance();
}

void ComponentRun::start(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) {
  answer_ = std::move(answer);
  request_body_ = request.body;
  const bool head = request.method == "HEAD";
  incoming_ = program_->add_incoming(std::move(request), [this, head, number = ++requests_](auto outcome) {
    // An instance that answers several may have kept this from an earlier one.
    if (number != requests_ || !answer_) return;
    if (!outcome) return answer_->fail(status_of(outcome.error()));
    body_ = outcome->body;
    // The length is then of a body that nobody sends (RFC 9110, 8.6).
    if (head || outcome->status == kNotModified) body_->length.reset();
    answer_->respond(std::move(*outcome));
  });
  watch_peer(*answer_);
  begin();
}

Status ComponentRun::run_guest() {
  if (!instance_) {
    TRY_ASSIGN(instance_,
               component::Instance::make(store(), app_.executable(), imports_, bindings_ ? &*bindings_ : nullptr));
    if (!bindings_) bindings_ = instance_->bindings();
    made_ = std::chrono::steady_clock::now();
  }
  if (trying()) return {};
  const component::FuncType& type = instance_->plan().funcs[app_.handle()].type;
  const component::Val args[] = {
      component::Val::handle(component::TypeKind::Own, type.params[0].type->resource, incoming_.request),
      component::Val::handle(component::TypeKind::Own, type.params[1].type->resource, incoming_.outparam)};
  TRY_ASSIGN(const auto nothing, instance_->call(app_.handle(), args));
  (void)nothing;
  return {};
}

void ComponentRun::answer(const Status& ended) {
  if (ended) return;
  const Error& error = ended.error();
  // As a process that ends with 0: it has done what it wanted.
  const bool left = error.code() == ErrorCode::program_exit && error.arg(0) == "0";
  const bool late = error.code() == ErrorCode::interrupted;
  if (!left && !given_up()) answer_->failed(error);
  answer_->fail(late ? kGatewayTimeout : left ? kBadGateway : kInternalError);
}

void ComponentRun::let_go() {
  instance_.reset();
  requests_ = 0;
  // Bodies that were left unfinished fail here, and an answer that was not given is told last.
  program_->reset();
  end_request();
}

bool ComponentRun::stay() {
  const Reuse& reuse = app_.options().reuse;
  if (requests_ >= reuse.requests || store().memory_bytes() > reuse.memory) return false;
  idle_since_ = std::chrono::steady_clock::now();
  if (reuse.age.count() != 0 && idle_since_ - made_ >= reuse.age) return false;
  end_request();
  return true;
}

bool ComponentRun::overdue(std::chrono::steady_clock::time_point now) const {
  const Reuse& reuse = app_.options().reuse;
  return now - idle_since_ >= reuse.idle || (reuse.age.count() != 0 && now - made_ >= reuse.age);
}

// Of an instance that has gone all of it has been told; one that stays may have forgotten something.
void ComponentRun::end_request() {
  // First: a connection may end with its body, and what stays is not interrupted for that.
  if (answer_) answer_->on_gone = {};
  if (body_) body_->fail({wasi::host::HttpErrorCode::InternalError, "the body was not finished", {}});
  if (request_body_) request_body_->abandon();
  answer_.reset();
  body_.reset();
  request_body_.reset();
}

}  // namespace ashlar::serve

// Running WASI programs for requests; see program_run.h.
#include "serve/program_run.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "serve/program_request.h"
#include "wasi/p1/host_func.h"

namespace ashlar::serve {

namespace {

constexpr uint16_t kBadRequest = 400, kInternalError = 500, kBadGateway = 502, kGatewayTimeout = 504;
constexpr unsigned kMostRedirects = 10;

}  // namespace

ProgramRun::ProgramRun(const ProgramApp& app, boost::asio::io_context& loop, Done done)
    : GuestRun(loop, app.module()->engine(), app.options(), std::move(done)), app_(app) {}

Result<std::unique_ptr<GuestRun>> ProgramRun::make(const ProgramApp& app, boost::asio::io_context& loop, Done done) {
  std::unique_ptr<ProgramRun> out(new ProgramRun(app, loop, std::move(done)));
  TRY(out->open_dirs());
  return out;
}

Status ProgramRun::open_dirs() {
  for (const ProgramGrants::Dir& dir : app_.grants().dirs) {
    auto handle = os::open_at(os::kWorkingDirectory, dir.host.c_str(), os::kOpenRead | os::kOpenDirectory);
    if (!handle) return make_error(ErrorCode::wasi_dir_failed, kNoOffset, dir.host, std::strerror(handle.error()));
    dirs_.push_back(std::move(*handle));
  }
  return {};
}

void ProgramRun::start(wasi::host::HttpRequest request, std::shared_ptr<http::Answer> answer) {
  request_ = std::move(request);
  answer_ = std::move(answer);
  redirects_ = 0;
  begin_request(false);
}

void ProgramRun::begin_request(bool further) {
  request_.body->on_data = [this] { wake(); };
  watch_peer(*answer_);
  begin(further);
}

// ---- on the fiber

Status ProgramRun::run_guest() {
  TRY(open_context());
  if (refused_) return {};
  std::vector<runtime::Extern> imports;
  imports.reserve(app_.imports().size());
  for (const ProgramApp::Import& import : app_.imports()) {
    auto func = wasi::p1::host_func(*import.entry, *context_);
    imports.push_back(runtime::Extern::of(store().new_host_func(import.type, std::move(func))));
  }
  TRY_ASSIGN(runtime::Instance * instance, store().instantiate(app_.module(), imports));
  if (trying()) return {};
  std::vector<runtime::Value> none;
  return store().call(instance->export_at(app_.start()).func, {}, none);
}

Status ProgramRun::open_context() {
  wasi::p1::Context::Builder builder;
  builder.arg(app_.grants().name).stdio(STDERR_FILENO, os::Fd::borrow(app_.grants().log_handle)).waiter(this);
  for (const auto& [name, value] : app_.grants().env) builder.env(name, value);
  for (size_t i = 0; i < dirs_.size(); ++i) {
    const ProgramGrants::Dir& dir = app_.grants().dirs[i];
    builder.preopen_dir(os::Fd::borrow(dirs_[i].raw()), dir.guest, dir.read_only);
  }
  if (!trying()) TRY(open_streams(builder));
  TRY_ASSIGN(context_, builder.build());
  return {};
}

Status ProgramRun::open_streams(wasi::p1::Context::Builder& builder) {
  TRY_ASSIGN(const std::optional<uint64_t> length, body_length());
  std::string head;
  switch (app_.style()) {
    case ProgramStyle::Cgi: {
      const auto variables = cgi_variables(request_, length);
      refused_ = !variables;
      if (refused_) return {};
      for (const auto& [name, value] : *variables) builder.env(name, value);
      break;
    }
    case ProgramStyle::Raw:
      head = request_head(request_, length);
      break;
  }
  ProgramOutput::Events events;
  events.respond = [this](wasi::host::HttpResponse response) { answer_->respond(std::move(response)); };
  events.redirect = [this](std::string path) { redirect_ = std::move(path); };
  events.on_room = [this] { wake(); };
  output_ = std::make_shared<ProgramOutput>(request_.method == "HEAD", std::move(events));
  builder.stdio(STDIN_FILENO, std::make_shared<ProgramInput>(std::move(head), request_.body));
  builder.stdio(STDOUT_FILENO, output_);
  return {};
}

// Programs can be told a length, and hardly that there is none: a body that fits is waited for.
Result<std::optional<uint64_t>> ProgramRun::body_length() {
  const wasi::host::HttpBody& body = *request_.body;
  if (body.length) return body.length;
  while (!body.finished() && body.room() != 0) TRY(wait({}, std::nullopt));
  if (body.finished()) return std::optional<uint64_t>(body.buffered());
  return std::optional<uint64_t>();
}

// ---- its end

void ProgramRun::answer(const Status& ended) {
  std::string redirect = std::exchange(redirect_, {});
  if (refused_) return answer_->fail(kBadRequest);
  const bool exited = !ended && ended.error().code() == ErrorCode::program_exit;
  const bool by_itself = ended || exited;
  if (output_) output_->end(by_itself);
  if (output_ && !output_->malformed().empty()) {
    tell(Error(ErrorCode::response_malformed, kNoOffset, output_->malformed()));
    return answer_->fail(kBadGateway);
  }
  // Nothing of it is left to be answered.
  if (output_ && output_->unread()) return;
  if (!by_itself) {
    tell(ended.error());
    return answer_->fail(ended.error().code() == ErrorCode::interrupted ? kGatewayTimeout : kInternalError);
  }
  if (exited && ended.error().arg(0) != "0") tell(ended.error());
  check_response(std::move(redirect));
}

void ProgramRun::check_response(std::string redirect) {
  switch (output_->outcome()) {
    case ProgramOutput::Outcome::Nothing:
      tell(Error(ErrorCode::response_missing));
      return answer_->fail(kBadGateway);
    case ProgramOutput::Outcome::Half:
      tell(Error(ErrorCode::response_unfinished));
      return answer_->fail(kBadGateway);
    case ProgramOutput::Outcome::Whole:
      break;
  }
  if (redirect.empty()) return;
  if (redirects_ == kMostRedirects) {
    tell(Error(ErrorCode::too_many_redirects, kNoOffset, std::move(redirect)));
    return answer_->fail(kBadGateway);
  }
  redirect_ = std::move(redirect);
}

// RFC 3875, 6.2.2: the answer is that of a request for the path, without a body.
bool ProgramRun::begin_again() {
  if (redirect_.empty()) return false;
  ++redirects_;
  request_.path = std::exchange(redirect_, {});
  if (request_.method != "HEAD") request_.method = "GET";
  std::erase_if(request_.fields, [](const auto& f) {
    return wasi::host::equal_names(f.name, "content-length") || wasi::host::equal_names(f.name, "content-type");
  });
  request_.body = std::make_shared<wasi::host::HttpBody>();
  request_.body->end();
  begin_request(true);
  return true;
}

void ProgramRun::let_go() {
  context_.reset();
  output_.reset();
  refused_ = false;
  if (request_.body) {
    request_.body->on_data = {};
    request_.body->abandon();
  }
  if (!redirect_.empty()) return;
  request_ = {};
  if (answer_) answer_->on_gone = {};
  answer_.reset();
}

}  // namespace ashlar::serve

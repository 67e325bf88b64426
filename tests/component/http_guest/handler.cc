// An HTTP handler over the bindings of wasi:http/proxy: says what it was asked, in capital letters what it was sent,
// and gives the fields back in which it was asked to.
#include "proxy.h"

namespace types = proxy::wasi::http::types;

namespace {

std::string read_all(const types::IncomingRequest& request) {
  std::string out;
  auto body = request.consume();
  if (!body) return out;
  if (auto stream = body->stream()) {
    // Ends with the error "closed".
    while (auto part = stream->blocking_read(4096)) out.append(part->begin(), part->end());
  }
  return out;
}

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

void proxy::exports::wasi::http::incoming_handler::handle(types::IncomingRequest request, types::ResponseOutparam out) {
  std::string sent = read_all(request);
  for (char& c : sent) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const bool is_post = request.method().value.index() == types::Method::kPost;
  const std::string text =
      (is_post ? "post " : "other ") + request.path_with_query().value_or("nothing") + "\n" + sent + "\n";

  auto fields = types::new_fields();
  for (const auto& [name, value] : request.headers().entries()) {
    if (name.starts_with("x-back") && !fields.append(name, value)) __builtin_trap();
  }
  if (fields.append("not a name", bytes_of("x"))) __builtin_trap();
  if (!fields.append("content-type", bytes_of("text/plain"))) __builtin_trap();

  auto response = types::new_outgoing_response(std::move(fields));
  if (!response.set_status_code(is_post ? 201 : 200)) __builtin_trap();
  auto body = response.body();
  if (!body) __builtin_trap();
  types::response_outparam_set(std::move(out), std::move(response));
  {
    auto stream = body->write();
    if (!stream || !stream->blocking_write_and_flush(bytes_of(text))) __builtin_trap();
  }
  auto trailers = types::new_fields();
  if (!types::outgoing_body_finish(std::move(*body), std::move(trailers))) __builtin_trap();
}

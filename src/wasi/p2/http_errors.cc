// Error codes and methods of wasi:http from and to the host's.
#include <type_traits>
#include <utility>

#include "wasi/p2/http.h"

namespace ashlar::wasi::p2 {

namespace {

using http::types::DNSErrorPayload;
using http::types::ErrorCode;
using http::types::FieldSizePayload;
using http::types::Method;
using http::types::TLSAlertReceivedPayload;
using Payload = decltype(ErrorCode::value);

std::optional<std::string> text_of(const host::HttpError& e) {
  return e.text.empty() ? std::nullopt : std::optional(e.text);
}
std::optional<uint32_t> size_of(const host::HttpError& e) {
  return e.number ? std::optional(static_cast<uint32_t>(*e.number)) : std::nullopt;
}

void fill(Nothing&, const host::HttpError&) {}
void fill(std::optional<std::string>& out, const host::HttpError& e) { out = text_of(e); }
void fill(std::optional<uint64_t>& out, const host::HttpError& e) { out = e.number; }
void fill(std::optional<uint32_t>& out, const host::HttpError& e) { out = size_of(e); }
void fill(DNSErrorPayload& out, const host::HttpError& e) { out.rcode = text_of(e); }
void fill(TLSAlertReceivedPayload& out, const host::HttpError& e) { out.alert_message = text_of(e); }
void fill(FieldSizePayload& out, const host::HttpError& e) { out = {text_of(e), size_of(e)}; }
void fill(std::optional<FieldSizePayload>& out, const host::HttpError& e) {
  if (e.number || !e.text.empty()) fill(out.emplace(), e);
}

void read(const Nothing&, host::HttpError&) {}
void read(const std::optional<std::string>& in, host::HttpError& e) { e.text = in.value_or(""); }
template <class Number>
  requires std::is_unsigned_v<Number>
void read(const std::optional<Number>& in, host::HttpError& e) {
  if (in) e.number = *in;
}
void read(const DNSErrorPayload& in, host::HttpError& e) { read(in.rcode, e); }
void read(const TLSAlertReceivedPayload& in, host::HttpError& e) { read(in.alert_message, e); }
void read(const FieldSizePayload& in, host::HttpError& e) {
  read(in.field_name, e);
  read(in.field_size, e);
}
void read(const std::optional<FieldSizePayload>& in, host::HttpError& e) {
  if (in) read(*in, e);
}

template <size_t... i>
void emplace_case(Payload& out, size_t index, const host::HttpError& e, std::index_sequence<i...>) {
  ((i == index ? fill(out.emplace<i>(), e) : void()), ...);
}

constexpr size_t kCases = std::variant_size_v<Payload>;
static_assert(static_cast<size_t>(host::HttpErrorCode::InternalError) == kCases - 1);
static_assert(static_cast<size_t>(host::HttpErrorCode::HttpResponseIncomplete) == ErrorCode::kHTTPResponseIncomplete);
static_assert(static_cast<size_t>(host::HttpErrorCode::TlsAlertReceived) == ErrorCode::kTLSAlertReceived);

}  // namespace

ErrorCode to_guest(const host::HttpError& error) {
  ErrorCode out;
  emplace_case(out.value, static_cast<size_t>(error.code), error, std::make_index_sequence<kCases>());
  return out;
}

host::HttpError from_guest(const ErrorCode& error) {
  host::HttpError out{static_cast<host::HttpErrorCode>(error.value.index()), {}, {}};
  std::visit([&](const auto& payload) { read(payload, out); }, error.value);
  return out;
}

std::string describe(const host::HttpError& error) {
  std::string out = ErrorCode::cases[static_cast<size_t>(error.code)];
  if (!error.text.empty()) out += ": " + error.text;
  if (error.number) out += " (" + std::to_string(*error.number) + ")";
  return out;
}

Method to_guest_method(const std::string& method) {
  Method out;
  const auto name = [](std::string_view label) {
    std::string upper(label);
    for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
    return upper;
  };
  const auto try_case = [&]<size_t i>(std::integral_constant<size_t, i>) {
    if constexpr (i < Method::kOther) {
      if (name(Method::cases[i]) == method) out.value.emplace<i>();
    }
  };
  out.value.emplace<Method::kOther>(method);
  [&]<size_t... i>(std::index_sequence<i...>) {
    (try_case(std::integral_constant<size_t, i>()), ...);
  }(std::make_index_sequence<Method::kOther>());
  return out;
}

}  // namespace ashlar::wasi::p2

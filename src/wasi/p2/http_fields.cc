// wasi:http/types: fields.
#include <algorithm>

#include "wasi/p2/http.h"

namespace ashlar::wasi::p2 {

namespace {

using host::HttpField;
using host::HttpFields;
using http::types::HeaderError;

template <HeaderError::Case which>
std::unexpected<HeaderError> refused() {
  HeaderError out;
  out.value.emplace<which>();
  return std::unexpected(std::move(out));
}

std::string to_text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }
std::vector<uint8_t> to_bytes(const std::string& text) { return {text.begin(), text.end()}; }

/// What a guest may set at all.
std::expected<void, HeaderError> check_name(const std::string& name) {
  if (!host::is_http_token(name)) return refused<HeaderError::kInvalidSyntax>();
  if (host::is_connection_field(name)) return refused<HeaderError::kForbidden>();
  return {};
}

size_t bytes_of(const HttpFields& fields) {
  size_t out = 0;
  for (const HttpField& f : fields) out += f.name.size() + f.value.size();
  return out;
}

/// There is no case for it in header-error.
Status check_size(const HttpFields& fields) {
  const size_t size = bytes_of(fields);
  if (size <= kMaxHttpFieldBytes) return {};
  return make_error(ashlar::ErrorCode::component_trap, kNoOffset,
                    "wasi:http/types: fields of " + std::to_string(size) + " bytes, of at most " +
                        std::to_string(kMaxHttpFieldBytes));
}

void erase(HttpFields& fields, const std::string& name) {
  std::erase_if(fields, [&](const HttpField& f) { return host::equal_names(f.name, name); });
}

}  // namespace

Result<Own<HttpHost::Fields>> HttpHost::new_fields() { return show(std::make_shared<HttpFieldsState>()); }

HttpHost::Outcome<Own<HttpHost::Fields>, HeaderError> HttpHost::fields_from_list(
    std::vector<std::tuple<FieldName, FieldValue>> entries) {
  using Out = std::expected<Own<Fields>, HeaderError>;
  auto made = std::make_shared<HttpFieldsState>();
  for (auto& [name, value] : entries) {
    if (auto fine = check_name(name); !fine) return Out(std::unexpected(fine.error()));
    std::string text = to_text(value);
    if (!host::is_http_field_value(text)) return Out(refused<HeaderError::kInvalidSyntax>());
    made->fields.push_back({std::move(name), std::move(text)});
  }
  TRY(check_size(made->fields));
  return Out(show(made));
}

Result<std::vector<HttpHost::FieldValue>> HttpHost::fields_get(Borrow<Fields> self, FieldName name) {
  std::vector<FieldValue> out;
  for (const HttpField& f : fields_[self.rep]->fields) {
    if (host::equal_names(f.name, name)) out.push_back(to_bytes(f.value));
  }
  return out;
}

Result<bool> HttpHost::fields_has(Borrow<Fields> self, FieldName name) {
  return host::find_field(fields_[self.rep]->fields, name) != nullptr;
}

HttpHost::Outcome<void, HeaderError> HttpHost::fields_set(Borrow<Fields> self, FieldName name,
                                                          std::vector<FieldValue> value) {
  using Out = std::expected<void, HeaderError>;
  HttpFieldsState& state = *fields_[self.rep];
  if (state.immutable) return Out(refused<HeaderError::kImmutable>());
  if (auto fine = check_name(name); !fine) return fine;
  HttpFields changed = state.fields;
  erase(changed, name);
  for (const FieldValue& v : value) {
    std::string text = to_text(v);
    if (!host::is_http_field_value(text)) return Out(refused<HeaderError::kInvalidSyntax>());
    changed.push_back({name, std::move(text)});
  }
  TRY(check_size(changed));
  state.fields = std::move(changed);
  return Out();
}

HttpHost::Outcome<void, HeaderError> HttpHost::fields_delete(Borrow<Fields> self, FieldName name) {
  HttpFieldsState& state = *fields_[self.rep];
  if (state.immutable) return std::expected<void, HeaderError>(refused<HeaderError::kImmutable>());
  if (auto fine = check_name(name); !fine) return fine;
  erase(state.fields, name);
  return std::expected<void, HeaderError>();
}

HttpHost::Outcome<void, HeaderError> HttpHost::fields_append(Borrow<Fields> self, FieldName name, FieldValue value) {
  using Out = std::expected<void, HeaderError>;
  HttpFieldsState& state = *fields_[self.rep];
  if (state.immutable) return Out(refused<HeaderError::kImmutable>());
  if (auto fine = check_name(name); !fine) return fine;
  std::string text = to_text(value);
  if (!host::is_http_field_value(text)) return Out(refused<HeaderError::kInvalidSyntax>());
  state.fields.push_back({std::move(name), std::move(text)});
  TRY(check_size(state.fields));
  return Out();
}

Result<std::vector<std::tuple<HttpHost::FieldName, HttpHost::FieldValue>>> HttpHost::fields_entries(
    Borrow<Fields> self) {
  std::vector<std::tuple<FieldName, FieldValue>> out;
  for (const HttpField& f : fields_[self.rep]->fields) out.emplace_back(f.name, to_bytes(f.value));
  return out;
}

Result<Own<HttpHost::Fields>> HttpHost::fields_clone(Borrow<Fields> self) {
  auto copy = std::make_shared<HttpFieldsState>(*fields_[self.rep]);
  copy->immutable = false;
  return show(copy);
}

SharedHttpFields HttpHost::take_fields(uint32_t rep) {
  SharedHttpFields out = std::move(fields_[rep]);
  fields_.drop(rep);
  // Whoever shared them as a child of another message keeps what it sees.
  if (!out->immutable) out->immutable = true;
  return out;
}

}  // namespace ashlar::wasi::p2

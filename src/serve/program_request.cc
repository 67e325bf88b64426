// Requests for programs; see program_request.h.
#include "serve/program_request.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <string_view>

namespace ashlar::serve {

using wasi::host::equal_names;
using wasi::host::Errno;
using wasi::host::HostResult;
using wasi::host::HttpField;

namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Escapes that are none stay what they are.
std::string unescaped(std::string_view text) {
  constexpr int kHexadecimal = 16;
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, kHexadecimal).ptr == digits + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// The port behind a host, without the colon; empty without.
std::string_view port_of(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  return colon == authority.npos || authority.substr(colon).contains(']') ? std::string_view()
                                                                          : authority.substr(colon + 1);
}

/// Without its port, and brackets around an address.
std::string_view host_of(std::string_view authority) {
  const std::string_view port = port_of(authority);
  if (!port.empty() || authority.ends_with(':')) authority.remove_suffix(port.size() + 1);
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  return authority;
}

/// HTTP_NAME; empty for a field that becomes no variable: those that have one of their own; "proxy", which programs
/// would take for the address of one; and names in which other characters would look like what they are not.
std::string variable_of(std::string_view name) {
  for (std::string_view other : {"content-type", "content-length", "host", "proxy"}) {
    if (equal_names(name, other)) return {};
  }
  std::string out = "HTTP_";
  for (char c : name) {
    const bool small = c >= 'a' && c <= 'z';
    if (c != '-' && !small && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) return {};
    out += c == '-' ? '_' : small ? static_cast<char>(c - ('a' - 'A')) : c;
  }
  return out;
}

/// Several fields of a name are one variable, as they are one list.
void add_fields(Variables& out, const HttpRequest& request) {
  std::map<std::string, size_t> places;
  for (const HttpField& f : request.fields) {
    std::string name = variable_of(f.name);
    if (name.empty()) continue;
    const auto [known, added] = places.try_emplace(name, out.size());
    if (added) {
      out.emplace_back(std::move(name), f.value);
    } else {
      out[known->second].second += (name == "HTTP_COOKIE" ? "; " : ", ") + f.value;
    }
  }
}

}  // namespace

std::optional<Variables> cgi_variables(const HttpRequest& request, std::optional<uint64_t> length) {
  const std::string& path = request.path;
  const size_t question = std::min(path.find('?'), path.size());
  const bool secure = request.scheme == "https";
  const std::string_view served = request.authority.empty() ? std::string_view(request.local) : request.authority;
  std::string_view port = port_of(served);
  if (port.empty()) port = secure ? "443" : "80";
  Variables out;
  const auto add = [&](std::string name, std::string_view value) { out.emplace_back(std::move(name), value); };
  add("GATEWAY_INTERFACE", "CGI/1.1");
  add("SERVER_SOFTWARE", "ashlar");
  add("SERVER_PROTOCOL", "HTTP/1.1");
  add("SERVER_NAME", host_of(served));
  add("SERVER_PORT", port);
  add("REQUEST_METHOD", request.method);
  add("REQUEST_SCHEME", request.scheme);
  add("REQUEST_URI", path);
  add("SCRIPT_NAME", "");
  add("PATH_INFO", unescaped(std::string_view(path).substr(0, question)));
  add("QUERY_STRING", std::string_view(path).substr(std::min(question + 1, path.size())));
  add("REMOTE_ADDR", host_of(request.remote));
  add("REMOTE_HOST", host_of(request.remote));
  add("REMOTE_PORT", port_of(request.remote));
  if (secure) add("HTTPS", "on");
  if (!request.authority.empty()) add("HTTP_HOST", request.authority);
  if (length && (*length != 0 || wasi::host::find_field(request.fields, "content-length") != nullptr)) {
    add("CONTENT_LENGTH", std::to_string(*length));
  }
  if (const std::string* type = wasi::host::find_field(request.fields, "content-type")) add("CONTENT_TYPE", *type);
  add_fields(out, request);
  for (const auto& [name, value] : out) {
    if (value.contains('\0')) return std::nullopt;
  }
  return out;
}

std::string request_head(const HttpRequest& request, std::optional<uint64_t> length) {
  std::string out = request.method + " " + request.path + " HTTP/1.1\r\n";
  const auto add = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  if (!request.authority.empty()) add("host", request.authority);
  for (const HttpField& f : request.fields) {
    // What is expected has been answered.
    if (!equal_names(f.name, "content-length") && !equal_names(f.name, "expect")) add(f.name, f.value);
  }
  if (length && (*length != 0 || wasi::host::find_field(request.fields, "content-length") != nullptr)) {
    add("content-length", std::to_string(*length));
  }
  return out += "\r\n";
}

bool ProgramInput::ready() const { return taken_ < head_.size() || body_->buffered() != 0 || body_->finished(); }

HostResult<size_t> ProgramInput::transfer(std::span<const os::Buffer> buffers) {
  size_t moved = 0, wanted = 0;
  for (const os::Buffer& b : buffers) {
    wanted += b.size;
    auto* to = static_cast<uint8_t*>(b.data);
    size_t left = b.size;
    const size_t of_head = std::min(left, head_.size() - taken_);
    if (of_head != 0) std::memcpy(to, head_.data() + taken_, of_head);
    taken_ += of_head;
    left -= of_head;
    const size_t of_body = std::min(left, body_->buffered());
    if (of_body != 0) {
      std::memcpy(to + of_head, body_->peek().data(), of_body);
      body_->consume(of_body);
    }
    moved += of_head + of_body;
  }
  if (moved != 0 || wanted == 0) return moved;
  if (body_->error()) return wasi::host::fail(Errno::io);
  if (body_->finished()) return 0;
  return wasi::host::fail(Errno::again);
}

}  // namespace ashlar::serve

// Reading heads line by line; see program_head.h.
#include "serve/program_head.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "wasi/host/http.h"

namespace ashlar::serve {

using wasi::host::equal_names;

namespace {

using Wrong = std::unexpected<std::string>;

std::string_view trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// Of "404" and "404 Not Found": the words are the server's.
std::optional<unsigned> status_of(std::string_view text) {
  constexpr size_t kDigits = 3;
  constexpr unsigned kFirstFinal = 200;
  unsigned out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + std::min(kDigits, text.size()), out);
  if (failed != std::errc() || end != text.data() + kDigits || out < kFirstFinal) return std::nullopt;
  if (text.size() > kDigits && text[kDigits] != ' ') return std::nullopt;
  return out;
}

/// A head's lines without their ends, the last of which is empty.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::string_view next() {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

 private:
  std::string_view rest_;
};

/// What has been read so far.
struct Reader {
  std::string status_line;  ///< of one that has it
  std::optional<unsigned> status;
  std::string_view location;
  std::string fields;
  size_t count = 0;
  bool has_length = false;

  std::expected<void, std::string> read_status_line(std::string_view line) {
    // "HTTP/1.1 404 Not Found"; some write "HTTP/2 404".
    const size_t space = std::min(line.find(' '), line.size());
    status = status_of(trimmed(line.substr(space)));
    if (!status) return Wrong("its status line has no final status");
    const bool old = line.substr(0, space) == "HTTP/1.0";
    status_line = (old ? "HTTP/1.0 " : "HTTP/1.1 ") + std::to_string(*status) + " \r\n";
    return {};
  }

  std::expected<void, std::string> read_field(std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == line.npos) return Wrong("a line of its header has no colon");
    const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (!wasi::host::is_http_token(name)) return Wrong("the name of a field is none");
    if (!wasi::host::is_http_field_value(value)) return Wrong("the value of a field has a control character");
    ++count;
    if (status_line.empty() && equal_names(name, "status")) {
      if (status) return Wrong("it has several fields Status");
      status = status_of(value);
      if (!status) return Wrong("its field Status has no final status");
      return {};
    }
    if (equal_names(name, "location")) location = value;
    has_length = has_length || equal_names(name, "content-length");
    fields.append(name).append(": ").append(value).append("\r\n");
    return {};
  }
};

}  // namespace

size_t end_of_head(std::string_view output, size_t from) {
  for (size_t at = output.find('\n', from); at != output.npos; at = output.find('\n', at + 1)) {
    size_t line = at;
    if (line != 0 && output[line - 1] == '\r') --line;
    // An empty line: nothing stands before its end.
    if (line == 0 || output[line - 1] == '\n') return at + 1;
  }
  return output.npos;
}

std::expected<ProgramHead, std::string> read_program_head(std::string_view head) {
  constexpr unsigned kOk = 200, kFound = 302;
  Lines lines(head);
  Reader reader;
  std::string_view line = lines.next();
  const bool raw = line.starts_with("HTTP/");
  if (raw) {
    if (auto fine = reader.read_status_line(line); !fine) return Wrong(std::move(fine).error());
    line = lines.next();
  } else if (line.empty()) {
    return Wrong("it has no header");
  }
  for (; !line.empty(); line = lines.next()) {
    if (auto fine = reader.read_field(line); !fine) return Wrong(std::move(fine).error());
  }
  ProgramHead out;
  out.has_length = reader.has_length;
  if (!raw) {
    const bool moved = !reader.location.empty();
    const bool local = reader.location.starts_with('/') && wasi::host::is_http_path(reader.location);
    if (local && reader.count == 1 && !reader.status) out.redirect = reader.location;
    reader.status_line = "HTTP/1.1 " + std::to_string(reader.status.value_or(moved ? kFound : kOk)) + " \r\n";
  }
  out.text = reader.status_line + reader.fields + "\r\n";
  return out;
}

}  // namespace ashlar::serve

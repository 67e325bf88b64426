// Names of compiled functions.
#include "inspect/functions.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <unordered_map>

namespace ashlar::inspect {

namespace {

/// Files of symbols have one a line: bytes that would end it, or that terminals obey, become \hh.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "\\%02x", byte);
    out += escaped;
  }
  return out;
}

/// runtime::func_name for all functions of a module, which may have many exports.
class Names {
 public:
  explicit Names(const module::Module& m) : names_(m.debug_names()), count_(m.funcs.size()) {
    for (const module::Export& e : m.exports) {
      if (e.kind == module::ExternKind::Func) exports_.emplace(e.index, e.name);
    }
  }

  std::string of(uint32_t func) const {
    if (func >= count_) return "shared code";
    if (const auto found = names_.funcs.find(func); found != names_.funcs.end() && !found->second.empty()) {
      return one_line(found->second);
    }
    if (const auto found = exports_.find(func); found != exports_.end() && !found->second.empty()) {
      return one_line(found->second);
    }
    return "func[" + std::to_string(func) + "]";
  }

 private:
  const module::NameMap& names_;
  size_t count_;
  std::unordered_map<uint32_t, std::string_view> exports_;  ///< the first of each function
};

std::string loop_mark(uint32_t wasm) {
  char mark[32];
  std::snprintf(mark, sizeof mark, " [loop at %#x]", wasm);
  return mark;
}

}  // namespace

std::vector<Function> functions_of(const native::Image& image, const module::Module& m) {
  const Names names(m);
  std::unordered_map<uint32_t, uint32_t> loops;  // entry to wasm offset
  for (const native::LoopRow& loop : image.loops()) loops.emplace(loop.entry, loop.wasm);
  std::vector<Function> out;
  out.reserve(image.frames().size());
  uint32_t end = 0;
  for (const native::FrameRow& row : image.frames()) {
    // A cache's artifacts are not checked row by row.
    if (row.begin < end || row.end <= row.begin || row.end > image.text_size()) continue;
    end = row.end;
    std::string name = names.of(row.func);
    if (const auto loop = loops.find(row.begin); loop != loops.end()) name += loop_mark(loop->second);
    out.push_back({&row, {image.code() + row.begin, row.end - row.begin}, std::move(name)});
  }
  return out;
}

std::string qualifier_of(const module::Module& m) {
  const std::string_view name = m.debug_names().module;
  return name.empty() ? std::string() : one_line(name) + '!';
}

}  // namespace ashlar::inspect

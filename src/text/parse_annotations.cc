// Annotations that we know: custom sections, branch hints, and the printer's own marks.
#include <algorithm>

#include "base/utf8.h"
#include "text/name_section.h"
#include "text/parser.h"

namespace ashlar::text {
namespace {

struct SectionName {
  std::string_view name;
  uint8_t id;
};
// In the order of the binary; "before" a section is after the one in front of it.
constexpr SectionName kSections[] = {{"first", 0},  {"type", 1},       {"import", 2}, {"func", 3},   {"table", 4},
                                     {"memory", 5}, {"tag", 13},       {"global", 6}, {"export", 7}, {"start", 8},
                                     {"elem", 9},   {"datacount", 12}, {"code", 10},  {"data", 11}};
constexpr uint8_t kLastSection = 11;
constexpr uint8_t kBeforeCode = 12;

}  // namespace

Status Parser::parse_module_annotation() {
  const uint32_t offset = cur_.offset;
  const std::string_view id = cur_.text;
  if (id == "custom") return parse_custom();
  if (id == "ashlar.datacount" || id == "ashlar.names") {
    TRY(annotation_tokens());
    if (id == "ashlar.datacount") {
      force_data_count_ = true;
    } else {
      names_place_ = module_->customs.size();
    }
    return {};
  }
  if (id == kBranchHintSection) return fail(offset, ErrorCode::text_annotation, std::string(id), "not in a function");
  return unexpected(cur_);
}

void Parser::add_custom(std::string_view name, std::span<const uint8_t> contents, uint8_t after_section) {
  const uint32_t offset = static_cast<uint32_t>(out_.size());
  out_.insert(out_.end(), contents.begin(), contents.end());
  module_->customs.push_back({name, offset, static_cast<uint32_t>(contents.size()), after_section, 0});
}

// (@custom "name" (before|after section)? "contents"*)
Status Parser::parse_custom() {
  const uint32_t offset = cur_.offset;
  const auto problem = [&](const char* what) { return fail(offset, ErrorCode::text_annotation, "custom", what); };
  TRY_ASSIGN(const std::vector<Token> body, annotation_tokens());
  if (body.empty() || !body[0].is(TokenKind::String)) return problem("missing section name");
  std::string name = decode_string(body[0].text);
  if (!base::is_utf8(name)) return problem("malformed UTF-8 encoding");
  size_t at = 1;
  uint8_t after = kLastSection;
  if (at < body.size() && body[at].is(TokenKind::LParen)) {
    const bool has_relation = body.size() > at + 1 && body[at + 1].is(TokenKind::Keyword);
    const bool before = has_relation && body[at + 1].text == "before";
    if (!before && (!has_relation || body[at + 1].text != "after")) return problem("malformed placement");
    const std::string_view section =
        body.size() > at + 2 && body[at + 2].is(TokenKind::Keyword) ? body[at + 2].text : std::string_view();
    size_t row = 0;
    while (row < std::size(kSections) && kSections[row].name != section) ++row;
    const bool is_last = section == "last" && !before;
    const bool is_first = row == 0;
    if ((row == std::size(kSections) && !is_last) || (is_first && !before)) return problem("malformed section kind");
    after = is_last ? kLastSection : kSections[before && !is_first ? row - 1 : row].id;
    if (body.size() <= at + 3 || !body[at + 3].is(TokenKind::RParen)) return problem("unexpected token");
    at += 4;
  }
  std::string contents;
  for (; at < body.size(); ++at) {
    if (!body[at].is(TokenKind::String)) return problem("unexpected token");
    contents += decode_string(body[at].text);
  }
  has_name_custom_ |= name == kNameSection;
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(contents.data()), contents.size());
  add_custom(intern(std::move(name)), bytes, after);
  return {};
}

// Before an instruction: (@metadata.code.branch_hint "\00"), or "\01" for taken
Status Parser::parse_branch_hint() {
  const uint32_t offset = cur_.offset;
  if (cur_.text != kBranchHintSection) return unexpected(cur_);
  const auto problem = [&](const char* what) {
    return fail(offset, ErrorCode::text_annotation, std::string(kBranchHintSection), what);
  };
  if (!func_) return problem("not in a function");
  if (hint_ >= 0) return problem("duplicate annotation");
  TRY_ASSIGN(const std::vector<Token> body, annotation_tokens());
  const std::string value = body.size() == 1 && body[0].is(TokenKind::String) ? decode_string(body[0].text) : "";
  if (value.size() != 1 || (value[0] != 0 && value[0] != 1)) return problem("invalid hint");
  hint_ = static_cast<int8_t>(value[0]);
  hint_offset_ = offset;
  return {};
}

// Sections that other syntax stands for: branch hints in front of the code, names behind everything else.
void Parser::finish_customs() {
  if (!module_->branch_hints.empty()) {
    add_custom(kBranchHintSection, encode_branch_hints(module_->branch_hints), kBeforeCode);
  }
  if (is_empty(module_->names) || has_name_custom_) return;
  add_custom(kNameSection, encode_names(module_->names), kLastSection);
  if (names_place_ && *names_place_ < module_->customs.size()) {
    const auto place = module_->customs.begin() + static_cast<std::ptrdiff_t>(*names_place_);
    std::rotate(place, module_->customs.end() - 1, module_->customs.end());
  }
}

}  // namespace ashlar::text

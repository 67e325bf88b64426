// The parser's entry points, names of definitions, and source maps.
#include "text/parser.h"

#include <algorithm>

#include "binary/encode.h"

namespace ashlar::text {

Parser::Parser(const Source& source, const ParseOptions& options)
    : TypeParser(source), options_(options), module_(std::make_unique<Module>()), out_(storage_->bytes) {}

Result<std::unique_ptr<Module>> Parser::parse() {
  if (source_.text.size() > kMaxSourceBytes) {
    return make_error(ErrorCode::text_too_large, kNoOffset, std::to_string(source_.text.size()),
                      std::to_string(kMaxSourceBytes));
  }
  if (options_.source_map != nullptr) options_.source_map->reset(LineTable(source_));
  TRY(parse_top());
  return finish();
}

void Parser::add_name(module::NameMap::Names& names, uint32_t index, const Token& id,
                      std::optional<std::string_view> annotation) {
  if (annotation) {
    names[index] = *annotation;
  } else if (options_.debug_names && id.is(TokenKind::Id)) {
    names[index] = intern(std::string(id_text(id)));
  }
}

Status Parser::parse_definition_id(module::NameMap::Names& names, uint32_t index) {
  const Token id = cur_;
  if (at(TokenKind::Id)) TRY(advance());
  TRY_ASSIGN(const std::optional<std::string_view> annotation, parse_name_annotation());
  add_name(names, index, id, annotation);
  return {};
}

// --- Entry points. ---

Result<std::unique_ptr<Module>> parse_module(std::string_view source, const ParseOptions& options) {
  return Parser(Source{source, options.origin}, options).parse();
}

Result<std::vector<uint8_t>> parse_to_binary(std::string_view source, const ParseOptions& options) {
  TRY_ASSIGN(const std::unique_ptr<Module> parsed, parse_module(source, options));
  return binary::encode(*parsed);
}

// --- Source map. ---

void SourceMap::reset(LineTable lines) {
  entries_.clear();
  lines_ = std::move(lines);
}

void SourceMap::add(module::FuncIdx func, uint32_t body_offset, uint32_t source_offset) {
  entries_.push_back({func, body_offset, source_offset});
}

Position SourceMap::find(module::FuncIdx func, uint32_t body_offset) const {
  const auto after = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.func < func || (entry.func == func && entry.body_offset <= body_offset);
  });
  if (after == entries_.begin() || (after - 1)->func != func) return {};
  return lines_.position((after - 1)->source_offset);
}

}  // namespace ashlar::text

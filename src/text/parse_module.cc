// Pass three: module fields in order.
#include <limits>

#include "base/leb128.h"
#include "base/utf8.h"
#include "binary/decode.h"
#include "text/numbers.h"
#include "text/parser.h"

namespace ashlar::text {
namespace {

using module::ConstExpr;
using module::Data;
using module::Elem;
using module::ExternKind;
using module::SegmentMode;

constexpr uint8_t kEnd = 0x0b;

}  // namespace

Status Parser::parse_top() {
  lexer_.report_annotations(options_.annotations);
  TRY(seek(0));
  const bool has_parens = at_open("module");
  if (has_parens) {
    TRY(enter("module"));
    const Token id = cur_;
    if (at(TokenKind::Id)) TRY(advance());
    TRY_ASSIGN(const std::optional<std::string_view> name, parse_name_annotation());
    const bool has_second = name && at(TokenKind::Annotation) && cur_.text == "name";
    if (has_second) return fail(cur_.offset, ErrorCode::text_annotation, "name", "multiple module names");
    if (name) {
      module_->names.module = *name;
    } else if (options_.debug_names && id.is(TokenKind::Id)) {
      module_->names.module = intern(std::string(id_text(id)));
    }
    if (cur_.is_keyword("binary") || cur_.is_keyword("quote")) {
      TRY(parse_module_of_strings(cur_.is_keyword("binary")));
      return at(TokenKind::Eof) ? Status() : unexpected(cur_);
    }
    fields_begin_ = cur_.offset;
  } else if (options_.module_name) {
    module_->names.module = intern(std::string(*options_.module_name));
  }
  TRY(scan_fields());
  if (has_parens) TRY(expect(TokenKind::RParen));
  if (!at(TokenKind::Eof)) return unexpected(cur_);
  TRY(parse_type_fields());
  TRY(seek(fields_begin_));
  return parse_fields();
}

Status Parser::parse_module_of_strings(bool binary) {
  const uint32_t offset = cur_.offset;
  TRY(advance());
  TRY_ASSIGN(const std::string contents, parse_strings());
  TRY(expect(TokenKind::RParen));
  if (binary) {
    binary::DecodeOptions all;
    all.features = isa::Features::all();
    TRY_ASSIGN(module_, binary::decode(std::vector<uint8_t>(contents.begin(), contents.end()), all));
    return {};
  }
  ParseOptions inner = options_;
  inner.source_map = nullptr;
  inner.origin = {1, 1};
  Result<std::unique_ptr<Module>> parsed = parse_module(contents, inner);
  if (!parsed) {
    // Positions inside the string mean little in the file: the module's own is given.
    const Position where = source_.position(offset);
    return std::unexpected(std::move(parsed.error()).at_line(where.line, where.column));
  }
  module_ = std::move(*parsed);
  return {};
}

Status Parser::parse_fields() {
  for (;;) {
    if (at(TokenKind::Annotation)) {
      TRY(parse_module_annotation());
    } else if (at(TokenKind::LParen)) {
      TRY(parse_field());
    } else {
      return {};  // pass one has seen what follows
    }
  }
}

Status Parser::parse_field() {
  const std::string_view keyword = nxt_.text;
  if (keyword == "func") return parse_func();
  if (keyword == "type" || keyword == "rec") return skip_type_field();
  if (keyword == "global") return parse_global();
  if (keyword == "data") return parse_data();
  if (keyword == "elem") return parse_elem();
  if (keyword == "export") return parse_export();
  if (keyword == "import") return parse_import();
  if (keyword == "table") return parse_table();
  if (keyword == "memory") return parse_memory();
  if (keyword == "tag") return parse_tag();
  if (keyword == "start") return parse_start();
  return unexpected(nxt_, "a module field");
}

// Pass two has read it. Annotations inside must not come out as tokens, those behind it must.
Status Parser::skip_type_field() {
  lexer_.report_annotations(false);
  TRY(seek(cur_.offset));
  size_t depth = 0;
  do {
    if (at(TokenKind::LParen)) ++depth;
    if (at(TokenKind::RParen)) --depth;
    if (depth > 0) TRY(advance());
  } while (depth > 0);
  lexer_.report_annotations(options_.annotations);
  return seek(cur_.offset + 1);
}

// --- Imports and exports. ---

Status Parser::parse_inline_exports(ExternKind kind, uint32_t index) {
  while (at_open("export")) {
    TRY(enter("export"));
    TRY_ASSIGN(const std::string_view name, parse_name());
    module_->exports.push_back({name, kind, index});
    TRY(expect(TokenKind::RParen));
  }
  return {};
}

Result<std::optional<Parser::InlineImport>> Parser::parse_inline_import() {
  if (!at_open("import")) return std::optional<InlineImport>();
  TRY(enter("import"));
  InlineImport out;
  TRY_ASSIGN(out.module, parse_name());
  TRY_ASSIGN(out.name, parse_name());
  TRY(expect(TokenKind::RParen));
  return std::optional<InlineImport>(out);
}

void Parser::add_import(const InlineImport& import, ExternKind kind, uint32_t index) {
  module_->imports.push_back({import.module, import.name, kind, index, 0});
}

Status Parser::parse_import() {
  TRY(enter("import"));
  InlineImport import;
  TRY_ASSIGN(import.module, parse_name());
  TRY_ASSIGN(import.name, parse_name());
  if (!at(TokenKind::LParen)) return unexpected(cur_, "(");
  TRY(advance());
  if (!at(TokenKind::Keyword)) return unexpected(cur_, "an import's kind");
  const std::string_view kind = cur_.text;
  const IdSpace* space = space_of(kind);
  if (space == nullptr || space == &elems_ || space == &datas_) return unexpected(cur_, "an import's kind");
  TRY(advance());
  TRY(space == &funcs_      ? parse_imported_func(import)
      : space == &tables_   ? parse_imported_table(import)
      : space == &memories_ ? parse_imported_memory(import)
      : space == &globals_  ? parse_imported_global(import)
                            : parse_imported_tag(import));
  TRY(expect(TokenKind::RParen));
  return expect(TokenKind::RParen);
}

Status Parser::parse_imported_func(const InlineImport& import) {
  const uint32_t index = static_cast<uint32_t>(module_->funcs.size());
  TRY(parse_definition_id(module_->names.funcs, index));
  TypeUse use;
  TRY(parse_type_use(use, ParamIds::Allowed));
  TRY(name_params(use, index));
  add_import(import, ExternKind::Func, index);
  module_->funcs.push_back({use.index, true});
  return {};
}

Status Parser::parse_imported_table(const InlineImport& import) {
  const uint32_t index = static_cast<uint32_t>(module_->tables.size());
  TRY(parse_definition_id(module_->names.tables, index));
  module::Table table;
  table.imported = true;
  TRY(parse_address_type(table.type.limits));
  TRY(parse_limits(table.type.limits));
  TRY_ASSIGN(table.type.elem, parse_ref_type());
  add_import(import, ExternKind::Table, index);
  module_->tables.push_back(std::move(table));
  return {};
}

Status Parser::parse_imported_memory(const InlineImport& import) {
  const uint32_t index = static_cast<uint32_t>(module_->memories.size());
  TRY(parse_definition_id(module_->names.memories, index));
  module::Memory memory;
  memory.imported = true;
  TRY(parse_address_type(memory.type.limits));
  TRY(parse_limits(memory.type.limits));
  TRY(parse_page_size(memory.type));
  add_import(import, ExternKind::Memory, index);
  module_->memories.push_back(memory);
  return {};
}

Status Parser::parse_imported_global(const InlineImport& import) {
  const uint32_t index = static_cast<uint32_t>(module_->globals.size());
  TRY(parse_definition_id(module_->names.globals, index));
  module::Global global;
  global.imported = true;
  TRY(parse_global_type(global.type));
  add_import(import, ExternKind::Global, index);
  module_->globals.push_back(std::move(global));
  return {};
}

Status Parser::parse_imported_tag(const InlineImport& import) {
  const uint32_t index = static_cast<uint32_t>(module_->tags.size());
  TRY(parse_definition_id(module_->names.tags, index));
  TypeUse use;
  TRY(parse_type_use(use, ParamIds::Allowed));
  add_import(import, ExternKind::Tag, index);
  module_->tags.push_back({{use.index}, true});
  return {};
}

Status Parser::parse_export() {
  TRY(enter("export"));
  module::Export out;
  TRY_ASSIGN(out.name, parse_name());
  if (!at(TokenKind::LParen)) return unexpected(cur_, "(");
  TRY(advance());
  IdSpace* space = at(TokenKind::Keyword) ? space_of(cur_.text) : nullptr;
  if (space == nullptr || space == &elems_ || space == &datas_) return unexpected(cur_, "an export's kind");
  out.kind = space == &funcs_      ? ExternKind::Func
             : space == &tables_   ? ExternKind::Table
             : space == &memories_ ? ExternKind::Memory
             : space == &globals_  ? ExternKind::Global
                                   : ExternKind::Tag;
  TRY(advance());
  TRY_ASSIGN(out.index, parse_index(*space));
  module_->exports.push_back(out);
  TRY(expect(TokenKind::RParen));
  return expect(TokenKind::RParen);
}

Status Parser::parse_start() {
  const uint32_t offset = cur_.offset;
  TRY(enter("start"));
  TRY_ASSIGN(const uint32_t index, parse_index(funcs_));
  if (module_->start) return fail(offset, ErrorCode::text_multiple_start);
  module_->start = index;
  return expect(TokenKind::RParen);
}

// --- Functions and tags. ---

Status Parser::name_params(const TypeUse& use, uint32_t func) {
  if (use.names.empty() && (!options_.debug_names || use.ids.empty())) return {};
  module::NameMap::Names& names = module_->names.locals[func];
  if (options_.debug_names) {
    for (const LocalId& id : use.ids) names[id.index] = intern(std::string(id.id));
  }
  for (const auto& [index, name] : use.names) names[index] = name;
  return {};
}

Status Parser::parse_func() {
  const uint32_t source_offset = cur_.offset;
  TRY(enter("func"));
  const uint32_t index = static_cast<uint32_t>(module_->funcs.size());
  TRY(parse_definition_id(module_->names.funcs, index));
  TRY(parse_inline_exports(ExternKind::Func, index));
  TRY_ASSIGN(const std::optional<InlineImport> import, parse_inline_import());
  TypeUse use;
  TRY(parse_type_use(use, ParamIds::Allowed));
  TRY(name_params(use, index));
  module_->funcs.push_back({use.index, import.has_value()});
  if (import) {
    add_import(*import, ExternKind::Func, index);
  } else {
    func_ = index;
    TRY(parse_func_body(use, source_offset));
    func_.reset();
  }
  return expect(TokenKind::RParen);
}

Status Parser::parse_func_body(const TypeUse& use, uint32_t source_offset) {
  // A map keeps its buckets when cleared: a huge one would make every later function slow.
  constexpr size_t kKeptBuckets = 512;
  if (locals_.ids.bucket_count() > kKeptBuckets) {
    locals_.ids = {};
  } else {
    locals_.ids.clear();
  }
  locals_.count = use.param_count;
  for (const LocalId& id : use.ids) {
    if (!locals_.ids.emplace(id.id, id.index).second) {
      return fail(id.offset, ErrorCode::text_duplicate_id, "local", std::string(id.id));
    }
  }
  label_count_ = 0;
  body_start_ = out_.size();
  if (options_.source_map != nullptr) options_.source_map->add(*func_, 0, source_offset);
  TRY(parse_locals());
  TRY(parse_instrs(ExprEnd::AtRParen));
  out_.push_back(kEnd);
  module::Func& func = module_->funcs.edit(module_->funcs.size() - 1);
  func.body_offset = static_cast<uint32_t>(body_start_);
  func.body_size = static_cast<uint32_t>(out_.size() - body_start_);
  return {};
}

// (local $x t) or (local t*), any number; written as runs of one type.
Status Parser::parse_locals() {
  std::vector<std::pair<uint32_t, ValType>> runs;
  const auto add = [&](ValType type) {
    if (runs.empty() || runs.back().second != type) runs.emplace_back(0, type);
    ++runs.back().first;
    ++locals_.count;
  };
  while (at_open("local")) {
    TRY(enter("local"));
    if (at(TokenKind::Id) || at(TokenKind::Annotation)) {
      const uint32_t index = locals_.count;
      const Token id = cur_;
      if (at(TokenKind::Id)) {
        TRY(bind(locals_, cur_, index));
        TRY(advance());
      }
      TRY_ASSIGN(const std::optional<std::string_view> annotation, parse_name_annotation());
      if (annotation || options_.debug_names) add_name(module_->names.locals[*func_], index, id, annotation);
      TRY_ASSIGN(const ValType type, parse_val_type());
      add(type);
    } else {
      while (!at(TokenKind::RParen)) {
        TRY_ASSIGN(const ValType type, parse_val_type());
        add(type);
      }
    }
    TRY(expect(TokenKind::RParen));
  }
  base::append_leb_u64(out_, runs.size());
  for (const auto& [count, type] : runs) {
    base::append_leb_u32(out_, count);
    append_val_type(out_, type);
  }
  return {};
}

Status Parser::parse_tag() {
  TRY(enter("tag"));
  const uint32_t index = static_cast<uint32_t>(module_->tags.size());
  TRY(parse_definition_id(module_->names.tags, index));
  TRY(parse_inline_exports(ExternKind::Tag, index));
  TRY_ASSIGN(const std::optional<InlineImport> import, parse_inline_import());
  TypeUse use;
  TRY(parse_type_use(use, ParamIds::Allowed));
  module_->tags.push_back({{use.index}, import.has_value()});
  if (import) add_import(*import, ExternKind::Tag, index);
  return expect(TokenKind::RParen);
}

// --- Globals, memories, tables. ---

Status Parser::parse_global() {
  TRY(enter("global"));
  const uint32_t index = static_cast<uint32_t>(module_->globals.size());
  TRY(parse_definition_id(module_->names.globals, index));
  TRY(parse_inline_exports(ExternKind::Global, index));
  TRY_ASSIGN(const std::optional<InlineImport> import, parse_inline_import());
  module::Global global;
  global.imported = import.has_value();
  TRY(parse_global_type(global.type));
  if (import) {
    add_import(*import, ExternKind::Global, index);
  } else {
    TRY(parse_const_expr(global.init, ExprEnd::AtRParen));
  }
  module_->globals.push_back(std::move(global));
  return expect(TokenKind::RParen);
}

Status Parser::parse_memory() {
  TRY(enter("memory"));
  const uint32_t index = static_cast<uint32_t>(module_->memories.size());
  TRY(parse_definition_id(module_->names.memories, index));
  TRY(parse_inline_exports(ExternKind::Memory, index));
  TRY_ASSIGN(const std::optional<InlineImport> import, parse_inline_import());
  module::Memory memory;
  memory.imported = import.has_value();
  TRY(parse_address_type(memory.type.limits));
  const bool has_limits = at(TokenKind::Nat);
  if (has_limits) TRY(parse_limits(memory.type.limits));
  TRY(parse_page_size(memory.type));
  if (import) {
    if (!has_limits) return unexpected(cur_, "limits");
    add_import(*import, ExternKind::Memory, index);
  } else if (!has_limits) {
    TRY(enter("data"));
    Data data{.mode = SegmentMode::Active, .memory = index, .offset = {}};
    make_zero_offset(data.offset, memory.type.limits.is64);
    TRY(parse_data_strings(data));
    TRY(expect(TokenKind::RParen));
    const uint64_t page = uint64_t{1} << memory.type.page_size_log2;
    memory.type.limits.min = data.bytes_size / page + (data.bytes_size % page != 0 ? 1 : 0);
    memory.type.limits.max = memory.type.limits.min;
    module_->datas.push_back(std::move(data));
  }
  module_->memories.push_back(memory);
  return expect(TokenKind::RParen);
}

Status Parser::parse_table() {
  TRY(enter("table"));
  const uint32_t index = static_cast<uint32_t>(module_->tables.size());
  TRY(parse_definition_id(module_->names.tables, index));
  TRY(parse_inline_exports(ExternKind::Table, index));
  TRY_ASSIGN(const std::optional<InlineImport> import, parse_inline_import());
  module::Table table;
  table.imported = import.has_value();
  TRY(parse_address_type(table.type.limits));
  if (import) {
    TRY(parse_limits(table.type.limits));
    TRY_ASSIGN(table.type.elem, parse_ref_type());
    add_import(*import, ExternKind::Table, index);
    module_->tables.push_back(std::move(table));
  } else {
    TRY(parse_table_definition(std::move(table), index));
  }
  return expect(TokenKind::RParen);
}

// limits reftype expr?, or reftype (elem ...)
Status Parser::parse_table_definition(module::Table table, uint32_t index) {
  const bool has_limits = at(TokenKind::Nat);
  if (has_limits) TRY(parse_limits(table.type.limits));
  TRY_ASSIGN(table.type.elem, parse_ref_type());
  if (has_limits) {
    if (!at(TokenKind::RParen)) TRY(parse_const_expr(table.init.emplace(), ExprEnd::AtRParen));
  } else {
    TRY(enter("elem"));
    Elem elem{
        .mode = SegmentMode::Active, .table = index, .offset = {}, .type = table.type.elem, .funcs = {}, .exprs = {}};
    make_zero_offset(elem.offset, table.type.limits.is64);
    const bool is_funcs = elem.type.heap() == HeapType(isa::AbsHeap::Func);
    if (is_funcs && (at_index() || at(TokenKind::RParen))) {
      elem.type = ValType::ref(isa::AbsHeap::Func);
      TRY(parse_func_indices(elem));
    } else {
      TRY(parse_elem_exprs(elem));
    }
    TRY(expect(TokenKind::RParen));
    table.type.limits.min = elem.size();
    table.type.limits.max = elem.size();
    module_->elems.push_back(std::move(elem));
  }
  module_->tables.push_back(std::move(table));
  return {};
}

// --- The module. ---

Result<std::unique_ptr<Module>> Parser::finish() {
  if (module_->storage != nullptr) return std::move(module_);  // given as strings
  finish_customs();
  if (out_.size() > std::numeric_limits<uint32_t>::max()) {
    return make_error(ErrorCode::text_output_too_large, kNoOffset, std::to_string(out_.size()));
  }
  Module& m = *module_;
  for (const module::Import& import : m.imports) {
    uint32_t* const counts[] = {&m.imported_funcs, &m.imported_tables, &m.imported_memories, &m.imported_globals,
                                &m.imported_tags};
    ++*counts[static_cast<size_t>(import.kind)];
  }
  if (uses_data_count_ || force_data_count_) m.data_count = static_cast<uint32_t>(m.datas.size());
  m.storage = storage_;
  m.bytes = storage_->bytes;
  return std::move(module_);
}

}  // namespace ashlar::text

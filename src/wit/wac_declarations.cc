// Declarations of .wac files; see wac_declarations.h.
#include "wit/wac_declarations.h"

#include <map>
#include <set>
#include <type_traits>
#include <utility>
#include <variant>

#include "wit/parser.h"

namespace ashlar::wit {

namespace {

class WacParser : public Parser {
 public:
  explicit WacParser(const SourceFile& file) : Parser(file) { func_types_.emplace_back(); }

  Result<WacDeclarations> run() {
    TRY(Lexer::check(file_));
    TRY(advance());
    TRY(package());
    composition_.name = {kCompositionWorld, 0};
    while (token_.kind != TokenKind::Eof) TRY(statement());
    add_function_types();
    TRY(give_types());
    out_.tree.main.worlds.push_back(std::move(composition_));
    out_.tree.types = std::move(types_);
    return std::move(out_);
  }

 private:
  Status package() {
    TRY_ASSIGN(ast::Head said, head());
    out_.tree.main.docs = std::move(said.docs);
    TRY(expect_word("package"));
    TRY_ASSIGN(out_.tree.main.id, package_id());
    return pass_over();
  }

  Status statement() {
    TRY_ASSIGN(ast::Head said, head());
    if (at_word("interface")) {
      TRY_ASSIGN(ast::Interface one, interface(std::move(said)));
      TRY(take(one.name));
      out_.tree.main.interfaces.push_back(std::move(one));
    } else if (at_word("world")) {
      TRY_ASSIGN(ast::World one, world(std::move(said)));
      TRY(take(one.name));
      out_.tree.main.worlds.push_back(std::move(one));
    } else if (at_word("import")) {
      return import(std::move(said));
    } else if (at_type_def()) {
      TRY_ASSIGN(const auto function, func_type_def());
      if (function) return take(*function);
      const size_t before = types_.size();
      TRY_ASSIGN(ast::TypeDef def, type_def(std::move(said)));
      if (def.kind == ast::DefKind::Resource) {
        return fail(def.name.at,
                    Error(ErrorCode::wac_rule, kNoOffset, "resource types stand in interfaces and worlds"));
      }
      TRY(take(def.name));
      file_types_.emplace(def.name.name, FileType{def, 1 + def.members.size() + types_.size() - before});
      composition_.items.emplace_back(std::move(def));
    } else if (at_word("let") || at_word("export")) {
      return pass_over();
    } else {
      return expected("'import', 'let', 'export', or the definition of an interface, a world or a type");
    }
    return {};
  }

  Status take(const ast::Id& id) {
    if (taken_.insert(id.name).second) return {};
    return fail(id.at, Error(ErrorCode::wac_rule, kNoOffset, "'" + std::string(id.name) + "' is defined twice"));
  }

  /// Behind the next ';' that is in no braces.
  Status pass_over() {
    size_t depth = 0;
    while (token_.kind != TokenKind::Eof) {
      const bool end = at(';') && depth == 0;
      if (at('{')) ++depth;
      if (at('}') && depth > 0) --depth;
      if (at('@')) TRY(lexer_.next_version(token_));
      TRY(advance());
      if (end) return {};
    }
    return {};
  }

  Status import(ast::Head said) {
    TRY(advance());
    WacImport out;
    TRY_ASSIGN(out.id, any_word());
    out.name = out.id.name;
    out.name_at = out.id.at;
    if (at_word("as")) {
      TRY(advance());
      out.name_at = token_.offset;
      out.name = token_.text;
      if (token_.kind != TokenKind::Word && token_.kind != TokenKind::String) return expected("a name");
      TRY(advance());
    }
    out.renamed = out.name_at != out.id.at;
    TRY(expect(':'));
    ast::Extern made;
    made.head = std::move(said);
    made.label = out.id;
    const uint32_t type_at = token_.offset;
    if (at_word("interface")) {
      ast::Interface inside;
      inside.name = out.id;
      TRY(advance());
      TRY(interface_body(inside));
      made.what = std::move(inside);
    } else if (at_word("func") || at_word("async")) {
      TRY_ASSIGN(made.what, func());
    } else {
      TRY_ASSIGN(const auto function, func_type_ref());
      if (function) {
        made.what = *function;
      } else {
        TRY_ASSIGN(out.path, use_path());
        made.label.reset();
        made.what = out.path;
        out.by_path = out.path.package.has_value();
        if (out.by_path && !out.renamed) {
          out.name = out.path.package->full().base() + "/" + std::string(out.path.name.name);
          if (out.path.package->version) out.name += "@" + out.path.package->version->str();
          out.name_at = type_at;
        }
      }
    }
    TRY(expect(';'));
    if (!names_.insert(out.name).second) {
      return fail(out.name_at, Error(ErrorCode::wac_rule, kNoOffset, "'" + out.name + "' is imported twice"));
    }
    if (!out.by_path) composition_.items.emplace_back(std::move(made));
    out_.imports.push_back(std::move(out));
    return {};
  }

  // --- the file's types in interfaces and worlds

  struct FileType {
    ast::TypeDef def;
    size_t size;  // how many members and types it writes
  };

  /// WIT has no types that several interfaces see: what one names of the file's own types is copied into it.
  Status give_types() {
    for (ast::Interface& one : out_.tree.main.interfaces) TRY(give_types_to(one.items));
    for (ast::World& one : out_.tree.main.worlds) {
      TRY(give_types_to(one.items));
      TRY(give_types_inside(one));
    }
    return give_types_inside(composition_);
  }

  Status give_types_inside(ast::World& world) {
    for (ast::WorldItem& item : world.items) {
      auto* external = std::get_if<ast::Extern>(&item);
      auto* inside = external != nullptr ? std::get_if<ast::Interface>(&external->what) : nullptr;
      if (inside != nullptr) TRY(give_types_to(inside->items));
    }
    return {};
  }

  /// `Items`: those of an interface or a world.
  template <class Items>
  Status give_types_to(Items& items) {
    std::set<std::string_view> own, given;
    for (const auto& item : items) own_names(item, own);
    const size_t written = items.size();
    for (size_t i = 0; i < items.size(); ++i) {  // what is given may name more
      std::vector<ast::Id> names;
      names_in(items[i], names);
      for (const ast::Id& name : names) {
        const auto found = file_types_.find(name.name);
        if (found == file_types_.end()) continue;
        if (own.contains(name.name)) {
          // Names of the file's definitions mean the file's types.
          if (i < written && !is_of_file(items[i])) continue;
          return fail(name.at, Error(ErrorCode::wac_rule, kNoOffset,
                                     "'" + std::string(name.name) + "' is another type where this is used"));
        }
        if (!given.insert(name.name).second) continue;
        TRY(charge(found->second.size));
        items.emplace_back(found->second.def);
        std::get<ast::TypeDef>(items.back()).of_file = true;
      }
    }
    return {};
  }

  /// Whether it is a function whose type the file says under a name.
  template <class... Kinds>
  static bool is_of_file(const std::variant<Kinds...>& item) {
    if constexpr (std::is_same_v<std::variant<Kinds...>, ast::InterfaceItem>) {
      const auto* func = std::get_if<ast::NamedFunc>(&item);
      return func != nullptr && func->func.of_file;
    } else {
      const auto* external = std::get_if<ast::Extern>(&item);
      const auto* func = external != nullptr ? std::get_if<ast::Func>(&external->what) : nullptr;
      return func != nullptr && func->of_file;
    }
  }

  /// What an item is called inside of its interface or world.
  template <class... Kinds>
  static void own_names(const std::variant<Kinds...>& item, std::set<std::string_view>& out) {
    if (const auto* def = std::get_if<ast::TypeDef>(&item)) out.insert(def->name.name);
    if (const auto* use = std::get_if<ast::Use>(&item)) {
      for (const ast::UseName& name : use->names) out.insert(name.as.name);
    }
    if constexpr (std::is_same_v<std::variant<Kinds...>, ast::InterfaceItem>) {
      if (const auto* func = std::get_if<ast::NamedFunc>(&item)) out.insert(func->name.name);
    }
  }

  /// The names where types are expected.
  template <class... Kinds>
  void names_in(const std::variant<Kinds...>& item, std::vector<ast::Id>& out) const {
    if (const auto* def = std::get_if<ast::TypeDef>(&item)) {
      names_in(def->alias, out);
      for (const ast::Member& member : def->members) names_in(member.type, out);
      for (const ast::NamedFunc& method : def->methods) names_in(method.func, out);
    }
    if constexpr (std::is_same_v<std::variant<Kinds...>, ast::InterfaceItem>) {
      if (const auto* func = std::get_if<ast::NamedFunc>(&item)) names_in(func->func, out);
    } else if (const auto* external = std::get_if<ast::Extern>(&item)) {
      if (const auto* func = std::get_if<ast::Func>(&external->what)) names_in(*func, out);
    }
  }
  void names_in(const ast::Func& func, std::vector<ast::Id>& out) const {
    for (const ast::Param& param : func.params) names_in(param.type, out);
    names_in(func.result, out);
  }
  /// Nesting is bounded by the parser.
  void names_in(ast::TypeIndex index, std::vector<ast::Id>& out) const {
    if (index == ast::kNoType) return;
    if (!types_[index].name.name.empty()) out.push_back(types_[index].name);
    for (const ast::TypeIndex inner : types_[index].inner) names_in(inner, out);
  }

  /// As imports of a world, so that their types are looked up even where nothing uses them.
  void add_function_types() {
    ast::World& world = out_.tree.main.worlds.emplace_back();
    world.name = {kFunctionTypesWorld, 0};
    for (auto& [name, type] : func_types_.front()) {
      out_.function_types.push_back(type.name);
      ast::Extern made;
      made.label = type.name;
      made.what = std::move(type.func);
      world.items.emplace_back(std::move(made));
    }
  }

  Result<ast::Id> any_word() {
    if (token_.kind != TokenKind::Word) return expected("a name");
    const ast::Id out{token_.text, token_.offset};
    TRY(advance());
    return out;
  }

  WacDeclarations out_;
  ast::World composition_;
  std::set<std::string_view> taken_;
  std::set<std::string> names_;
  std::map<std::string_view, FileType> file_types_;
};

}  // namespace

Result<WacDeclarations> parse_wac_declarations(const SourceFile& file) { return WacParser(file).run(); }

}  // namespace ashlar::wit

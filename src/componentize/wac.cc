// Carries out what a .wac file says, behind its declarations; see wac.h.
#include "componentize/wac.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "componentize/targets.h"

namespace ashlar::componentize {

namespace {

using component::Extern;
using wit::Token;
using wit::TokenKind;
using Item = Composition::Item;

/// "shapes" of "my:lib/shapes@1.0.0"; empty when it is no interface's name.
std::string last_part(const std::string& name) {
  const auto parsed = wit::parse_interface_name(name);
  return parsed ? parsed->name : std::string();
}

class WacFile {
 public:
  WacFile(const wit::SourceFile& file, const BinaryOptions& options, const PackageLoader& load,
          const WitLoader& load_wit)
      : file_(file), options_(options), load_(load), load_wit_(load_wit), lexer_(file), composition_(options) {}

  Result<std::vector<uint8_t>> run() {
    TRY(declarations());
    TRY(advance());
    TRY(expect_word("package"));
    TRY_ASSIGN(package_, package_name());
    std::optional<Target> target;
    if (token_.is_word("targets")) {
      TRY_ASSIGN(target, targets());
    }
    TRY(expect(';'));
    while (token_.kind != TokenKind::Eof) TRY(statement());
    for (const wit::WacImport& one : imports_) TRY(check_import(one));
    auto out = composition_.finish();
    if (!out) return std::unexpected(std::move(out).error().in_file(file_.path));
    if (target) TRY(check(*out, *target));
    return out;
  }

 private:
  /// `what` of type `type`; instances that are imported are of no known type here.
  struct Value {
    Item item;
    std::optional<Extern::Kind> kind;
    std::string name;  // what it is called where nothing else is said
  };

  std::unexpected<Error> fail(uint32_t at, std::string text) const {
    return std::unexpected(file_.locate(Error(ErrorCode::wac_rule, kNoOffset, std::move(text)), at));
  }
  std::unexpected<Error> expected(const std::string& what) const {
    const std::string found =
        token_.kind == TokenKind::Eof ? "the end of the file" : "'" + std::string(token_.text) + "'";
    return std::unexpected(file_.locate(Error(ErrorCode::wac_expected, kNoOffset, what, found), token_.offset));
  }
  Status advance() { return lexer_.next(token_); }
  Status expect(char mark) {
    if (!token_.is(mark)) return expected(std::string("'") + mark + "'");
    return advance();
  }
  Status expect_word(const std::string& word) {
    if (!token_.is_word(word)) return expected("'" + word + "'");
    return advance();
  }
  Result<std::string> word(const std::string& what) {
    if (token_.kind != TokenKind::Word) return expected(what);
    std::string out(token_.text);
    TRY(advance());
    return out;
  }
  /// A word or a string.
  Result<std::string> any_name(const std::string& what) {
    if (token_.kind != TokenKind::String) return word(what);
    std::string out(token_.text);
    TRY(advance());
    return out;
  }
  /// "..." when it stands here.
  Result<bool> dots() {
    if (!token_.is('.')) return false;
    wit::Lexer ahead = lexer_;
    Token second, third;
    TRY(ahead.next(second));
    if (!second.is('.')) return false;
    TRY(ahead.next(third));
    if (!third.is('.')) return expected("'...'");
    lexer_ = ahead;
    TRY(advance());
    return true;
  }

  Result<std::string> version() {
    if (!token_.is('@')) return std::string();
    TRY(lexer_.next_version(token_));
    if (token_.text.empty()) return expected("a version");
    std::string out = "@" + std::string(token_.text);
    TRY(advance());
    return out;
  }
  Result<std::string> package_name() {
    TRY_ASSIGN(std::string out, word("a package NAMESPACE:NAME"));
    TRY(expect(':'));
    TRY_ASSIGN(const std::string name, word("a package's name"));
    TRY_ASSIGN(const std::string at, version());
    return out + ":" + name + at;
  }

  // --- declarations

  /// Reads what the file declares, before anything is composed.
  Status declarations() {
    TRY_ASSIGN(wit::WacDeclarations said, wit::parse_wac_declarations(file_));
    for (const wit::ast::Id& id : said.function_types) declared_names_.insert(std::string(id.name));
    TRY_ASSIGN(declared_, resolve_declarations(file_, said, load_wit_));
    imports_ = std::move(said.imports);
    const wit::Package& own = declared_.model[declared_.package];
    for (const wit::InterfaceId id : own.interfaces) declared_names_.insert(declared_.model[id].name);
    for (const wit::WorldId id : own.worlds) declared_names_.insert(declared_.model[id].name);
    for (const wit::WorldItem& item : declared_.model[declared_.composition].imports) {
      if (std::holds_alternative<wit::TypeId>(item.what)) declared_names_.insert(item.label);
    }
    return composition_.declare(declared_.model, declared_.composition, declared_.renames);
  }

  /// Steps over a declaration, which has been read before: up to its ';', or the end of its braces.
  Status pass_over(bool braces) {
    size_t depth = 0;
    while (token_.kind != TokenKind::Eof) {
      const bool opens = token_.is('{'), closes = token_.is('}') && depth > 0;
      if (opens) ++depth;
      if (closes) --depth;
      const bool end = depth == 0 && (braces ? closes : token_.is(';'));
      TRY(step());
      if (end) return {};
    }
    return {};
  }
  /// One token of what is not looked at. Versions are none.
  Status step() {
    if (token_.is('@') || token_.is('=')) TRY(lexer_.next_version(token_));
    return advance();
  }

  // --- targets

  /// The world that the component is for, and where that is said.
  struct Target {
    uint32_t at = 0;
    std::string name;
    wit::Resolve model;
    wit::WorldId world{};
  };

  Result<Target> targets() {
    TRY(advance());
    Target out;
    out.at = token_.offset;
    TRY_ASSIGN(const std::string space, word("a world NAMESPACE:PACKAGE/NAME"));
    TRY(expect(':'));
    const std::string package = space + ":" + std::string(token_.text);
    TRY(word("a package's name"));
    TRY(expect('/'));
    TRY_ASSIGN(const std::string world, word("a world's name"));
    TRY_ASSIGN(const std::string at_version, version());
    out.name = package + "/" + world + at_version;
    if (package == declared_.model[declared_.package].name.base() &&
        (at_version.empty() || package + at_version == package_)) {
      const auto id = declared_.model.find_world(declared_.package, world);
      if (!id) return fail(out.at, "unknown world '" + world + "'");
      out.model = declared_.model;
      out.world = *id;
      return out;
    }
    auto loaded = load_wit_(package);
    if (!loaded) return fail(out.at, "package '" + package + at_version + "': " + loaded.error().render());
    const wit::PackageId root = loaded->roots[0];
    const wit::PackageName& found = loaded->model[root].name;
    if (at_version.empty() ? found.base() != package : found.str() != package + at_version) {
      return fail(out.at, "the package that was found is '" + found.str() + "'");
    }
    const auto id = wit::select_world(loaded->model, root, world);
    if (!id) return fail(out.at, id.error().message());
    out.model = std::move(loaded->model);
    out.world = *id;
    return out;
  }

  Status check(const std::vector<uint8_t>& component, const Target& target) const {
    TRY_ASSIGN(const std::vector<std::string> why, misfits(component, target.model, target.world, options_));
    if (why.empty()) return {};
    std::string all;
    for (const std::string& one : why) all += (all.empty() ? "" : "; ") + one;
    return fail(target.at, "the component does not fit world '" + target.name + "': " + all);
  }

  Status statement() {
    while (token_.is('@')) {  // a gate
      while (!token_.is(')') && token_.kind != TokenKind::Eof) TRY(step());
      TRY(advance());
    }
    if (token_.is_word("import")) return import();
    if (token_.is_word("let")) return let();
    if (token_.is_word("export")) return export_statement();
    return pass_over(!token_.is_word("type"));
  }

  Status define(uint32_t at, const std::string& id, Value value) {
    if (!declared_names_.contains(id) && values_.emplace(id, std::move(value)).second) return {};
    return fail(at, "'" + id + "' is defined twice");
  }

  Status import() {
    if (next_import_ == imports_.size()) return expected("';' before it");  // it was part of another statement
    const wit::WacImport& said = imports_[next_import_++];
    TRY(pass_over(false));
    const Extern* type = composition_.declared(said.name);
    return define(
        said.id.at, std::string(said.id.name),
        {{Item::Kind::Import, 0, said.name}, type != nullptr ? type->kind : Extern::Kind::Instance, said.name});
  }

  Status check_import(const wit::WacImport& said) const {
    if (const auto other = implied_.find(said.name); other != implied_.end()) {
      return fail(said.name_at, "'" + said.name + "' is imported here, and by the '...' of '" + other->second +
                                    "': give it the import as an argument");
    }
    if (!said.by_path || composition_.declared(said.name) != nullptr || composition_.imports(said.name)) return {};
    const std::string package = said.path.package->full().str();
    const auto loaded = load_wit_(said.path.package->full().base());
    return fail(said.path.package->ns.at,
                "nothing says of what type '" + said.name + "' is: no component is given it, and package '" + package +
                    "' " + (loaded ? "does not have it" : "is not there: " + loaded.error().render()));
  }

  Status let() {
    TRY(advance());
    const uint32_t at = token_.offset;
    TRY_ASSIGN(const std::string id, word("a name"));
    TRY(expect('='));
    TRY_ASSIGN(Value value, expression());
    TRY(expect(';'));
    return define(at, id, std::move(value));
  }

  // --- expressions

  Result<Value> expression() {
    if (nesting_ == kMaxNesting) {
      return fail(token_.offset, "at most " + std::to_string(kMaxNesting) + " expressions may be inside each other");
    }
    ++nesting_;
    TRY_ASSIGN(Value out, nested_expression());
    --nesting_;
    return out;
  }

  Result<Value> nested_expression() {
    if (token_.is_word("new")) {
      TRY_ASSIGN(Value made, instantiate());
      return accesses(std::move(made));
    }
    if (token_.is('(')) {
      TRY(advance());
      TRY_ASSIGN(Value inner, expression());
      TRY(expect(')'));
      return accesses(std::move(inner));
    }
    const uint32_t at = token_.offset;
    TRY_ASSIGN(const std::string id, word("an expression"));
    TRY_ASSIGN(Value found, lookup(at, id));
    return accesses(std::move(found));
  }

  Result<Value> lookup(uint32_t at, const std::string& id) const {
    const auto found = values_.find(id);
    if (found != values_.end()) return found->second;
    if (declared_names_.contains(id)) return fail(at, "'" + id + "' is a type");
    std::vector<std::string_view> names;
    for (const auto& [name, value] : values_) names.push_back(name);
    return fail(at, "unknown name '" + id + "'" + base::suggest(id, names));
  }

  Result<Value> accesses(Value value) {
    while (true) {
      if (token_.is('.')) {
        wit::Lexer ahead = lexer_;
        Token next;
        TRY(ahead.next(next));
        if (next.is('.')) return value;  // a spread
        TRY(advance());
      } else if (token_.is('[')) {
        TRY(advance());
      } else {
        return value;
      }
      const uint32_t at = token_.offset;
      const bool bracket = token_.kind == TokenKind::String;
      TRY_ASSIGN(const std::string name, any_name("the name of an export"));
      if (bracket) TRY(expect(']'));
      TRY_ASSIGN(value, access(at, value, name));
    }
  }

  /// What it exports; null where that is not known.
  const component::ExternList* exports_of(const Value& value) const {
    if (value.item.kind == Item::Kind::Instance) return &composition_.exports_of(value.item.instance);
    return composition_.parts_of(value.item);
  }

  /// The export `name` of what `exports_of` knows.
  static Item export_of(const Value& value, const std::string& name) {
    if (value.item.kind == Item::Kind::Instance) return {Item::Kind::Export, value.item.instance, name};
    Item out = value.item;
    out.part = name;
    return out;
  }

  Result<Value> access(uint32_t at, const Value& value, const std::string& name) const {
    const component::ExternList* exports = exports_of(value);
    if (exports == nullptr) {
      return fail(at, "only instances have exports, and of an import only those of a type that is known here");
    }
    TRY_ASSIGN(const component::NamedExtern* found, find(at, *exports, name, "export"));
    return Value{export_of(value, found->name), found->type.kind, found->name};
  }

  /// An import or export by its name, an interface also by its last part.
  Result<const component::NamedExtern*> find(uint32_t at, const component::ExternList& externs, const std::string& name,
                                             const std::string& what) const {
    if (const component::NamedExtern* found = find_compatible(externs, name)) return found;
    const component::NamedExtern* found = nullptr;
    for (const component::NamedExtern& item : externs.list()) {
      if (last_part(item.name) != name) continue;
      if (found != nullptr) {
        return fail(at, "'" + name + "' may be " + what + " '" + found->name + "' or '" + item.name + "'");
      }
      found = &item;
    }
    if (found != nullptr) return found;
    std::vector<std::string> parts;
    for (const component::NamedExtern& item : externs.list()) parts.push_back(item.name);
    std::string all;
    for (const std::string& part : parts) all += (all.empty() ? "" : ", ") + part;
    return fail(at, "there is no " + what + " '" + name + "'" + (all.empty() ? "" : "; there are: " + all));
  }

  // --- new

  Result<Value> instantiate() {
    const uint32_t at = token_.offset;
    TRY(advance());
    const uint32_t name_at = token_.offset;
    TRY_ASSIGN(const std::string package, package_name());
    TRY_ASSIGN(const uint32_t component, load(name_at, package));
    // Arguments are made first: an instance comes behind those that it is given.
    std::map<std::string, Item> args;
    bool rest = false;
    TRY(expect('{'));
    while (!token_.is('}')) {
      if (rest) return fail(token_.offset, "'...' stands behind all other arguments");
      TRY_ASSIGN(const bool spread, dots());
      if (spread && (token_.is('}') || token_.is(','))) {
        rest = true;
      } else if (spread) {
        TRY(spread_into(component, args));
      } else {
        TRY(argument(component, args));
      }
      if (!token_.is(',')) break;
      TRY(advance());
    }
    TRY(expect('}'));
    const uint32_t instance = composition_.instantiate(component);
    for (auto& [import, item] : args) composition_.connect(instance, import, std::move(item));
    composition_.connect_types(instance);
    if (rest) {
      for (const component::NamedExtern& import : composition_.type(component).imports.list()) {
        if (!composition_.is_connected(instance, import.name)) implied_.emplace(import.name, package);
      }
      composition_.import_rest(instance);
    }
    for (const component::NamedExtern& import : composition_.type(component).imports.list()) {
      if (composition_.is_connected(instance, import.name)) continue;
      return fail(
          at, "'" + package + "' imports '" + import.name + "', which no argument gives ('...' imports what is left)");
    }
    return Value{{Item::Kind::Instance, instance, {}}, Extern::Kind::Instance, {}};
  }

  Result<uint32_t> load(uint32_t at, const std::string& package) {
    if (const auto known = components_.find(package); known != components_.end()) return known->second;
    if (package == package_) return fail(at, "'" + package + "' is what this file makes");
    auto bytes = load_(package);
    if (!bytes) return fail(at, "package '" + package + "': " + bytes.error().render());
    auto component = composition_.add_component(package, std::move(bytes->bytes));
    if (!component) return fail(at, "package '" + package + "': " + component.error().message());
    components_.emplace(package, *component);
    return *component;
  }

  Status argument(uint32_t component, std::map<std::string, Item>& args) {
    const uint32_t at = token_.offset;
    const bool quoted = token_.kind == TokenKind::String;
    TRY_ASSIGN(std::string name, any_name("an argument"));
    std::optional<Value> value;
    if (token_.is(':')) {
      TRY(advance());
      TRY_ASSIGN(value, expression());
    } else if (quoted) {
      return expected("':'");
    } else {
      TRY_ASSIGN(value, lookup(at, name));
      // What it is called where it comes from, if the component calls its import so too.
      if (find_compatible(composition_.type(component).imports, value->name) != nullptr) name = value->name;
    }
    TRY_ASSIGN(const component::NamedExtern* import, find(at, composition_.type(component).imports, name, "import"));
    if (value->kind && *value->kind != import->type.kind) {
      return fail(at, "import '" + import->name + "' is of kind " + std::string(to_string(import->type.kind)) +
                          ", what it is given of kind " + std::string(to_string(*value->kind)));
    }
    TRY(check_declared(at, *import, value->item));
    if (!args.emplace(import->name, value->item).second) {
      return fail(at, "import '" + import->name + "' is given twice");
    }
    return {};
  }

  /// What an import whose type the file says must have; the types themselves are compared at the end.
  Status check_declared(uint32_t at, const component::NamedExtern& import, const Item& item) const {
    const component::ExternList* given = item.kind == Item::Kind::Import ? composition_.parts_of(item) : nullptr;
    if (given == nullptr || import.type.kind != Extern::Kind::Instance) return {};
    for (const component::NamedExtern& wanted :
         static_cast<const component::InstanceNode*>(import.type.node)->exports.list()) {
      const Extern* found = given->find(wanted.name);
      if (found == nullptr) {
        return fail(
            at, "'" + import.name + "' needs '" + wanted.name + "', which the import that it is given does not have");
      }
      if (found->kind == wanted.type.kind) continue;
      return fail(at, "'" + import.name + "' needs '" + wanted.name + "' of kind " +
                          std::string(to_string(wanted.type.kind)) + ", the import that it is given has it of kind " +
                          std::string(to_string(found->kind)));
    }
    return {};
  }

  Status spread_into(uint32_t component, std::map<std::string, Item>& args) {
    const uint32_t at = token_.offset;
    TRY_ASSIGN(const Value from, expression());
    const component::ExternList* exports = exports_of(from);
    if (exports == nullptr) return fail(at, "only instances whose type is known can be spread");
    bool any = false;
    for (const component::NamedExtern& import : composition_.type(component).imports.list()) {
      const component::NamedExtern* found = find_compatible(*exports, import.name);
      if (found == nullptr || args.contains(import.name)) continue;
      any = true;
      args.emplace(import.name, export_of(from, found->name));
    }
    if (any) return {};
    return fail(at, "it exports nothing that '" + composition_.name_of(component) + "' imports");
  }

  // --- export

  Status export_statement() {
    TRY(advance());
    const uint32_t at = token_.offset;
    TRY_ASSIGN(const Value value, expression());
    TRY_ASSIGN(const bool spread, dots());
    if (spread) {
      TRY(expect(';'));
      const component::ExternList* exports = exports_of(value);
      if (exports == nullptr) return fail(at, "only instances whose type is known can be spread");
      bool any = false;
      for (const component::NamedExtern& item : exports->list()) {
        if (composition_.exports_as(item.name)) continue;
        TRY(check_export(at, item.name));
        composition_.export_item(item.name, export_of(value, item.name));
        any = true;
      }
      return any ? Status() : fail(at, "it has no exports that are not exported already");
    }
    std::string name = value.name;
    uint32_t name_at = at;
    if (token_.is_word("as")) {
      TRY(advance());
      name_at = token_.offset;
      TRY_ASSIGN(name, any_name("a name"));
    }
    TRY(expect(';'));
    if (name.empty()) return fail(at, "it has no name of its own: 'as NAME' gives it one");
    if (composition_.exports_as(name)) return fail(name_at, "'" + name + "' is exported twice");
    TRY(check_export(name_at, name));
    composition_.export_item(name, value.item);
    return {};
  }

  /// Other tools export what the file declares, under its name.
  Status check_export(uint32_t at, const std::string& name) const {
    if (!declared_names_.contains(name)) return {};
    return fail(at, "'" + name + "' is a type that the file declares: 'as NAME' gives the export another name");
  }

  static constexpr uint32_t kMaxNesting = 100;

  const wit::SourceFile& file_;
  const BinaryOptions& options_;
  const PackageLoader& load_;
  const WitLoader& load_wit_;
  wit::Lexer lexer_;
  Token token_;
  uint32_t nesting_ = 0;  // expressions that are being read
  Composition composition_;
  std::string package_;
  WacModel declared_;
  std::vector<wit::WacImport> imports_;
  size_t next_import_ = 0;
  std::set<std::string> declared_names_;  // of interfaces, worlds and types
  std::map<std::string, Value> values_;
  std::map<std::string, std::string> implied_;  // imports of `...`, and a package that has them
  std::map<std::string, uint32_t> components_;
};

}  // namespace

Result<std::vector<uint8_t>> compose_wac(const wit::SourceFile& file, const BinaryOptions& options,
                                         const PackageLoader& load, const WitLoader& load_wit) {
  return WacFile(file, options, load, load_wit).run();
}

}  // namespace ashlar::componentize

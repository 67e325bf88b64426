// Components in scripts; see component_scripts.h.
#include "cli/component_scripts.h"

#include <bit>
#include <limits>

#include "cli/output.h"
#include "component/decode.h"
#include "component/text/parse.h"
#include "component/validate.h"
#include "component/wave.h"

namespace ashlar::cli {

using component::TypeKind;
using component::Val;
using component::ValType;
using Kind = text::Value::Kind;

namespace {

std::unexpected<Error> failed(std::string message) {
  return make_error(ErrorCode::script_failed, kNoOffset, std::move(message));
}

Result<Val> convert(const text::Value& v, const ValType& type);

Result<std::vector<Val>> convert_all(const std::vector<text::Value>& items, const ValType& type) {
  std::vector<Val> out;
  for (size_t i = 0; i < items.size(); ++i) {
    const size_t member = type.kind == TypeKind::List || type.kind == TypeKind::FixedList ? 0 : i;
    if (member >= type.members.size()) return failed("a value has more parts than its type");
    TRY_ASSIGN(Val item, convert(items[i], *type.members[member].type));
    out.push_back(std::move(item));
  }
  return out;
}

Result<uint32_t> index_of(const ValType& type, const std::string& label) {
  const int64_t index = component::label_index(type, label);
  if (index < 0) return failed("the type has nothing called '" + printable(label) + "'");
  return static_cast<uint32_t>(index);
}

/// A number of a script as a value; nothing for other kinds.
std::optional<Val> number(const text::Value& v) {
  const uint64_t bits = v.bits[0];
  switch (v.kind) {
    case Kind::Bool:
      return Val::boolean(bits != 0);
    case Kind::S8:
      return Val::s8(static_cast<int8_t>(bits));
    case Kind::U8:
      return Val::u8(static_cast<uint8_t>(bits));
    case Kind::S16:
      return Val::s16(static_cast<int16_t>(bits));
    case Kind::U16:
      return Val::u16(static_cast<uint16_t>(bits));
    case Kind::S32:
      return Val::s32(static_cast<int32_t>(bits));
    case Kind::U32:
      return Val::u32(static_cast<uint32_t>(bits));
    case Kind::S64:
      return Val::s64(static_cast<int64_t>(bits));
    case Kind::U64:
      return Val::u64(bits);
    // All NaNs are equal: a pattern is any of them.
    case Kind::F32:
      if (v.nan[0] != text::NanPattern::None) return Val::f32(std::numeric_limits<float>::quiet_NaN());
      return Val::f32(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    case Kind::F64:
      if (v.nan[0] != text::NanPattern::None) return Val::f64(std::numeric_limits<double>::quiet_NaN());
      return Val::f64(std::bit_cast<double>(bits));
    case Kind::Char:
      return Val::character(static_cast<char32_t>(bits));
    default:
      return std::nullopt;
  }
}

/// Variants of all sorts.
Result<Val> convert_case(const text::Value& v, const ValType& type, uint32_t index) {
  const ValType* payload = component::case_payload(type, index);
  if ((payload != nullptr) != !v.items.empty()) return failed("a case has a payload where its type has none, or none");
  std::optional<Val> inner;
  if (payload != nullptr) {
    TRY_ASSIGN(inner, convert(v.items[0], *payload));
  }
  switch (type.kind) {
    case TypeKind::Option:
      return inner ? Val::some(std::move(*inner)) : Val::none();
    case TypeKind::Result:
      if (index == 0) return inner ? Val::ok(std::move(*inner)) : Val::ok();
      return inner ? Val::error(std::move(*inner)) : Val::error();
    default:
      return inner ? Val::variant(index, std::move(*inner)) : Val::variant(index);
  }
}

Result<Val> convert(const text::Value& v, const ValType& type) {
  if (const std::optional<Val> plain = number(v)) {
    if (plain->kind() != type.kind)
      return failed("a value of another type than " + component::TypeArena::to_string(type));
    return *plain;
  }
  const auto wrong = [&] { return failed("a value of another type than " + component::TypeArena::to_string(type)); };
  switch (v.kind) {
    case Kind::String:
      if (type.kind != TypeKind::String) return wrong();
      return Val::string(v.text);
    case Kind::List: {
      if (type.kind != TypeKind::List && type.kind != TypeKind::FixedList) return wrong();
      TRY_ASSIGN(auto items, convert_all(v.items, type));
      return Val::list(std::move(items));
    }
    case Kind::Tuple: {
      if (type.kind != TypeKind::Tuple || v.items.size() != type.members.size()) return wrong();
      TRY_ASSIGN(auto items, convert_all(v.items, type));
      return Val::tuple(std::move(items));
    }
    case Kind::Record: {
      if (type.kind != TypeKind::Record || v.items.size() != type.members.size()) return wrong();
      std::vector<Val> fields(type.members.size());
      for (size_t i = 0; i < v.items.size(); ++i) {
        TRY_ASSIGN(const uint32_t at, index_of(type, v.labels[i]));
        TRY_ASSIGN(fields[at], convert(v.items[i], *type.members[at].type));
      }
      return Val::record(std::move(fields));
    }
    case Kind::Variant: {
      if (type.kind != TypeKind::Variant) return wrong();
      TRY_ASSIGN(const uint32_t index, index_of(type, v.text));
      return convert_case(v, type, index);
    }
    case Kind::Enum: {
      if (type.kind != TypeKind::Enum) return wrong();
      TRY_ASSIGN(const uint32_t index, index_of(type, v.text));
      return Val::enumeration(index);
    }
    case Kind::Option:
      if (type.kind != TypeKind::Option) return wrong();
      return convert_case(v, type, v.items.empty() ? 0 : 1);
    case Kind::ResultOk:
    case Kind::ResultErr:
      if (type.kind != TypeKind::Result) return wrong();
      return convert_case(v, type, v.kind == Kind::ResultOk ? 0 : 1);
    case Kind::Flags: {
      if (type.kind != TypeKind::Flags) return wrong();
      uint32_t bits = 0;
      for (const std::string& label : v.labels) {
        TRY_ASSIGN(const uint32_t index, index_of(type, label));
        bits |= 1u << index;
      }
      return Val::flags(bits);
    }
    default:
      return wrong();
  }
}

}  // namespace

Result<ComponentScripts::Shared> ComponentScripts::load(const text::ModuleSource& source) const {
  std::vector<uint8_t> binary;
  if (source.kind == text::ModuleSource::Kind::Binary) {
    binary.assign(source.bytes.begin(), source.bytes.end());
  } else {
    text::ParseOptions options;
    options.origin = source.position;
    const std::string_view text = source.kind == text::ModuleSource::Kind::Text ? source.text : source.bytes;
    TRY_ASSIGN(binary, component::parse_component_to_binary(text, options));
  }
  const runtime::Config& config = store_.engine().config();
  component::DecodeOptions options;
  options.features = config.features;
  options.core_limits = config.limits;
  TRY_ASSIGN(auto decoded, component::decode(std::move(binary), options));
  component::ValidateOptions validate_options;
  validate_options.features = config.features;
  validate_options.core_limits = config.limits;
  validate_options.gates = gates_;
  TRY(component::validate(*decoded, validate_options));
  return Shared(std::move(decoded));
}

Status ComponentScripts::check(const text::ModuleSource& source) const {
  TRY_ASSIGN(const Shared component, load(source));
  return {};
}

Result<component::Instance*> ComponentScripts::make(const Shared& component) {
  const auto compile = [&](const component::CoreModuleDef& def, size_t) {
    return compile_({def.storage, def.bytes, nullptr});
  };
  TRY_ASSIGN(auto executable, component::Executable::make(engine_, component, compile));
  TRY_ASSIGN(auto instance, component::Instance::make(store_, std::move(executable), imports_));
  all_.push_back(std::move(instance));
  return all_.back().get();
}

Status ComponentScripts::define(const text::Command& command) {
  if (command.kind == text::Command::Kind::Module) instances_.erase("");
  TRY_ASSIGN(const Shared component, load(command.module));
  definitions_[""] = component;
  if (!command.id.empty()) definitions_[command.id] = component;
  if (command.kind == text::Command::Kind::ModuleDefinition) return {};
  TRY_ASSIGN(component::Instance * instance, make(component));
  instances_[""] = instance;
  if (!command.id.empty()) instances_[command.id] = instance;
  return {};
}

Status ComponentScripts::instantiate(const text::Command& command) {
  const auto found = definitions_.find(command.target);
  if (found == definitions_.end()) return failed("unknown component definition $" + command.target);
  instances_.erase("");
  TRY_ASSIGN(component::Instance * instance, make(found->second));
  instances_[""] = instance;
  if (!command.id.empty()) instances_[command.id] = instance;
  return {};
}

Status ComponentScripts::try_instance(const text::ModuleSource& source) {
  TRY_ASSIGN(const Shared component, load(source));
  TRY_ASSIGN(const component::Instance* instance, make(component));
  (void)instance;
  return {};
}

Result<const component::PlanFunc*> ComponentScripts::find(const text::Action& action, component::Instance** instance,
                                                          uint32_t* func) const {
  const auto found = instances_.find(action.module);
  if (found == instances_.end()) return failed("there is no such instance of a component");
  *instance = found->second;
  const component::PlanExport* e = found->second->plan().exports.find(action.name);
  if (e == nullptr || e->kind != component::PlanExport::Kind::Func) {
    return failed("no function is exported as '" + printable(action.name) + "'");
  }
  *func = e->index;
  return &found->second->plan().funcs[e->index];
}

Result<std::optional<Val>> ComponentScripts::invoke(const text::Action& action) {
  component::Instance* instance = nullptr;
  uint32_t func = 0;
  TRY_ASSIGN(const component::PlanFunc* f, find(action, &instance, &func));
  if (action.args.size() != f->type.params.size()) return failed("wrong number of arguments");
  std::vector<Val> args;
  for (size_t i = 0; i < action.args.size(); ++i) {
    TRY_ASSIGN(Val arg, convert(action.args[i], *f->type.params[i].type));
    args.push_back(std::move(arg));
  }
  return instance->call(func, args);
}

Status ComponentScripts::assert_return(const text::Command& command) {
  component::Instance* instance = nullptr;
  uint32_t func = 0;
  TRY_ASSIGN(const component::PlanFunc* f, find(command.action, &instance, &func));
  TRY_ASSIGN(const std::optional<Val> got, invoke(command.action));
  const size_t count = got ? 1 : 0;
  if (command.results.size() != count) return failed("wrong number of results");
  if (!got) return {};
  TRY_ASSIGN(const Val expected, convert(command.results[0], *f->type.result));
  if (*got == expected) return {};
  return failed("expected " + component::format_wave(expected, *f->type.result) + ", got " +
                component::format_wave(*got, *f->type.result));
}

}  // namespace ashlar::cli

// Loading of modules; see load.h.
#include "api/load.h"

#include <algorithm>

#include "base/utf8.h"
#include "binary/decode.h"
#include "component/decode.h"
#include "native/bundle.h"
#include "os/file_bytes.h"
#include "text/parse.h"
#include "validate/validate.h"

namespace ashlar::api {

namespace {

constexpr uint8_t kMagic[] = {0, 'a', 's', 'm'};

/// An error in a body of assembled text: says where in the text instead of where in bytes that nobody sees.
Error locate(Error error, const module::Module& m, const ModuleBytes& source) {
  if (!source.source_map || error.line() != 0) return error;
  const uint32_t func = error.func();
  if (func == kNoFunc || func >= m.funcs.size() || m.funcs[func].imported || error.offset() == kNoOffset) return error;
  const uint64_t body = m.funcs[func].body_offset;
  const uint64_t inside = error.offset() > body ? error.offset() - body : 0;
  const text::Position at = source.source_map->find(func, static_cast<uint32_t>(inside));
  if (at.line == 0) return error;
  return std::move(std::move(std::move(std::move(error).at_line(at.line, at.column)).at(kNoOffset)).in_func(kNoFunc));
}

}  // namespace

bool is_binary(std::span<const uint8_t> bytes) {
  return bytes.size() >= sizeof kMagic && std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin());
}

Status check_not_compiled(std::span<const uint8_t> bytes) {
  const std::string_view kind = native::compiled_kind(bytes);
  if (kind.empty()) return {};
  return make_error(ErrorCode::compiled_program, kNoOffset, std::string(kind));
}

Result<ModuleBytes> assemble(std::span<const uint8_t> bytes, std::shared_ptr<const void> storage,
                             const AssembleOptions& options) {
  if (component::is_component(bytes)) return make_error(ErrorCode::component_binary);
  if (is_binary(bytes)) return ModuleBytes{std::move(storage), bytes, nullptr};
  TRY(check_not_compiled(bytes));
  // A NUL byte is in no source text, but soon in any other kind of file.
  const std::span<const uint8_t> head = bytes.first(std::min<size_t>(bytes.size(), 4096));
  if (bytes.empty() || std::ranges::find(head, uint8_t{0}) != head.end() || !base::is_utf8(bytes)) {
    return make_error(ErrorCode::not_a_module);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto map = std::make_shared<text::SourceMap>();
  text::ParseOptions parse_options;
  parse_options.annotations = options.annotations;
  parse_options.debug_names = options.debug_names;
  parse_options.source_map = map.get();
  TRY_ASSIGN(std::vector<uint8_t> binary, text::parse_to_binary(text, parse_options));
  auto kept = std::make_shared<const std::vector<uint8_t>>(std::move(binary));
  const std::span<const uint8_t> view(*kept);
  return ModuleBytes{std::move(kept), view, std::move(map)};
}

Result<ModuleBytes> read_module(const std::string& path, const AssembleOptions& options) {
  TRY_ASSIGN(os::FileBytes file, os::read_file(path));
  auto kept = std::make_shared<const os::FileBytes>(std::move(file));
  const std::span<const uint8_t> bytes = kept->bytes();
  return assemble(bytes, std::move(kept), options);
}

Result<std::unique_ptr<module::Module>> check(const ModuleBytes& source, const runtime::Config& config,
                                              const std::shared_ptr<module::TypeRegistry>& types) {
  const binary::DecodeOptions decode_options{config.features, config.limits};
  TRY_ASSIGN(auto module, binary::decode(source.bytes, source.storage, decode_options));
  validate::ValidateOptions options;
  options.features = config.features;
  options.limits = config.limits;
  options.lazy = config.lazy_validation;
  Status valid = validate::validate(*module, types, options);
  if (!valid) return std::unexpected(locate(std::move(valid).error(), *module, source));
  return module;
}

Result<std::shared_ptr<runtime::CompiledModule>> compile(const std::shared_ptr<runtime::Engine>& engine,
                                                         const ModuleBytes& source) {
  TRY_ASSIGN(auto module, check(source, engine->config(), engine->types()));
  return std::make_shared<runtime::CompiledModule>(engine, std::move(module));
}

Result<std::shared_ptr<runtime::CompiledModule>> compile_file(const std::shared_ptr<runtime::Engine>& engine,
                                                              const std::string& path) {
  TRY_ASSIGN(ModuleBytes source, read_module(path));
  return compile(engine, source);
}

}  // namespace ashlar::api

// WASI programs as applications; see program_app.h.
#include "serve/program_app.h"

#include <algorithm>

#include "runtime/import_match.h"
#include "serve/program_run.h"
#include "serve/run_guests.h"
#include "wasi/p1/host_func.h"

namespace ashlar::serve {

namespace {

Result<std::vector<ProgramApp::Import>> find_imports(const runtime::CompiledModule& compiled) {
  const module::Module& m = compiled.module();
  module::TypeRegistry& types = *compiled.engine()->types();
  for (const module::Import& import : m.imports) {
    if (import.module == "wasi" && import.name == "thread-spawn") {
      return make_error(ErrorCode::threads_forbidden, import.offset, "'ashlar serve' runs programs without threads");
    }
  }
  std::vector<ProgramApp::Import> out;
  for (const module::Import& import : m.imports) {
    const wasi::p1::HostEntry* entry = wasi::p1::find_host_entry(import.module, import.name);
    if (entry == nullptr || import.kind != module::ExternKind::Func) {
      return make_error(ErrorCode::unknown_import, import.offset, std::string(import.module), std::string(import.name),
                        std::string(module::to_string(import.kind)));
    }
    const uint32_t type = types.intern_func(wasi::p1::type_of(entry->sig));
    out.push_back({entry, type});
  }
  return out;
}

/// Its place among the exports: a function without parameters and results.
Result<size_t> find_start(const module::Module& m, const module::TypeRegistry& types) {
  const auto found = std::ranges::find(m.exports, "_start", &module::Export::name);
  if (found == m.exports.end() || found->kind != module::ExternKind::Func) {
    return make_error(ErrorCode::no_entry_point, kNoOffset, "what is served is a WASI program or a component");
  }
  const uint32_t id = runtime::item_type(m, module::ExternKind::Func, found->index).type_id;
  const module::FuncType& type = types.get(id).def.func;
  if (!type.params.empty() || !type.results.empty()) {
    return make_error(ErrorCode::no_entry_point, kNoOffset, "its '_start' has parameters or results");
  }
  return static_cast<size_t>(found - m.exports.begin());
}

}  // namespace

Result<std::shared_ptr<const ProgramApp>> ProgramApp::make(std::shared_ptr<runtime::CompiledModule> module,
                                                           ProgramGrants grants, std::optional<ProgramStyle> style,
                                                           AppOptions options) {
  std::shared_ptr<ProgramApp> out(new ProgramApp());
  TRY_ASSIGN(out->imports_, find_imports(*module));
  TRY_ASSIGN(out->start_, find_start(module->module(), *module->engine()->types()));
  out->style_ = style ? *style : guess_style(module->module());
  out->module_ = std::move(module);
  out->grants_ = std::move(grants);
  out->options_ = std::move(options);
  return out;
}

Result<std::unique_ptr<Guests>> ProgramApp::on_loop(boost::asio::io_context& loop, wasi::host::HttpClient*) const {
  auto out = std::make_unique<RunGuests>(
      loop, options_, [this, &loop](GuestRun::Done done) { return ProgramRun::make(*this, loop, std::move(done)); });
  TRY(out->try_out(tried_out_));
  return out;
}

}  // namespace ashlar::serve

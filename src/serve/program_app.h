// WASI programs of preview 1 that answer a request each: CGI, or the text of HTTP on their standard streams.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine.h"
#include "serve/app.h"
#include "serve/program_style.h"
#include "wasi/p1/entries.h"

namespace ashlar::serve {

/// Beside what a request brings.
struct ProgramGrants {
  struct Dir {
    std::string host;
    std::string guest;
    bool read_only = false;
  };
  std::string name;  ///< the first argument
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<Dir> dirs;
  int log_handle = 2;  ///< where what it prints to standard error goes; somebody else's
};

class ProgramApp final : public App {
 public:
  /// `style`: nothing to guess it. Errors: Link, when it exports no `_start`, or imports what preview 1 has not.
  static Result<std::shared_ptr<const ProgramApp>> make(std::shared_ptr<runtime::CompiledModule> module,
                                                        ProgramGrants grants, std::optional<ProgramStyle> style,
                                                        AppOptions options);
  std::string_view kind() const override { return kind_of(style_); }
  const std::shared_ptr<runtime::Engine>& engine() const override { return module_->engine(); }
  Result<std::unique_ptr<Guests>> on_loop(boost::asio::io_context& loop, wasi::host::HttpClient* client) const override;

  /// One of the module's imports, in their order.
  struct Import {
    const wasi::p1::HostEntry* entry;
    uint32_t type;  ///< canonical
  };
  const std::shared_ptr<runtime::CompiledModule>& module() const { return module_; }
  const std::vector<Import>& imports() const { return imports_; }
  /// Of `_start` among the exports.
  size_t start() const { return start_; }
  const ProgramGrants& grants() const { return grants_; }
  const AppOptions& options() const { return options_; }
  ProgramStyle style() const { return style_; }

 private:
  ProgramApp() = default;
  std::shared_ptr<runtime::CompiledModule> module_;
  std::vector<Import> imports_;
  size_t start_ = 0;
  ProgramGrants grants_;
  ProgramStyle style_ = ProgramStyle::Cgi;
  AppOptions options_;
};

}  // namespace ashlar::serve

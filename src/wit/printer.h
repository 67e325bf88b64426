// Owns the printer: layout, and which name each thing has where it is printed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wit/print.h"

namespace ashlar::wit {

class Printer {
 public:
  Printer(const Resolve& model, PackageId package, const PrintOptions& options)
      : model_(model), package_(package), options_(options) {}

  void package_items();
  void interface(InterfaceId id);
  void world(WorldId id);
  void begin_package(std::string_view end);
  void indent() { ++depth_; }
  void dedent() { --depth_; }
  void line(std::string_view text);
  void blank();
  std::string take() { return std::move(out_); }

 private:
  void docs(const std::string& text);
  void head(const std::string& docs, const Stability& stability, const std::optional<std::string>& external_id);
  /// A blank line before what stands out, or behind what did; not at the start of a block.
  void separate(bool stands_out);
  void open(std::string text);
  void close(std::string_view end = "}");
  std::string path(InterfaceId id) const { return path(model_[id].package, model_[id].name); }
  std::string path(PackageId package, const std::string& name) const;
  bool has_head(const std::string& docs, const Stability& stability, const std::optional<std::string>& id) const;

  void body(const Interface& interface);
  void uses(const std::vector<TypeId>& types);
  void type_def(const TypeDef& def, const std::vector<const Function*>& methods);
  void resource(const TypeDef& def, const std::vector<const Function*>& methods);
  void members(const TypeDef& def, const char* keyword);
  void function(const Function& function);
  void external(const WorldItem& item, bool is_export);
  void include(const Include& include);

  const Resolve& model_;
  PackageId package_;
  PrintOptions options_;
  std::string out_;
  int depth_ = 0;
  bool first_ = true;       // nothing in this block yet
  bool stood_out_ = false;  // the last item did
};

}  // namespace ashlar::wit

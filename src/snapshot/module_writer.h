// Writes the module of one instance as it stands.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "snapshot/contents.h"
#include "snapshot/snapshot.h"
#include "snapshot/uses.h"

namespace ashlar::snapshot {

class ModuleWriter {
 public:
  ModuleWriter(const Part& part, const Options& options)
      : part_(part), instance_(*part.instance), options_(options), names_(*part.instance) {}

  /// `runs`: what it has to write into its tables.
  Result<std::vector<uint8_t>> run(const std::vector<TableRun>& runs);

 private:
  Status prepare();
  Status write_exports();
  Status write_globals();
  Status write_global(module::GlobalIdx i);
  Result<Ref> ref_of(module::GlobalIdx i) const;
  std::string name_of(module::GlobalIdx i) const;
  bool is_func(module::GlobalIdx i) const;
  bool is_object(module::GlobalIdx i) const;
  std::unexpected<Error> refuse_object(module::GlobalIdx i) const;
  void write_tables();
  Status write_datas();
  void keep_datas(std::vector<module::Data>& out) const;
  Status add_data(std::vector<module::Data>& out, module::MemIdx memory, const DataRun& run);
  Status write_elems(const std::vector<TableRun>& runs);
  Status keep_elems(std::vector<module::Elem>& out);
  Status check_elem(uint32_t i) const;
  module::Elem active_elem(const TableRun& run);
  void declare_funcs(std::vector<module::Elem>& elems);
  std::vector<bool> declared(const std::vector<module::Elem>& elems) const;
  Status check(std::span<const uint8_t> out) const;

  // Constant expressions, appended to bytes_.
  module::ConstExpr finish(size_t from);
  void op(isa::Op op);
  module::ConstExpr address(uint64_t value, bool is64);
  module::ConstExpr reference(Ref ref, isa::ValType type);
  module::ConstExpr number(isa::ValKind kind, const runtime::Slot* value);
  std::unexpected<Error> refuse(std::string what) const;

  const Part& part_;
  runtime::Instance& instance_;
  const Options& options_;
  FuncNames names_;
  std::unique_ptr<module::Module> m_;  ///< the original, on its way to become the result
  std::vector<uint8_t> bytes_;         ///< the original's, and behind them whatever is new; m_'s offsets count in them
  BodyUses uses_;
  std::vector<bool> named_;  ///< functions in constant expressions that were made here
};

}  // namespace ashlar::snapshot

// Memories and tables; see contents.h.
#include "snapshot/contents.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ashlar::snapshot {

namespace {

/// A segment costs about ten bytes and a copy: so many zeros are cheaper.
constexpr uint64_t kDataGap = 32;
/// Between elements that both are written.
constexpr uint64_t kElemGap = 8;

void merge(std::vector<DataRun>& runs, uint64_t gap) {
  size_t kept = 0;
  for (size_t i = 1; i < runs.size(); ++i) {
    DataRun& last = runs[kept];
    if (runs[i].at - (last.at + last.size) <= gap) {
      last.size = runs[i].at + runs[i].size - last.at;
    } else {
      runs[++kept] = runs[i];
    }
  }
  runs.resize(std::min(runs.size(), kept + 1));
}

void add(std::vector<DataRun>& runs, uint64_t from, uint64_t to) {
  if (!runs.empty() && from - (runs.back().at + runs.back().size) <= kDataGap) {
    runs.back().size = to - runs.back().at;
  } else {
    runs.push_back({from, to - from});
  }
}

}  // namespace

std::vector<DataRun> data_runs(std::span<const uint8_t> memory, size_t most) {
  std::vector<DataRun> runs;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= memory.size(); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, memory.data() + at, sizeof word);
    if (word == 0) continue;
    if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
    const auto first = static_cast<uint64_t>(std::countr_zero(word)) / 8;
    const auto behind = sizeof word - static_cast<uint64_t>(std::countl_zero(word)) / 8;
    add(runs, at + first, at + behind);
  }
  for (; at < memory.size(); ++at) {
    if (memory[at] != 0) add(runs, at, at + 1);
  }
  for (uint64_t gap = 2 * kDataGap; runs.size() > most; gap *= 2) merge(runs, gap);
  return runs;
}

FuncNames::FuncNames(runtime::Instance& instance) : instance_(instance) {
  const uint32_t imported = instance.module().imported_funcs;
  for (module::FuncIdx i = 0; i < imported; ++i) imported_.emplace(instance.ctx.funcs[i], i);
}

std::optional<module::FuncIdx> FuncNames::find(const runtime::FuncCell* f) const {
  if (f->ctx == &instance_.ctx) return f->index;
  const auto found = imported_.find(f);
  if (found == imported_.end()) return std::nullopt;
  return found->second;
}

namespace {

/// A table, and who has it.
struct SharedTable {
  struct Holder {
    size_t part;
    module::TableIdx index;
  };
  runtime::Table* table;
  std::vector<Holder> holders;  ///< whoever defines it first
};

std::vector<SharedTable> find_tables(std::span<const Part> parts) {
  std::vector<SharedTable> out;
  std::unordered_map<const runtime::Table*, size_t> known;
  for (size_t p = 0; p < parts.size(); ++p) {
    const runtime::Instance& instance = *parts[p].instance;
    for (module::TableIdx t = 0; t < instance.module().tables.size(); ++t) {
      runtime::Table* table = instance.ctx.tables[t];
      const auto [at, is_new] = known.emplace(table, out.size());
      if (is_new) out.push_back({table, {}});
      out[at->second].holders.push_back({p, t});
    }
  }
  return out;
}

class TableReader {
 public:
  explicit TableReader(std::span<const Part> parts) : parts_(parts), runs_(parts.size()) {
    names_.reserve(parts.size());
    for (const Part& part : parts) names_.emplace_back(*part.instance);
  }

  Result<std::vector<std::vector<TableRun>>> run() {
    for (const SharedTable& shared : find_tables(parts_)) TRY(read(shared));
    return std::move(runs_);
  }

 private:
  Status read(const SharedTable& shared) {
    const runtime::Store& store = parts_[0].instance->store();
    const bool funcs = store.is_func_ref(shared.table->type().elem);
    last_ = parts_.size();
    for (uint64_t i = 0; i < shared.table->size(); ++i) {
      const runtime::Slot slot = shared.table->get(i);
      if (slot == 0) continue;
      TRY(funcs ? add_func(shared, i, runtime::as_func(slot)) : add_object(shared, i, slot));
    }
    return {};
  }

  Status add_func(const SharedTable& shared, uint64_t at, const runtime::FuncCell* f) {
    for (const SharedTable::Holder& holder : shared.holders) {
      if (const auto index = names_[holder.part].find(f)) {
        add(holder, at, {Ref::Kind::Func, *index});
        return {};
      }
    }
    return refuse(shared, at, "a function that no module with this table has");
  }

  Status add_object(const SharedTable& shared, uint64_t at, runtime::Slot slot) {
    const auto ref = static_cast<runtime::GcRef>(slot);
    if (!runtime::is_i31(ref)) return refuse(shared, at, "an object, which only a running program can make");
    add(shared.holders[0], at, {Ref::Kind::I31, runtime::i31_get_u(ref)});
    return {};
  }

  /// Elements come in order. Only nulls lie between two that one part writes in one run.
  void add(const SharedTable::Holder& holder, uint64_t at, Ref ref) {
    std::vector<TableRun>& runs = runs_[holder.part];
    if (holder.part == last_ && at - last_at_ <= kElemGap) {
      runs.back().refs.resize(at - runs.back().at);
    } else {
      runs.push_back({holder.index, at, {}});
    }
    runs.back().refs.push_back(ref);
    last_ = holder.part;
    last_at_ = at;
  }

  Status refuse(const SharedTable& shared, uint64_t at, const char* what) const {
    const SharedTable::Holder& owner = shared.holders[0];
    return make_error(ErrorCode::snapshot_refused, kNoOffset,
                      parts_[owner.part].place + "table " + std::to_string(owner.index) + " holds " + what +
                          ", at element " + std::to_string(at));
  }

  std::span<const Part> parts_;
  std::vector<FuncNames> names_;
  std::vector<std::vector<TableRun>> runs_;
  size_t last_ = 0;  ///< the part that wrote the element before, at last_at_
  uint64_t last_at_ = 0;
};

}  // namespace

Result<std::vector<std::vector<TableRun>>> table_runs(std::span<const Part> parts) { return TableReader(parts).run(); }

}  // namespace ashlar::snapshot

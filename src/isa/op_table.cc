// Owns the search by mnemonic, and the checks that the instruction table is unique and well-formed.
#include "isa/op_table.h"

namespace ashlar::isa {
namespace {

constexpr std::array<std::string_view, kOpCount> kIds = {{
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) #id,
#include "isa/ops/all.def"
}};

// Encodings that share the mnemonic of an earlier row.
constexpr bool is_second_form(Op op) {
  return op == Op::select_t || op == Op::ref_test_null || op == Op::ref_cast_null;
}

// --- Search by mnemonic: a hash table with open addressing, filled at compile time. ---

constexpr size_t kSlots = 2048;  // a power of two, more than three times kOpCount
static_assert(kSlots >= 2 * kOpCount);

constexpr uint32_t hash_of(std::string_view text) {
  uint32_t hash = 2166136261u;  // FNV-1a
  for (size_t i = 0; i < text.size(); ++i) hash = (hash ^ static_cast<unsigned char>(text[i])) * 16777619u;
  return hash ^ (hash >> 15);
}

struct MnemonicTable {
  std::array<Op, kSlots> slots;
  bool unique = true;
};

consteval MnemonicTable make_mnemonics() {
  MnemonicTable table;
  table.slots.fill(Op::kCount);
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (is_second_form(op)) continue;
    size_t slot = hash_of(kOpTable[i].mnemonic) % kSlots;
    while (table.slots[slot] != Op::kCount) {
      if (info(table.slots[slot]).mnemonic == kOpTable[i].mnemonic) table.unique = false;
      slot = (slot + 1) % kSlots;
    }
    table.slots[slot] = op;
  }
  return table;
}

constexpr MnemonicTable kMnemonics = make_mnemonics();
static_assert(kMnemonics.unique, "two rows have the same mnemonic");

// --- Checks of the rows. ---

// Every row finds itself: no two rows have the same encoding.
consteval bool encodings_are_unique() {
  for (size_t i = 0; i < kOpCount; ++i) {
    if (lookup(kOpTable[i].prefix, kOpTable[i].code) != static_cast<Op>(i)) return false;
  }
  return true;
}
static_assert(encodings_are_unique(), "two rows have the same prefix and code");

// A prefix byte is not an instruction.
static_assert(lookup(0xfb) == Op::kCount && lookup(0xfc) == Op::kCount && lookup(0xfd) == Op::kCount &&
              lookup(0xfe) == Op::kCount);

constexpr bool id_matches(std::string_view id, std::string_view mnemonic, bool second_form) {
  if (id.size() < mnemonic.size()) return false;
  for (size_t i = 0; i < mnemonic.size(); ++i) {
    if (id[i] != (mnemonic[i] == '.' ? '_' : mnemonic[i])) return false;
  }
  const std::string_view rest = id.substr(mnemonic.size());
  return second_form ? rest == "_t" || rest == "_null" : rest.empty() || rest == "_";
}

consteval bool ids_match() {
  for (size_t i = 0; i < kOpCount; ++i) {
    if (!id_matches(kIds[i], kOpTable[i].mnemonic, is_second_form(static_cast<Op>(i)))) return false;
  }
  return true;
}
static_assert(ids_match(), "an id is not its mnemonic with '.' as '_'");

constexpr bool takes_memory(ImmKind imm) {
  return imm == ImmKind::Mem || imm == ImmKind::MemInit || imm == ImmKind::MemArg || imm == ImmKind::MemArgLane;
}

constexpr bool takes_table(ImmKind imm) { return imm == ImmKind::Table || imm == ImmKind::TableInit; }

constexpr bool letter_ok(char letter, ImmKind imm) {
  switch (letter) {
    case 'i':
    case 'l':
    case 'f':
    case 'd':
    case 'v':
      return true;
    case 'a':
      return takes_memory(imm);
    case 't':
      return takes_table(imm);
    default:
      return false;
  }
}

consteval bool sigs_are_well_formed() {
  for (const OpInfo& op : kOpTable) {
    for (size_t i = 0; i < op.operand_count(); ++i) {
      if (!letter_ok(op.operand(i), op.imm)) return false;
    }
    for (size_t i = 0; i < op.result_count(); ++i) {
      if (!letter_ok(op.result(i), op.imm)) return false;
    }
    if (op.has_mem_arg() && (op.special || op.operand(0) != 'a')) return false;
  }
  return true;
}
static_assert(sigs_are_well_formed(), "a signature has an unknown letter, or an address type without its immediate");

consteval bool widths_are_well_formed() {
  for (const OpInfo& op : kOpTable) {
    const bool has_lanes = op.imm == ImmKind::Lane || op.imm == ImmKind::Shuffle;
    if ((op.has_mem_arg() || has_lanes) != (op.width != 0)) return false;
    if ((op.width & (op.width - 1)) != 0) return false;
    if (op.width > (op.imm == ImmKind::Shuffle ? 32 : 16)) return false;
  }
  return true;
}
static_assert(widths_are_well_formed(), "a width is missing, unexpected or not a power of two");

consteval bool imm_kinds_are_used() {
  std::array<bool, static_cast<size_t>(ImmKind::kCount)> used{};
  for (const OpInfo& op : kOpTable) used[static_cast<size_t>(op.imm)] = true;
  for (bool u : used) {
    if (!u) return false;
  }
  return true;
}
static_assert(imm_kinds_are_used(), "an immediate kind that no instruction has");

constexpr std::array<std::string_view, static_cast<size_t>(ImmKind::kCount)> kImmDescriptions = {{
#define IMM(id, description) description,
#include "isa/imm_kinds.def"
}};

}  // namespace

Op find_mnemonic(std::string_view mnemonic) {
  // The table is never full, so a free slot ends every search.
  for (size_t slot = hash_of(mnemonic) % kSlots; kMnemonics.slots[slot] != Op::kCount; slot = (slot + 1) % kSlots) {
    if (info(kMnemonics.slots[slot]).mnemonic == mnemonic) return kMnemonics.slots[slot];
  }
  return Op::kCount;
}

std::string_view describe(ImmKind imm) { return kImmDescriptions[static_cast<size_t>(imm)]; }

}  // namespace ashlar::isa

// Answers questions of definitions_oracle.py: lifts values from one memory, lowers them to another, and says what came.
//
// A question is a line: encoding width (of the source) encoding width (of the destination) max-flat trap-at types; flat
// values; the source's bytes in hex. An answer: "trap", or flat values; calls of realloc; the destination's bytes.
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

#include "component/canon.h"

using namespace ashlar;
using namespace ashlar::component;

namespace {

/// Gives out memory from the bottom, as the script's does; one call may get a bad answer.
class Bump final : public GuestMemory {
 public:
  Bump(size_t size, int bad_call) : bytes(size), bad_call_(bad_call) {}
  MemoryView view() override { return {bytes.data(), bytes.size()}; }
  Result<uint64_t> realloc(uint64_t old, uint64_t old_size, uint32_t align, uint64_t size) override {
    calls << old << ',' << old_size << ',' << align << ',' << size << ' ';
    if (bad_call_-- == 0) return bytes.size() - 3;
    const uint64_t at = align_up(top_, align);
    top_ = at + size;
    if (top_ > bytes.size()) return make_error(ErrorCode::host_trap, kNoOffset, "no memory");
    for (uint64_t i = 0; i < std::min(old_size, size); ++i) bytes[at + i] = bytes[old + i];
    return at;
  }
  std::vector<uint8_t> bytes;
  std::ostringstream calls;

 private:
  uint64_t top_ = 0;
  int bad_call_;
};

const ValType* read_type(std::istream& in, TypeArena& arena);

std::vector<Member> read_members(std::istream& in, TypeArena& arena, bool labels, bool types) {
  size_t count = 0;
  in >> count;
  std::vector<Member> out(count);
  for (Member& m : out) {
    if (labels) in >> m.label;
    if (types) m.type = read_type(in, arena);
  }
  return out;
}

/// A type in prefix form: "record 2 a u8 b list string"; "-" for none.
const ValType* read_type(std::istream& in, TypeArena& arena) {
  static constexpr std::string_view kPrims[] = {"bool", "s8",  "u8",  "s16", "u16",  "s32",   "u32",
                                                "s64",  "u64", "f32", "f64", "char", "string"};
  std::string word;
  in >> word;
  if (word == "-") return nullptr;
  for (size_t i = 0; i < std::size(kPrims); ++i) {
    if (word == kPrims[i]) return arena.prim(static_cast<PrimType>(0x7f - i));
  }
  if (word == "record") return arena.make(TypeKind::Record, read_members(in, arena, true, true));
  if (word == "variant") return arena.make(TypeKind::Variant, read_members(in, arena, true, true));
  if (word == "tuple") return arena.make(TypeKind::Tuple, read_members(in, arena, false, true));
  if (word == "flags") return arena.make(TypeKind::Flags, read_members(in, arena, true, false));
  if (word == "enum") return arena.make(TypeKind::Enum, read_members(in, arena, true, false));
  const ValType* first = read_type(in, arena);
  if (word == "option") return arena.make(TypeKind::Option, {{"some", first}});
  if (word == "list") return arena.make(TypeKind::List, {{"", first}});
  if (word == "fixed") {
    uint32_t length = 0;
    in >> length;
    return arena.make(TypeKind::FixedList, {{"", first}}, length);
  }
  const ValType* second = read_type(in, arena);
  if (word == "result") return arena.make(TypeKind::Result, {{"ok", first}, {"error", second}});
  return arena.make(TypeKind::Map, {{"", first}, {"", second}});
}

CanonOptions read_options(std::istream& in) {
  int encoding = 0, width = 0;
  in >> encoding >> width;
  return {static_cast<StringEncoding>(encoding), width == 64};
}

void print(const std::vector<uint64_t>& flat, Bump& bump) {
  for (const uint64_t value : flat) std::cout << value << ' ';
  std::cout << ';' << bump.calls.str() << ';';
  for (const uint8_t byte : bump.bytes) std::cout << "0123456789abcdef"[byte >> 4] << "0123456789abcdef"[byte & 15];
  std::cout << '\n';
}

/// The string that the two flat values name, as a string of its own encoding.
Status transcode(const LiftContext& lift, LowerContext& lower, const std::vector<uint64_t>& in,
                 std::vector<uint64_t>& out) {
  TRY_ASSIGN(const StringView found, find_string(lift, in[0], in[1]));
  TRY_ASSIGN(const Lowered l, lower_string(lower, found, lift.options.encoding == StringEncoding::Latin1Utf16));
  out = {l.address, l.length};
  return {};
}

Status convert(LiftContext& lift, LowerContext& lower, std::span<const Member> types, size_t max_flat,
               const std::vector<uint64_t>& in, std::vector<uint64_t>& out) {
  TRY_ASSIGN(const std::vector<Val> values, lift_values(lift, types, in, max_flat));
  return lower_values(lower, values, types, max_flat, out);
}

void answer(const std::string& line) {
  std::istringstream in(line);
  TypeArena arena;
  LiftContext lift;
  lift.options = read_options(in);
  LowerContext lower{read_options(in), nullptr, nullptr};
  size_t max_flat = 0, count = 0, size = 0;
  int bad_call = -1;
  in >> max_flat >> bad_call >> size;
  std::vector<Member> types;
  if (max_flat != 0) types = read_members(in, arena, false, true);
  in >> count;
  std::vector<uint64_t> flat(count), out;
  for (uint64_t& value : flat) in >> value;
  std::string hex;
  in >> hex;
  std::vector<uint8_t> bytes;
  for (size_t i = 1; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  lift.memory = {bytes.data(), bytes.size()};
  Bump bump(size, bad_call);
  lower.memory = &bump;
  const Status done =
      max_flat == 0 ? transcode(lift, lower, flat, out) : convert(lift, lower, types, max_flat, flat, out);
  if (done) return print(out, bump);
  std::cout << "trap " << error_info(done.error().code()).id << '\n';
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) answer(line);
}

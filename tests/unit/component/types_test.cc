// Sizes, alignments and flat types of value types: the numbers are the reference definitions' (definitions.py).
#include "component/types.h"

#include <gtest/gtest.h>

namespace ashlar::component {
namespace {

struct Types {
  TypeArena arena;
  const ValType* b = arena.prim(PrimType::Bool);
  const ValType* u8 = arena.prim(PrimType::U8);
  const ValType* u16 = arena.prim(PrimType::U16);
  const ValType* u32 = arena.prim(PrimType::U32);
  const ValType* u64 = arena.prim(PrimType::U64);
  const ValType* f32 = arena.prim(PrimType::F32);
  const ValType* f64 = arena.prim(PrimType::F64);
  const ValType* chr = arena.prim(PrimType::Char);
  const ValType* str = arena.prim(PrimType::String);

  const ValType* tuple(std::vector<const ValType*> types) {
    std::vector<Member> members;
    for (const ValType* type : types) members.push_back({"", type});
    return arena.make(TypeKind::Tuple, std::move(members));
  }
  const ValType* labels(TypeKind kind, int count) {
    std::vector<Member> members;
    for (int i = 0; i < count; ++i) members.push_back({"l" + std::to_string(i), nullptr});
    return arena.make(kind, std::move(members));
  }
  const ValType* option(const ValType* type) { return arena.make(TypeKind::Option, {{"some", type}}); }
  const ValType* result(const ValType* ok, const ValType* error) {
    return arena.make(TypeKind::Result, {{"ok", ok}, {"error", error}});
  }
  const ValType* list(const ValType* type) { return arena.make(TypeKind::List, {{"", type}}); }
  const ValType* fixed(const ValType* type, uint32_t n) { return arena.make(TypeKind::FixedList, {{"", type}}, n); }
};

std::string flat_text(const ValType& type, bool memory64) {
  std::vector<FlatType> flat;
  EXPECT_TRUE(flatten(type, memory64, flat, 100));
  std::string out;
  for (const FlatType t : flat) out += "iIfF"[static_cast<int>(t)];
  return out;
}

void expect(const ValType* type, AbiLayout l32, const std::string& flat32, AbiLayout l64, const std::string& flat64) {
  SCOPED_TRACE(TypeArena::to_string(*type));
  EXPECT_EQ(type->layout32.size, l32.size);
  EXPECT_EQ(type->layout32.align, l32.align);
  EXPECT_EQ(type->layout64.size, l64.size);
  EXPECT_EQ(type->layout64.align, l64.align);
  EXPECT_EQ(type->flat_count, flat32.size());
  EXPECT_EQ(flat_text(*type, false), flat32);
  EXPECT_EQ(flat_text(*type, true), flat64);
}
void expect(const ValType* type, AbiLayout l, const std::string& flat) { expect(type, l, flat, l, flat); }

TEST(ComponentTypes, LayoutOfRecordsAndLists) {
  Types t;
  expect(t.arena.make(TypeKind::Record, {{"x", t.u8}, {"y", t.u16}, {"z", t.u32}}), {8, 4}, "iii");
  expect(t.tuple({t.u8, t.u64, t.u8}), {24, 8}, "iIi");
  expect(t.tuple({t.str, t.b}), {12, 4}, "iii", {24, 8}, "IIi");
  expect(t.fixed(t.u16, 5), {10, 2}, "iiiii");
  expect(t.list(t.str), {8, 4}, "ii", {16, 8}, "II");
  expect(t.arena.make(TypeKind::Map, {{"", t.u8}, {"", t.str}}), {8, 4}, "ii", {16, 8}, "II");
  expect(t.arena.make(TypeKind::Own, {}, 0, 3), {4, 4}, "i");
  expect(t.chr, {4, 4}, "i");
}

TEST(ComponentTypes, LayoutOfVariants) {
  Types t;
  expect(t.arena.make(TypeKind::Variant, {{"x", t.u8}, {"y", t.f32}, {"z", nullptr}}), {8, 4}, "ii");
  expect(t.option(t.f64), {16, 8}, "iF");
  expect(t.option(t.str), {12, 4}, "iii", {24, 8}, "iII");
  expect(t.result(t.u64, t.str), {16, 8}, "iIi", {24, 8}, "iII");
  expect(t.result(t.f32, t.u32), {8, 4}, "ii");
  expect(t.result(t.f64, t.f32), {16, 8}, "iI");
  expect(t.result(nullptr, nullptr), {1, 1}, "i");
  std::vector<Member> many(257);
  for (size_t i = 0; i < many.size(); ++i) many[i].label = std::to_string(i);
  many[0].type = t.u8;
  expect(t.arena.make(TypeKind::Variant, many), {4, 2}, "ii");
  expect(t.arena.make(TypeKind::Variant, {{"a", t.tuple({t.str, t.f32})}, {"b", t.fixed(t.u8, 3)}, {"c", t.f64}}),
         {24, 8}, "iIii", {32, 8}, "iIIi");
}

TEST(ComponentTypes, WidthsOfEnumsAndFlags) {
  Types t;
  expect(t.labels(TypeKind::Enum, 3), {1, 1}, "i");
  expect(t.labels(TypeKind::Enum, 256), {1, 1}, "i");
  expect(t.labels(TypeKind::Enum, 257), {2, 2}, "i");
  expect(t.labels(TypeKind::Flags, 8), {1, 1}, "i");
  expect(t.labels(TypeKind::Flags, 9), {2, 2}, "i");
  expect(t.labels(TypeKind::Flags, 17), {4, 4}, "i");
}

TEST(ComponentTypes, EqualTypesAreOneNode) {
  Types t;
  EXPECT_EQ(t.tuple({t.u8, t.str}), t.tuple({t.u8, t.str}));
  EXPECT_NE(t.tuple({t.u8, t.str}), t.tuple({t.str, t.u8}));
  EXPECT_NE(t.fixed(t.u8, 2), t.fixed(t.u8, 3));
  EXPECT_NE(t.fixed(t.u8, 2), t.list(t.u8));
  EXPECT_NE(t.arena.make(TypeKind::Own, {}, 0, 1), t.arena.make(TypeKind::Own, {}, 0, 2));
  EXPECT_NE(t.arena.make(TypeKind::Record, {{"a", t.u8}}), t.arena.make(TypeKind::Record, {{"b", t.u8}}));
  EXPECT_EQ(t.arena.prim(PrimType::ErrorContext)->kind, TypeKind::ErrorContext);
  EXPECT_EQ(t.u8->kind, TypeKind::U8);
}

TEST(ComponentTypes, Facts) {
  Types t;
  const ValType* borrow = t.arena.make(TypeKind::Borrow, {}, 0, 1);
  const ValType* deep = t.list(t.option(t.tuple({borrow, t.u8})));
  EXPECT_TRUE(deep->has_borrow && deep->has_handle && deep->has_pointer && !deep->is_bits);
  EXPECT_EQ(deep->depth, 4u);
  const ValType* stream = t.arena.make(TypeKind::Stream, {{"", t.str}});
  EXPECT_TRUE(stream->has_handle && !stream->has_pointer && !stream->has_borrow);
  EXPECT_FALSE(t.str->has_handle);
  EXPECT_TRUE(t.str->has_pointer);
  EXPECT_TRUE(t.u64->is_bits && t.f32->is_bits && !t.b->is_bits && !t.chr->is_bits);
  EXPECT_TRUE(t.tuple({t.u16, t.u16, t.f32})->is_bits);
  EXPECT_FALSE(t.tuple({t.u8, t.u16})->is_bits) << "a byte of padding";
  EXPECT_FALSE(t.tuple({t.u16, t.u8})->is_bits) << "padding at the end";
  EXPECT_TRUE(t.fixed(t.tuple({t.u8, t.u8}), 9)->is_bits);
  EXPECT_TRUE(t.labels(TypeKind::Flags, 16)->is_bits);
  EXPECT_FALSE(t.labels(TypeKind::Flags, 15)->is_bits);
}

TEST(ComponentTypes, HugeTypesSaturate) {
  Types t;
  const ValType* huge = t.fixed(t.u64, 0xffffffff);
  EXPECT_EQ(huge->layout32.size, uint32_t{1} << 31);
  EXPECT_EQ(huge->flat_count, kManyFlat);
  EXPECT_EQ(t.tuple({huge, huge, t.u8})->layout64.size, uint32_t{1} << 31);
  EXPECT_EQ(t.option(huge)->layout32.size, uint32_t{1} << 31);
  EXPECT_EQ(t.option(huge)->flat_count, kManyFlat);
  EXPECT_EQ(t.fixed(t.result(nullptr, nullptr), 0xffffffff)->layout32.size, uint32_t{1} << 31);
}

TEST(ComponentTypes, SharedNodesCostNoMoreThanTheyAre) {
  Types t;
  const ValType* type = t.u8;
  for (int i = 0; i < 64; ++i) {
    // Each level has the one below many times: unfolded, 16^64 of them.
    std::vector<Member> cases;
    for (int c = 0; c < 16; ++c) cases.push_back({"c" + std::to_string(c), type});
    type = t.arena.make(TypeKind::Variant, std::move(cases));
  }
  EXPECT_EQ(type->flat_count, 65u);
  EXPECT_LT(TypeArena::to_string(*type).size(), 400u);
  std::vector<FlatType> flat;
  EXPECT_FALSE(flatten(*type, false, flat, kMaxFlatParams));
  EXPECT_EQ(flat.size(), kMaxFlatParams);
}

TEST(ComponentTypes, FlattenAppendsUpToALimit) {
  Types t;
  std::vector<FlatType> flat;
  EXPECT_TRUE(flatten(*t.str, false, flat, 4));
  EXPECT_TRUE(flatten(*t.str, false, flat, 4));
  EXPECT_FALSE(flatten(*t.u64, false, flat, 4));
  EXPECT_EQ(flat.size(), 4u);
  flat.clear();
  EXPECT_TRUE(flatten(*t.fixed(t.f64, kFlatKept), false, flat, 100));
  EXPECT_FALSE(flatten(*t.fixed(t.f64, kFlatKept + 1), false, flat, 100));
}

TEST(ComponentTypes, Text) {
  Types t;
  const auto text = [](const ValType* type) { return TypeArena::to_string(*type); };
  EXPECT_EQ(text(t.list(t.u8)), "list<u8>");
  EXPECT_EQ(text(t.fixed(t.u8, 4)), "list<u8, 4>");
  EXPECT_EQ(text(t.arena.make(TypeKind::Record, {{"x", t.f32}, {"y", t.str}})), "record { x: f32, y: string }");
  EXPECT_EQ(text(t.arena.make(TypeKind::Variant, {{"a", t.u8}, {"b", nullptr}})), "variant { a(u8), b }");
  EXPECT_EQ(text(t.labels(TypeKind::Flags, 2)), "flags { l0, l1 }");
  EXPECT_EQ(text(t.tuple({t.u8, t.option(t.chr)})), "tuple<u8, option<char>>");
  EXPECT_EQ(text(t.result(nullptr, t.str)), "result<_, string>");
  EXPECT_EQ(text(t.result(t.u8, nullptr)), "result<u8>");
  EXPECT_EQ(text(t.result(nullptr, nullptr)), "result");
  EXPECT_EQ(text(t.arena.make(TypeKind::Map, {{"", t.str}, {"", t.u8}})), "map<string, u8>");
  EXPECT_EQ(text(t.arena.make(TypeKind::Stream, {{"", nullptr}})), "stream");
  EXPECT_EQ(text(t.arena.make(TypeKind::Future, {{"", t.u8}})), "future<u8>");
  EXPECT_EQ(text(t.arena.make(TypeKind::Borrow, {}, 0, 7)), "borrow<resource 7>");
  EXPECT_EQ(text(t.arena.prim(PrimType::ErrorContext)), "error-context");
}

}  // namespace
}  // namespace ashlar::component

// Lifting and lowering: what comes back, hostile memories, hostile reallocs, the calls of realloc for strings.
#include "component/canon.h"

#include <gtest/gtest.h>

#include <random>

#include "../../fuzz/support/component_values.h"
#include "component/fake_guest.h"

namespace ashlar::component {
namespace {

struct Random {
  std::mt19937 engine;
  uint32_t operator()(uint32_t n) { return n == 0 ? 0 : engine() % n; }
};

constexpr StringEncoding kEncodings[] = {StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16};

LiftContext lifting(FakeGuest& guest, CanonOptions options) { return {.options = options, .memory = guest.view()}; }

std::string error_of(const auto& result) {
  return result ? "no error" : std::string(error_info(result.error().code()).id);
}

TEST(Canon, LoweredValuesLiftToThemselves) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    Random random{std::mt19937(seed)};
    TypeArena arena;
    fuzz::ComponentValues values(arena, random);
    std::vector<Member> types;
    std::vector<Val> in;
    for (uint32_t n = 1 + random(3); n > 0; --n) {
      types.push_back({"p", values.type(4)});
      in.push_back(values.value(*types.back().type));
    }
    const CanonOptions options{kEncodings[random(3)], random(2) == 1};
    const size_t max_flat = random(2) == 0 ? kMaxFlatParams : kMaxFlatResults;
    FakeGuest guest;
    LowerContext lower{options, &guest, nullptr};
    std::vector<uint64_t> flat;
    const Status lowered = lower_values(lower, in, types, max_flat, flat);
    ASSERT_TRUE(lowered) << seed << ": " << lowered.error().render();
    LiftContext lift = lifting(guest, options);
    const auto out = lift_values(lift, types, flat, max_flat);
    ASSERT_TRUE(out) << seed << ": " << out.error().render();
    ASSERT_EQ(*out, in) << seed << ": " << TypeArena::to_string(*types[0].type);
  }
}

TEST(Canon, HostileBytesLiftOrTrap) {
  int lifted = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    Random random{std::mt19937(seed)};
    TypeArena arena;
    fuzz::ComponentValues values(arena, random);
    const ValType* type = values.type(4);
    FakeGuest guest(256);
    const bool small = random(2) == 0;  // small numbers are more often addresses and lengths that fit
    for (uint8_t& byte : guest.bytes) byte = random(small ? 3 : 256);
    std::vector<uint64_t> flat(std::max<uint32_t>(type->flat_count, 1));
    for (uint64_t& value : flat) value = small ? random(40) : uint64_t{random.engine()} << 32 | random.engine();
    LiftContext lift = lifting(guest, {kEncodings[random(3)], random(2) == 1});
    lift.budget = 1 << 20;
    const auto out = lift_values(lift, one(type), flat, kMaxFlatParams);
    lifted += out.has_value();
    (void)load_value(lift, *type, random(300));
  }
  EXPECT_GT(lifted, 300) << "the test tries too little";
}

TEST(Canon, OverlappingListsMeetTheBudget) {
  TypeArena arena;
  const ValType* bytes = arena.make(TypeKind::List, {{"", arena.prim(PrimType::U8)}});
  const ValType* lists = arena.make(TypeKind::List, {{"", bytes}});
  FakeGuest guest(1 << 16);
  for (size_t i = 0; i < guest.bytes.size(); i += 8) guest.bytes[i + 6] = 1;  // address 0, 65536 bytes
  LiftContext lift = lifting(guest, {});
  const uint64_t flat[] = {0, (1 << 16) / 8};
  EXPECT_EQ(error_of(lift_values(lift, one(lists), flat, 16)), "value_too_large");
}

TEST(Canon, TrapsNameWhatIsWrong) {
  TypeArena arena;
  const auto lift_one = [](const ValType* type, std::vector<uint64_t> flat, std::string_view bytes = "",
                           CanonOptions options = {}) {
    FakeGuest guest(32);
    std::copy(bytes.begin(), bytes.end(), guest.bytes.begin());
    LiftContext lift = lifting(guest, options);
    return error_of(lift_values(lift, one(type), flat, 16));
  };
  const ValType* text = arena.prim(PrimType::String);
  const ValType* chr = arena.prim(PrimType::Char);
  const ValType* words = arena.make(TypeKind::List, {{"", arena.prim(PrimType::U32)}});
  const ValType* option = arena.make(TypeKind::Option, {{"some", arena.prim(PrimType::U8)}});
  EXPECT_EQ(lift_one(text, {32, 0}), "no error");
  EXPECT_EQ(lift_one(text, {33, 0}), "canon_string_bounds");
  EXPECT_EQ(lift_one(text, {1, 32}), "canon_string_bounds");
  EXPECT_EQ(lift_one(text, {0, 1 << 28}), "canon_string_too_long");
  EXPECT_EQ(lift_one(text, {0, 1}, "\xff"), "canon_invalid_utf8");
  EXPECT_EQ(lift_one(text, {0, 3}, "\xed\xa0\x80"), "canon_invalid_utf8");
  EXPECT_EQ(lift_one(text, {1, 1}, "", {StringEncoding::Utf16}), "canon_unaligned");
  EXPECT_EQ(lift_one(text, {0, 1}, std::string_view("\0\xd8", 2), {StringEncoding::Utf16}), "canon_invalid_utf16");
  EXPECT_EQ(lift_one(text, {0, 2}, std::string_view("\0\xdc\0\xd8", 4), {StringEncoding::Utf16}),
            "canon_invalid_utf16");
  EXPECT_EQ(lift_one(text, {1, 1}, "", {StringEncoding::Latin1Utf16}), "canon_unaligned");
  EXPECT_EQ(lift_one(text, {0, 0x80000011}, "", {StringEncoding::Latin1Utf16}), "canon_string_bounds");
  EXPECT_EQ(lift_one(words, {2, 1}), "canon_unaligned");
  EXPECT_EQ(lift_one(words, {0, 9}), "canon_list_bounds");
  EXPECT_EQ(lift_one(words, {0, 0xffffffff}), "canon_list_too_long");
  EXPECT_EQ(lift_one(words, {0xfffffffffffffff8, 1}, "", {StringEncoding::Utf8, true}), "canon_list_bounds");
  EXPECT_EQ(lift_one(words, {0xfffffff000000004, 1}), "no error") << "the upper half is not the address";
  EXPECT_EQ(lift_one(chr, {0xd800}), "canon_invalid_char");
  EXPECT_EQ(lift_one(chr, {0x110000}), "canon_invalid_char");
  EXPECT_EQ(lift_one(option, {2, 0}), "canon_invalid_discriminant");
}

TEST(Canon, BitsAboveAValueDoNotCount) {
  TypeArena arena;
  FakeGuest guest;
  LiftContext lift = lifting(guest, {});
  const auto lift_one = [&](PrimType type, uint64_t bits) {
    return lift_values(lift, one(arena.prim(type)), std::vector<uint64_t>{bits}, 16).value()[0];
  };
  EXPECT_EQ(lift_one(PrimType::U8, 0xffffff80), Val::u8(0x80));
  EXPECT_EQ(lift_one(PrimType::S8, 0x80), Val::s8(-128));
  EXPECT_EQ(lift_one(PrimType::S16, 0x18000), Val::s16(-32768));
  EXPECT_EQ(lift_one(PrimType::Bool, 2), Val::boolean(true));
  EXPECT_EQ(lift_one(PrimType::F32, 0x7f800001).bits(), 0x7fc00000u) << "NaNs become the canonical one";
  EXPECT_EQ(lift_one(PrimType::F64, ~uint64_t{0}).bits(), 0x7ff8000000000000u);
  const ValType* flags = arena.make(TypeKind::Flags, {{"a", nullptr}, {"b", nullptr}});
  EXPECT_EQ(lift_values(lift, one(flags), std::vector<uint64_t>{0xff}, 16).value()[0], Val::flags(3));
}

TEST(Canon, HostileReallocsAreChecked) {
  TypeArena arena;
  const ValType* words = arena.make(TypeKind::List, {{"", arena.prim(PrimType::U32)}});
  const Val list = Val::list({Val::u32(1), Val::u32(2)});
  const auto lowered = [&](const ValType* type, const Val& value, uint64_t address, StringEncoding encoding) {
    FakeGuest guest(64);
    guest.answer = [=](uint64_t, uint64_t) { return address; };
    LowerContext lower{{encoding}, &guest, nullptr};
    std::vector<uint64_t> flat;
    return error_of(lower_values(lower, std::span(&value, 1), one(type), 16, flat));
  };
  EXPECT_EQ(lowered(words, list, 56, StringEncoding::Utf8), "no error");
  EXPECT_EQ(lowered(words, list, 58, StringEncoding::Utf8), "canon_realloc_unaligned");
  EXPECT_EQ(lowered(words, list, 60, StringEncoding::Utf8), "canon_realloc_bounds");
  EXPECT_EQ(lowered(words, list, 0xfffffffc, StringEncoding::Utf8), "canon_realloc_bounds");
  EXPECT_EQ(lowered(words, Val::list({}), 0xfffffffc, StringEncoding::Utf8), "canon_realloc_bounds");
  for (const StringEncoding encoding : kEncodings) {
    for (const char* text : {"", "abc", "abcd\xc3\xa9",
                             "abcd\xe2\x82\xac"
                             "efgh"}) {
      for (uint64_t address = 0; address < 80; ++address) {
        lowered(arena.prim(PrimType::String), Val::string(text), address, encoding);  // a sanitizer looks
      }
    }
  }
}

TEST(Canon, StringsAskReallocAsTheReferenceDoes) {
  const auto calls = [](StringEncoding to, StringView from, bool mixed = false) {
    FakeGuest guest;
    LowerContext lower{{to}, &guest, nullptr};
    const auto out = lower_string(lower, from, mixed);
    return out ? guest.calls + "= " + std::to_string(out->length & 0x7fffffff) : out.error().message();
  };
  const auto utf8 = [](std::string_view s) {
    return StringView{CodeUnits::Utf8, reinterpret_cast<const uint8_t*>(s.data()), s.size()};
  };
  const auto utf16 = [](std::u16string_view s) {
    return StringView{CodeUnits::Utf16, reinterpret_cast<const uint8_t*>(s.data()), s.size()};
  };
  const auto latin1 = [](std::string_view s) {
    return StringView{CodeUnits::Latin1, reinterpret_cast<const uint8_t*>(s.data()), s.size()};
  };
  EXPECT_EQ(calls(StringEncoding::Utf8, utf8("abc")), "0/1/3 = 3");
  EXPECT_EQ(calls(StringEncoding::Utf8, utf16(u"abc")), "0/1/3 = 3");
  EXPECT_EQ(calls(StringEncoding::Utf8, utf16(u"a\u20ac")), "0/1/2 2/1/6 6/1/4 = 4");
  EXPECT_EQ(calls(StringEncoding::Utf8, utf16(u"\u20ac")), "0/1/1 1/1/3 = 3");
  EXPECT_EQ(calls(StringEncoding::Utf8, latin1("a\xe9")), "0/1/2 2/1/4 4/1/3 = 3");
  EXPECT_EQ(calls(StringEncoding::Utf16, utf8("abc")), "0/2/6 = 3");
  EXPECT_EQ(calls(StringEncoding::Utf16, utf8("\xc3\xa9")), "0/2/4 4/2/2 = 1");
  EXPECT_EQ(calls(StringEncoding::Utf16, latin1("a\xe9")), "0/2/4 = 2");
  EXPECT_EQ(calls(StringEncoding::Latin1Utf16, utf8("a\xc3\xa9")), "0/2/3 3/2/2 = 2");
  EXPECT_EQ(calls(StringEncoding::Latin1Utf16, utf8("a\xe2\x82\xac")), "0/2/4 4/2/8 8/2/4 = 2");
  EXPECT_EQ(calls(StringEncoding::Latin1Utf16, utf16(u"a\u00e9")), "0/2/2 = 2");
  EXPECT_EQ(calls(StringEncoding::Latin1Utf16, utf16(u"a\u20ac")), "0/2/2 2/2/4 = 2");
  EXPECT_EQ(calls(StringEncoding::Latin1Utf16, utf16(u"a\u20ac"), true), "0/2/4 = 2");
  EXPECT_EQ(calls(StringEncoding::Latin1Utf16, utf16(u"a\u00e9"), true), "0/2/4 4/1/2 = 2");
  EXPECT_EQ(calls(StringEncoding::Latin1Utf16, latin1("a\xe9"), true), "0/2/2 = 2");
}

TEST(Canon, ValuesOfOtherTypesAreRefused) {
  TypeArena arena;
  const ValType* type =
      arena.make(TypeKind::Record, {{"a", arena.prim(PrimType::U8)}, {"b", arena.prim(PrimType::String)}});
  const ValType* variant = arena.make(TypeKind::Variant, {{"x", nullptr}, {"y", arena.prim(PrimType::U8)}});
  const auto lowered = [](const ValType* t, const Val& value) {
    FakeGuest guest;
    LowerContext lower{{}, &guest, nullptr};
    std::vector<uint64_t> flat;
    const Status done = lower_values(lower, std::span(&value, 1), one(t), 1, flat);
    const Status stored = store_value(lower, *t, value, 0);
    EXPECT_EQ(error_of(done), error_of(stored));
    return error_of(done);
  };
  EXPECT_EQ(lowered(type, Val::record({Val::u8(1), Val::string("b")})), "no error");
  EXPECT_EQ(lowered(type, Val::record({Val::u8(1)})), "value_type_mismatch");
  EXPECT_EQ(lowered(type, Val::record({Val::u8(1), Val::u8(1)})), "value_type_mismatch");
  EXPECT_EQ(lowered(type, Val::record({Val::s8(1), Val::string("b")})), "value_type_mismatch");
  EXPECT_EQ(lowered(type, Val::record({Val::u8(1), Val::string("\xff")})), "value_type_mismatch");
  EXPECT_EQ(lowered(type, Val::tuple({Val::u8(1), Val::string("b")})), "value_type_mismatch");
  EXPECT_EQ(lowered(variant, Val::variant(0)), "no error");
  EXPECT_EQ(lowered(variant, Val::variant(0, Val::u8(1))), "value_type_mismatch");
  EXPECT_EQ(lowered(variant, Val::variant(1)), "value_type_mismatch");
  EXPECT_EQ(lowered(variant, Val::variant(2)), "value_type_mismatch");
  EXPECT_EQ(lowered(arena.prim(PrimType::Char), Val::character(0xd800)), "canon_invalid_char");
  const ValType* three = arena.make(TypeKind::FixedList, {{"", arena.prim(PrimType::U8)}}, 3);
  EXPECT_EQ(lowered(three, Val::list({Val::u8(1), Val::u8(2)})), "value_type_mismatch");
  const ValType* list = arena.make(TypeKind::List, {{"", arena.prim(PrimType::U8)}});
  EXPECT_EQ(lowered(list, Val::list({Val::u16(1), Val::u16(2)})), "value_type_mismatch") << "packed, of another kind";
}

TEST(Canon, ResultsGoWhereTheCallerSays) {
  TypeArena arena;
  const ValType* pair = arena.make(TypeKind::Tuple, {{"", arena.prim(PrimType::U8)}, {"", arena.prim(PrimType::U32)}});
  const Val value = Val::tuple({Val::u8(7), Val::u32(0x01020304)});
  FakeGuest guest(16);
  LowerContext lower{{}, &guest, nullptr};
  std::vector<uint64_t> flat;
  uint64_t out = 8;
  ASSERT_TRUE(lower_values(lower, std::span(&value, 1), one(pair), 1, flat, &out));
  EXPECT_TRUE(flat.empty());
  EXPECT_EQ(guest.bytes, (std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 4, 3, 2, 1}));
  EXPECT_EQ(guest.calls, "");
  out = 10;
  EXPECT_EQ(error_of(lower_values(lower, std::span(&value, 1), one(pair), 1, flat, &out)), "canon_unaligned");
  out = 12;
  EXPECT_EQ(error_of(lower_values(lower, std::span(&value, 1), one(pair), 1, flat, &out)), "canon_values_bounds");
}

}  // namespace
}  // namespace ashlar::component

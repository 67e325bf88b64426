// Tests value types: packing, codes and text forms.
#include "isa/value_type.h"

#include <gtest/gtest.h>

namespace ashlar::isa {
namespace {

TEST(ValueType, ReferencesKeepTheirParts) {
  const HeapType last = HeapType::concrete(HeapType::kMaxIndex);
  for (bool nullable : {false, true}) {
    const ValType type = ValType::ref(nullable, last);
    EXPECT_TRUE(type.is_ref());
    EXPECT_EQ(type.nullable(), nullable);
    EXPECT_TRUE(type.heap().is_concrete());
    EXPECT_EQ(type.heap().index(), HeapType::kMaxIndex);
    EXPECT_EQ(ValType::from_raw(type.raw()), type);
    EXPECT_EQ(type.is_defaultable(), nullable);
  }
  for (size_t i = 0; i <= kAbsHeapCount; ++i) {
    const HeapType heap = static_cast<AbsHeap>(i);
    EXPECT_TRUE(heap.is_abstract());
    EXPECT_EQ(ValType::ref(false, heap).heap().abs(), static_cast<AbsHeap>(i));
    EXPECT_NE(heap, HeapType::concrete(static_cast<uint32_t>(i)));
  }
  EXPECT_EQ(ValType::funcref().as_non_null().as_nullable(), ValType::funcref());
  EXPECT_NE(ValType::funcref().as_non_null(), ValType::funcref());
}

TEST(ValueType, Classes) {
  EXPECT_TRUE(ValType::f64().is_num());
  EXPECT_FALSE(ValType::v128().is_num());
  EXPECT_TRUE(ValType::v128().is_vec());
  EXPECT_TRUE(ValType().is_bot());
  EXPECT_TRUE(ValType::i32().is_defaultable());
  EXPECT_EQ(ValType::v128().slot_count(), 2u);
  EXPECT_EQ(ValType::anyref().slot_count(), 1u);
  EXPECT_EQ(ValType::v128().byte_size(), 16u);
  EXPECT_EQ(StorageType::i16().byte_size(), 2u);
}

TEST(ValueType, Codes) {
  EXPECT_EQ(val_type_from_code(0x7f), ValType::i32());
  EXPECT_EQ(val_type_from_code(0x7b), ValType::v128());
  EXPECT_EQ(val_type_from_code(0x70), ValType::funcref());
  EXPECT_EQ(val_type_from_code(0x69), ValType::exnref());
  EXPECT_EQ(val_type_from_code(0x63), std::nullopt);
  EXPECT_EQ(val_type_from_code(0x78), std::nullopt);
  EXPECT_EQ(packed_from_code(0x78), Packed::I8);
  EXPECT_EQ(packed_from_code(0x7f), std::nullopt);
  for (int code = 0; code < 256; ++code) {
    if (const auto heap = abs_heap_from_code(static_cast<uint8_t>(code))) EXPECT_EQ(code_of(*heap), code);
  }
  EXPECT_EQ(code_of(ValKind::F32), 0x7d);
}

TEST(ValueType, Text) {
  EXPECT_EQ(to_string(ValType::i32()), "i32");
  EXPECT_EQ(to_string(ValType::externref()), "externref");
  EXPECT_EQ(to_string(ValType::nullfuncref()), "nullfuncref");
  EXPECT_EQ(to_string(ValType::ref(AbsHeap::Any)), "(ref any)");
  EXPECT_EQ(to_string(ValType::ref_null(HeapType::concrete(3))), "(ref null 3)");
  EXPECT_EQ(to_string(ValType::ref(HeapType::concrete(3))), "(ref 3)");
  EXPECT_EQ(to_string(FieldType{StorageType::i8(), true}), "(mut i8)");
  EXPECT_EQ(to_string(FieldType{StorageType::of(ValType::f32()), false}), "f32");
  for (size_t i = 0; i < kAbsHeapCount; ++i) {
    const ValType type = ValType::ref_null(static_cast<AbsHeap>(i));
    EXPECT_EQ(val_type_from_name(to_string(type)), type);
    EXPECT_EQ(abs_heap_from_name(to_string(type.heap())), static_cast<AbsHeap>(i));
  }
  EXPECT_EQ(val_type_from_name("f64"), ValType::f64());
  EXPECT_EQ(val_type_from_name("any"), std::nullopt);
  EXPECT_EQ(packed_from_name("i16"), Packed::I16);
}

}  // namespace
}  // namespace ashlar::isa

// Structs, arrays and i31s from the host: made, read, written, kept while the collector works.
#include <gtest/gtest.h>

#include <memory>

#include "ashlar/ashlar.h"

namespace {

using ashlar::ArrayRef;
using ashlar::ObjectType;
using ashlar::StructRef;
using ashlar::Value;
using ashlar::ValueType;

constexpr std::string_view kGuest = R"((module
  (type $point (sub (struct (field $x (mut i32)) (field $y (mut f64)))))
  (type $named (sub final $point (struct (field $x (mut i32)) (field $y (mut f64)) (field $name externref)
                                         (field $tag (mut i8)) (field $v v128))))
  (type $bytes (array (mut i8)))
  (type $points (array (mut (ref null $point))))
  (type $const (array i32))
  (type $calls (struct (field (mut funcref)) (field (mut i16)) (field (mut i64))))
  (func (export "sum") (param (ref null $points)) (result f64)
    (local $i i32) (local $sum f64)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (array.len (local.get 0))))
        (local.set $sum (f64.add (local.get $sum)
          (struct.get $point $y (array.get $points (local.get 0) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $sum))
  (func (export "make") (param i32) (result (ref $point)) (struct.new $point (local.get 0) (f64.const 0.5)))
  (func (export "name") (param (ref $named)) (result externref) (struct.get $named $name (local.get 0)))
  (func (export "same") (param anyref) (result anyref) (local.get 0))
  (func (export "churn") (param i32)
    (loop $l (drop (struct.new $point (local.get 0) (f64.const 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "text") (result (ref $bytes)) (array.new_fixed $bytes 3 (i32.const 97) (i32.const 98) (i32.const 255)))
  (func (export "number") (param i31ref) (result i32) (i31.get_s (local.get 0)))))";

struct GcTest : testing::Test {
  GcTest() {
    auto compiled = ashlar::Module::compile(engine, kGuest);
    EXPECT_TRUE(compiled) << compiled.error().to_string();
    module = std::make_unique<ashlar::Module>(*compiled);
    store = std::make_unique<ashlar::Store>(engine);
    auto made = ashlar::Linker(*store).instantiate(*module);
    EXPECT_TRUE(made) << made.error().to_string();
    guest = *made;
  }
  ObjectType type(const char* name) const {
    auto found = ObjectType::named(*module, name);
    EXPECT_TRUE(found) << found.error().to_string();
    return *found;
  }
  std::vector<Value> call(const char* name, std::initializer_list<Value> args) const {
    auto out = guest.func(name)->call(args);
    EXPECT_TRUE(out) << out.error().to_string();
    return out ? *out : std::vector<Value>();
  }

  ashlar::Engine engine;
  std::unique_ptr<ashlar::Module> module;
  std::unique_ptr<ashlar::Store> store;
  ashlar::Instance guest;
};

TEST_F(GcTest, Types) {
  EXPECT_EQ(type("point").to_string(), "(struct (mut i32) (mut f64))");
  EXPECT_EQ(type("bytes").to_string(), "(array (mut i8))");
  EXPECT_TRUE(type("bytes").is_array());
  const std::vector<ashlar::FieldType> fields = type("named").fields();
  ASSERT_EQ(fields.size(), 5u);
  EXPECT_EQ(fields[3].packed_bits, 8);
  EXPECT_EQ(fields[3].type, ValueType::i32());
  EXPECT_EQ(fields[3].to_string(), "(mut i8)");
  EXPECT_FALSE(fields[2].is_mutable);
  EXPECT_EQ(fields[2].to_string(), "externref");
  EXPECT_EQ(*ObjectType::at(*module, 0), type("point"));
  EXPECT_EQ(*ObjectType::of(*module, guest.func("make")->type().results[0]), type("point"));
  EXPECT_EQ(type("point").ref().non_null(), guest.func("make")->type().results[0]);
  EXPECT_TRUE(type("point").ref().is_nullable());
  EXPECT_TRUE(type("point").ref().is_concrete());
  EXPECT_EQ(ObjectType::named(*module, "none").error().id(), "no_object_type");
  EXPECT_EQ(ObjectType::at(*module, 100).error().id(), "no_object_type");
  EXPECT_EQ(ObjectType::at(*module, 6).error().id(), "no_object_type") << "a function's type";
  EXPECT_EQ(ObjectType::of(*module, ValueType::structref()).error().id(), "no_object_type");
  EXPECT_EQ(
      ValueType::anyref().to_string() + ValueType::exnref().to_string() + ValueType::i31ref().non_null().to_string(),
      "anyrefexnref(ref i31)");
}

TEST_F(GcTest, StructsAreMadeReadAndWritten) {
  ashlar::V128 v;
  v.bytes[3] = 7;
  auto named = StructRef::make(*store, type("named"),
                               {Value::i32(-1), Value::f64(2.5), *Value::external(*store, std::string("ann")),
                                Value::i32(0x1ff), Value::v128(v)});
  ASSERT_TRUE(named) << named.error().to_string();
  EXPECT_EQ(named->size(), 5u);
  EXPECT_EQ(named->fields()[1].to_string(), "(mut f64)");
  EXPECT_EQ(named->get(0)->as_i32(), -1);
  EXPECT_EQ(named->get(1)->as_f64(), 2.5);
  EXPECT_EQ(*named->get(2)->external<std::string>(), "ann");
  EXPECT_EQ(named->get(3)->as_i32(), 255);
  EXPECT_EQ(named->get(3, true)->as_i32(), -1);
  EXPECT_EQ(named->get(4)->as_v128(), v);
  EXPECT_TRUE(named->set(0, Value::i32(12)));
  EXPECT_EQ(named->get(0)->as_i32(), 12);
  EXPECT_EQ(*call("name", {named->value()})[0].external<std::string>(), "ann");

  EXPECT_EQ(named->get(5).error().message(), "there is no field 5: there are 5");
  EXPECT_EQ(named->set(5, Value::i32(0)).error().id(), "no_such_field");
  EXPECT_EQ(named->set(2, Value::null_ref(ValueType::externref())).error().id(), "immutable_field");
  EXPECT_EQ(named->set(0, Value::i64(0)).error().id(), "value_mismatch");
  EXPECT_EQ(StructRef::make(*store, type("point"), {Value::i32(1)}).error().message(),
            "objects of this type have 2 fields, not 1");
  EXPECT_EQ(StructRef::make(*store, type("point"), {Value::i32(1), Value::i32(1)}).error().id(), "value_mismatch");
  EXPECT_EQ(StructRef::make(*store, type("bytes"), {}).error().id(), "wrong_object_type");

  // Functions in fields.
  auto calls =
      StructRef::make(*store, type("calls"), {Value::func(*guest.func("make")), Value::i32(-2), Value::i64(-3)});
  ASSERT_TRUE(calls);
  EXPECT_EQ(calls->get(0)->as_func(), *guest.func("make"));
  EXPECT_EQ(calls->get(1, true)->as_i32(), -2);
  EXPECT_EQ(calls->get(2)->as_i64(), -3);
  EXPECT_TRUE(calls->set(0, Value::null_func()));
  EXPECT_TRUE(calls->get(0)->is_null());
}

TEST_F(GcTest, ArraysAreMadeReadAndWritten) {
  const std::string_view text = "hello";
  auto bytes = ArrayRef::of_numbers(*store, type("bytes"), std::span(text));
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  EXPECT_EQ(bytes->size(), 5u);
  EXPECT_EQ(bytes->get(1)->as_i32(), 'e');
  std::string back(5, ' ');
  EXPECT_TRUE(bytes->read(0, std::span(back)));
  EXPECT_EQ(back, "hello");
  EXPECT_TRUE(bytes->write(1, std::span(text.substr(0, 4))));
  EXPECT_TRUE(bytes->read(0, std::span(back)));
  EXPECT_EQ(back, "hhell");
  EXPECT_EQ(bytes->read(1, std::span(back)).error().id(), "no_such_element");
  int32_t wide[1];
  EXPECT_EQ(bytes->read(0, std::span<int32_t>(wide)).error().id(), "element_size");
  EXPECT_EQ(bytes->get(5).error().message(), "element 5 is beyond the array of 5");
  EXPECT_EQ(bytes->element().to_string(), "(mut i8)");
  auto made = ArrayRef::from(call("text", {})[0]);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->get(2)->as_i32(), 255);
  EXPECT_EQ(made->get(2, true)->as_i32(), -1);

  const Value numbers[] = {Value::i32(1), Value::i32(2)};
  auto constant = ArrayRef::make(*store, type("const"), numbers);
  ASSERT_TRUE(constant);
  EXPECT_EQ(constant->get(1)->as_i32(), 2);
  EXPECT_EQ(constant->set(1, Value::i32(1)).error().id(), "immutable_elements");
  EXPECT_EQ(constant->write(0, std::span<const int32_t>(wide)).error().id(), "immutable_elements");
  EXPECT_EQ(ArrayRef::make(*store, type("point"), numbers).error().id(), "wrong_object_type");
  const Value wrong[] = {Value::i32(1), Value::i64(2)};
  EXPECT_EQ(ArrayRef::make(*store, type("const"), wrong).error().id(), "value_mismatch");
  EXPECT_EQ(ArrayRef::filled(*store, type("const"), 1000, Value::i32(9))->get(999)->as_i32(), 9);
  EXPECT_EQ(ArrayRef::filled(*store, type("const"), ~0u, Value::i32(9)).error().id(), "gc_heap_exhausted");
}

TEST_F(GcTest, TheCollectorMovesWhatTheHostHolds) {
  auto first = StructRef::make(*store, type("point"), {Value::i32(1), Value::f64(1)});
  auto points = ArrayRef::filled(*store, type("points"), 1000, first->value());
  ASSERT_TRUE(points) << points.error().to_string();
  for (uint32_t i = 0; i < 1000; ++i) {
    auto p = StructRef::make(*store, type("point"), {Value::i32(static_cast<int32_t>(i)), Value::f64(i)});
    ASSERT_TRUE(p && points->set(i, p->value()));
    if (i % 100 == 0) call("churn", {Value::i32(100'000)});
    if (i % 250 == 0) store->collect_garbage();
  }
  EXPECT_EQ(call("sum", {points->value()})[0].as_f64(), 999 * 500);
  auto p = StructRef::from(*points->get(77));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->get(0)->as_i32(), 77);
  EXPECT_TRUE(p->set(1, Value::f64(-77)));
  EXPECT_EQ(call("sum", {points->value()})[0].as_f64(), 999 * 500 - 154);
  EXPECT_TRUE(points->get(3)->same_ref(*points->get(3)));
}

TEST_F(GcTest, CastsAndI31s) {
  const Value point = call("make", {Value::i32(5)})[0];
  EXPECT_TRUE(point.is_a(*store, ValueType::anyref()));
  EXPECT_TRUE(point.is_a(*store, ValueType::structref().non_null()));
  EXPECT_TRUE(point.is_a(*store, type("point").ref()));
  EXPECT_FALSE(point.is_a(*store, type("named").ref()));
  EXPECT_FALSE(point.is_a(*store, ValueType::arrayref()));
  EXPECT_FALSE(point.is_a(*store, ValueType::externref()));
  EXPECT_FALSE(point.as_i31());
  // By what it is, whatever its static type.
  const Value any = call("same", {point})[0];
  EXPECT_EQ(any.type(), ValueType::anyref());
  EXPECT_TRUE(any.is_a(*store, type("point").ref().non_null()));
  EXPECT_EQ(StructRef::from(any)->get(0)->as_i32(), 5);
  EXPECT_EQ(*StructRef::from(any), *StructRef::from(point));
  EXPECT_EQ(ArrayRef::from(any).error().id(), "wrong_object_type");
  EXPECT_EQ(StructRef::from(Value::i32(1)).error().id(), "wrong_object_type");
  EXPECT_EQ(StructRef::from(Value::null_ref(ValueType::anyref())).error().message(),
            "the type is null: a struct is needed");

  for (int32_t n : {0, 1, -1, (1 << 30) - 1, -(1 << 30)}) {
    EXPECT_EQ(Value::i31(n).as_i31(), n);
    EXPECT_EQ(call("number", {Value::i31(n)})[0].as_i32(), n);
    EXPECT_EQ(call("same", {Value::i31(n)})[0].as_i31(), n);
  }
  EXPECT_TRUE(Value::i31(3).is_a(*store, ValueType::eqref()));
  EXPECT_FALSE(Value::i31(3).is_a(*store, ValueType::structref()));
  EXPECT_FALSE(Value::i31(3).is_null());
  EXPECT_EQ(StructRef::from(Value::i31(3)).error().id(), "wrong_object_type");
  EXPECT_FALSE(Value::null_ref(ValueType::anyref()).as_i31());
  EXPECT_FALSE(Value::func(*guest.func("make")).as_i31());

  // Between the hierarchies, and back.
  const Value external = *Value::external(*store, 42);
  const Value inside = call("same", {external.to_any()})[0];
  EXPECT_EQ(*inside.to_extern().external<int>(), 42);
  EXPECT_TRUE(point.to_extern().is_a(*store, ValueType::externref()));
  EXPECT_TRUE(point.to_extern().to_any().same_ref(point));
  EXPECT_EQ(Value::i32(3).to_any().type(), ValueType::i32());
  EXPECT_EQ(Value::func(*guest.func("make")).to_extern().type(), ValueType::funcref());
}

TEST_F(GcTest, OtherStoresAndTheEnd) {
  auto point = StructRef::make(*store, type("point"), {Value::i32(1), Value::f64(1)});
  ashlar::Store other(engine);
  // A type is good in all stores of the engine, before any instance.
  auto there = StructRef::make(other, type("point"), {Value::i32(2), Value::f64(2)});
  ASSERT_TRUE(there) << there.error().to_string();
  auto points = ArrayRef::filled(*store, type("points"), 3, Value::null_ref(type("point").ref()));
  ASSERT_TRUE(points) << points.error().to_string();
  EXPECT_EQ(points->set(0, there->value()).error().id(), "foreign_store");
  EXPECT_EQ(guest.func("same")->call({there->value()}).error().id(), "foreign_store");
  EXPECT_FALSE(there->value().is_a(*store, ValueType::anyref()));
  ashlar::Engine foreign;
  ashlar::Store elsewhere(foreign);
  EXPECT_EQ(StructRef::make(elsewhere, type("point"), {Value::i32(2), Value::f64(2)}).error().id(), "foreign_store");
  store.reset();
  EXPECT_EQ(point->get(0).error().id(), "foreign_store");
  EXPECT_EQ(point->set(0, Value::i32(1)).error().id(), "foreign_store");
  EXPECT_EQ(points->size(), 0u);
  EXPECT_EQ(points->get(0).error().id(), "foreign_store");
  EXPECT_EQ(StructRef::from(point->value()).error().id(), "wrong_object_type");
}

TEST_F(GcTest, InHostFunctions) {
  ashlar::Linker linker(*store);
  const ObjectType bytes = type("bytes");
  linker.func("env", "upper", {{bytes.ref()}, {bytes.ref()}},
              [&](ashlar::Caller& caller, std::span<const Value> args, std::span<Value> results) -> ashlar::Status {
                auto in = ArrayRef::from(args[0]);
                if (!in) return std::unexpected(std::move(in).error());
                std::string text(in->size(), ' ');
                if (auto read = in->read(0, std::span(text)); !read) return read;
                for (char& letter : text) letter = static_cast<char>(std::toupper(letter));
                auto out = ArrayRef::of_numbers(caller, bytes, std::span<const char>(text));
                if (!out) return std::unexpected(std::move(out).error());
                results[0] = out->value();
                return {};
              });
  auto user = linker.instantiate(*ashlar::Module::compile(engine, R"((module
    (type $bytes (array (mut i8)))
    (import "env" "upper" (func $upper (param (ref null $bytes)) (result (ref null $bytes))))
    (func (export "run") (result (ref null $bytes))
      (call $upper (array.new_fixed $bytes 2 (i32.const 97) (i32.const 98))))))"));
  ASSERT_TRUE(user) << user.error().to_string();
  auto out = ArrayRef::from((*user->func("run")->call())[0]);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->get(0)->as_i32(), 'A');
  EXPECT_EQ(out->get(1)->as_i32(), 'B');
}

}  // namespace

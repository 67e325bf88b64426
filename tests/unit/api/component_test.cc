// Components through the public interface: values, typed calls, host functions, resources, linking, errors.
#include <gtest/gtest.h>

#include "ashlar/ashlar.h"

namespace {

using ashlar::Val;

struct Point {
  uint32_t x = 0;
  std::string name;
  std::vector<float> data;
  static constexpr auto fields = std::tuple(ashlar::WitField{"x", &Point::x}, ashlar::WitField{"name", &Point::name},
                                            ashlar::WitField{"data", &Point::data});
};
struct Shape {
  std::variant<std::monostate, uint32_t, std::string> value;
  static constexpr std::array cases{"none", "circle", "text"};
};
enum class Color : uint32_t { red, dark_blue };
constexpr auto wit_labels(Color) { return std::array{"red", "dark-blue"}; }
struct Modes {
  uint32_t bits = 0;
  static constexpr std::array labels{"read", "write"};
};

/// Exports functions that hand what they are given to the imports of the same names, and back.
constexpr std::string_view kThrough = R"((component
  (type $point' (record (field "x" u32) (field "name" string) (field "data" (list f32))))
  (type $shape' (variant (case "none") (case "circle" u32) (case "text" string)))
  (import "test:host/api@1.0.0" (instance $host
    (alias outer 1 $point' (type $p)) (export "point" (type $point (eq $p)))
    (alias outer 1 $shape' (type $s)) (export "shape" (type $shape (eq $s)))
    (type $c (enum "red" "dark-blue")) (export "color" (type $color (eq $c)))
    (type $m (flags "read" "write")) (export "modes" (type $modes (eq $m)))
    (export "change" (func (param "p" $point) (param "by" u32) (result (result $point (error string)))))
    (export "turn" (func (param "s" $shape) (param "c" $color) (param "m" $modes)
      (result (tuple $shape $color $modes))))))
  (alias export $host "point" (type $point))
  (alias export $host "shape" (type $shape))
  (alias export $host "color" (type $color))
  (alias export $host "modes" (type $modes))
  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (core func $change (canon lower (func $host "change") (memory $memory "memory") (realloc (func $memory "realloc"))))
  (core func $turn (canon lower (func $host "turn") (memory $memory "memory") (realloc (func $memory "realloc"))))
  (core module $main
    (import "host" "change" (func $change (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "turn" (func $turn (param i32 i32 i32 i32 i32 i32)))
    (func (export "change") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $change (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 512))
      (i32.const 512))
    (func (export "turn") (param i32 i32 i32 i32 i32) (result i32)
      (call $turn (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (i32.const 512))
      (i32.const 512)))
  (core instance $main (instantiate $main (with "host" (instance
    (export "change" (func $change)) (export "turn" (func $turn))))))
  (func $change' (param "p" $point) (param "by" u32) (result (result $point (error string)))
    (canon lift (core func $main "change") (memory $memory "memory") (realloc (func $memory "realloc"))))
  (func $turn' (param "s" $shape) (param "c" $color) (param "m" $modes) (result (tuple $shape $color $modes))
    (canon lift (core func $main "turn") (memory $memory "memory") (realloc (func $memory "realloc"))))
  (instance $out (export "point" (type $point)) (export "shape" (type $shape)) (export "color" (type $color))
    (export "modes" (type $modes)) (export "change" (func $change')) (export "turn" (func $turn')))
  (export "test:guest/api@1.2.0" (instance $out))))";

struct ComponentTest : testing::Test {
  ashlar::Engine engine;
  ashlar::Store store{engine};
  ashlar::ComponentLinker linker;

  ashlar::Component compile(std::string_view text) const {
    auto component = ashlar::Component::compile(engine, text);
    EXPECT_TRUE(component) << component.error().to_string();
    return *component;
  }
  ashlar::ComponentInstance instantiate(std::string_view text) {
    auto instance = linker.instantiate(store, compile(text));
    EXPECT_TRUE(instance) << instance.error().to_string();
    return instance ? *instance : ashlar::ComponentInstance();
  }
  void give_host() {
    linker.func("test:host/api@1.0.0", "change", [](Point p, uint32_t by) -> std::expected<Point, std::string> {
      if (by == 0) return std::unexpected("by nothing");
      p.x += by;
      p.name += "!";
      for (float& f : p.data) f *= 2;
      return p;
    });
    linker.func("test:host/api@1.0.0", "turn", [](const Shape& s, Color c, Modes m) -> std::tuple<Shape, Color, Modes> {
      return {s, c == Color::red ? Color::dark_blue : Color::red, Modes{m.bits ^ 3}};
    });
  }
};

TEST_F(ComponentTest, TypedValuesPassBothWays) {
  give_host();
  const ashlar::ComponentInstance instance = instantiate(kThrough);
  auto change =
      instance.func<std::expected<Point, std::string>(const Point&, uint32_t)>("test:guest/api@1.0.0", "change");
  ASSERT_TRUE(change) << change.error().to_string();
  auto changed = change->call({7, "héllo", {1.5F, -2}}, 3);
  ASSERT_TRUE(changed) << changed.error().to_string();
  ASSERT_TRUE(*changed);
  EXPECT_EQ((*changed)->x, 10u);
  EXPECT_EQ((*changed)->name, "héllo!");
  EXPECT_EQ((*changed)->data, (std::vector<float>{3, -4}));
  auto refused = change->call({}, 0);
  ASSERT_TRUE(refused) << refused.error().to_string();
  EXPECT_EQ(refused->error(), "by nothing");

  auto turn = instance.func<std::tuple<Shape, Color, Modes>(Shape, Color, Modes)>("turn");
  ASSERT_TRUE(turn) << turn.error().to_string();
  auto turned = turn->call(Shape{"words"}, Color::red, Modes{1});
  ASSERT_TRUE(turned) << turned.error().to_string();
  EXPECT_EQ(std::get<2>(std::get<0>(*turned).value), "words");
  EXPECT_EQ(std::get<1>(*turned), Color::dark_blue);
  EXPECT_EQ(std::get<2>(*turned).bits, 2u);
}

TEST_F(ComponentTest, DynamicValuesAndText) {
  give_host();
  const ashlar::ComponentInstance instance = instantiate(kThrough);
  auto change = instance.func("change");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->type().to_string(),
            "func(p: record { x: u32, name: string, data: list<f32> }, by: u32) -> result<record { x: u32, name: "
            "string, data: list<f32> }, string>");
  std::vector<Val> fields;
  fields.push_back(Val::u32(1));
  fields.push_back(Val::string("a"));
  fields.push_back(Val::list({Val::f32(1), Val::f32(2)}));
  auto out = change->call({Val::record(std::move(fields)), Val::u32(5)});
  ASSERT_TRUE(out && *out) << out.error().to_string();
  EXPECT_EQ((*out)->index(), 0u);
  EXPECT_EQ((*out)->to_string(*change->type().result), "ok({x: 6, name: \"a!\", data: [2, 4]})");
  EXPECT_EQ((*out)->payload()->at(2).packed_kind(), ashlar::WitKind::F32);
  auto again = Val::parse("ok({x: 6, name: \"a!\", data: [2, 4]})", *change->type().result);
  ASSERT_TRUE(again);
  EXPECT_TRUE(**out == *again);

  auto text = instance.call_text("turn(circle(3), dark-blue, {write})");
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(*text, "(circle(3), red, {read})");
  auto wrong = instance.call_text("turn(circle(-3), dark-blue, {write})");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind(), ashlar::ErrorKind::Usage);
  EXPECT_EQ(wrong.error().column(), 13u) << wrong.error().to_string();
  auto few = change->call({Val::u32(1)});
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().kind(), ashlar::ErrorKind::Usage);
  auto bad = change->call({Val::u32(1), Val::u32(1)});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind(), ashlar::ErrorKind::Usage) << bad.error().to_string();
}

TEST_F(ComponentTest, UntypedHostFunctions) {
  give_host();
  linker.func("test:host/api@1.0.0", "turn",
              [](ashlar::ComponentCaller& caller, std::span<Val> args) -> ashlar::Result<Val> {
                if (args[1].index() == 0) return std::unexpected(ashlar::Error::trap("not red"));
                EXPECT_EQ(*caller.data<int>(), 4);
                std::vector<Val> all(std::make_move_iterator(args.begin()), std::make_move_iterator(args.end()));
                return Val::tuple(std::move(all));
              });
  store.set_data(4);
  const ashlar::ComponentInstance instance = instantiate(kThrough);
  EXPECT_EQ(*instance.call_text("turn(text(\"x\"), dark-blue, {read, write})"),
            "(text(\"x\"), dark-blue, {read, write})");
  auto trapped = instance.call_text("turn(%none, red, {})");
  ASSERT_FALSE(trapped);
  EXPECT_EQ(trapped.error().kind(), ashlar::ErrorKind::Trap);
  EXPECT_NE(trapped.error().message().find("not red"), std::string::npos);
  auto closed = instance.call_text("turn(%none, dark-blue, {})");
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message().find("cannot enter"), std::string::npos) << closed.error().to_string();
}

TEST_F(ComponentTest, ImportsExportsAndWhatIsMissing) {
  const ashlar::Component component = compile(kThrough);
  std::vector<std::string> names;
  for (const auto& i : component.imports()) names.push_back(i.interface + "#" + i.name);
  EXPECT_EQ(names, (std::vector<std::string>{"test:host/api@1.0.0#change", "test:host/api@1.0.0#turn"}));
  names.clear();
  for (const auto& e : component.exports()) names.push_back(e.name);
  EXPECT_EQ(names, (std::vector<std::string>{"point", "shape", "color", "modes", "change", "turn"}));
  EXPECT_EQ(component.exports()[0].interface, "test:guest/api@1.2.0");
  EXPECT_EQ(component.exports()[2].type->to_string(), "enum { red, dark-blue }");

  auto missing = linker.instantiate(store, component);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().id(), "component_import_missing");
  linker.func("test:host/api@1.1.0", "change", [](uint32_t) {});
  linker.func("test:host/api@1.1.0", "turn", [](uint32_t) {});
  auto wrong = linker.instantiate(store, component);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().id(), "component_import_type");

  ashlar::ComponentLinker good;
  std::swap(linker, good);
  give_host();
  const ashlar::ComponentInstance instance = instantiate(kThrough);
  auto mismatch = instance.func<uint32_t(const Point&, uint32_t)>("change");
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().id(), "component_signature");
  auto none = instance.func("test:guest/api@2.0.0", "change");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().id(), "no_such_component_func");
  EXPECT_NE(none.error().message().find("test:guest/api@1.2.0#change"), std::string::npos);
}

/// A resource of the guest: a number, with a destructor that counts.
constexpr std::string_view kCounter = R"((component
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (global $dropped (mut i32) (i32.const 0))
    (func (export "dtor") (param i32) (global.set $dropped (i32.add (global.get $dropped) (local.get 0))))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0))
    (func (export "take") (param i32) (result i32) (call $rep (local.get 0)))
    (func (export "take-two") (param i32 i32) (result i32)
      (i32.add (call $rep (local.get 0)) (call $rep (local.get 1))))
    (func (export "dropped") (result i32) (global.get $dropped)))
  (core module $shim
    (table (export "t") 1 funcref)
    (func (export "dtor") (param i32) (call_indirect (param i32) (local.get 0) (i32.const 0))))
  (core instance $shim (instantiate $shim))
  (type $counter (resource (rep i32) (dtor (func $shim "dtor"))))
  (core func $new (canon resource.new $counter))
  (core func $rep (canon resource.rep $counter))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "rep" (func $rep))))))
  (core module $fix (import "" "t" (table 1 funcref)) (import "" "dtor" (func $d (param i32)))
    (elem (i32.const 0) func $d))
  (core instance (instantiate $fix (with "" (instance (export "t" (table $shim "t")) (export "dtor" (func $m "dtor"))))))
  (export $c "counter" (type $counter))
  (func (export "[constructor]counter") (param "start" u32) (result (own $c)) (canon lift (core func $m "make")))
  (func (export "[method]counter.get") (param "self" (borrow $c)) (result u32) (canon lift (core func $m "get")))
  (func (export "take") (param "c" (own $c)) (result u32) (canon lift (core func $m "take")))
  (func (export "take-two") (param "c" (own $c)) (param "d" (own $c)) (result u32) (canon lift (core func $m "take-two")))
  (func (export "dropped") (result u32) (canon lift (core func $m "dropped")))))";

struct Counter : ashlar::OwnedResource {};

TEST_F(ComponentTest, ResourcesOfGuests) {
  const ashlar::ComponentInstance instance = instantiate(kCounter);
  const auto make = *instance.func<Counter(uint32_t)>("[constructor]counter");
  const auto get = *instance.func<uint32_t(const Counter&)>("[method]counter.get");
  const auto take = *instance.func<uint32_t(Counter)>("take");
  const auto dropped = *instance.func<uint32_t()>("dropped");
  {
    auto one = make(5);
    ASSERT_TRUE(one) << one.error().to_string();
    EXPECT_EQ(*get(*one), 5u);
    EXPECT_EQ(*dropped(), 0u);
  }
  EXPECT_EQ(*dropped(), 5u);
  Counter two = *make(7);
  EXPECT_EQ(*take(std::move(two)), 7u);
  EXPECT_FALSE(two);
  auto gone = get(two);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().id(), "bad_handle");
  EXPECT_EQ(*dropped(), 5u);

  // Handles as values: only their own instance takes them, and owned ones once.
  auto made = instance.func("[constructor]counter")->call({Val::u32(9)});
  const ashlar::ComponentInstance other = instantiate(kCounter);
  EXPECT_EQ(other.func("[method]counter.get")->call({**made}).error().id(), "bad_handle");
  EXPECT_EQ(other.func("take")->call({Val::resource(9)}).error().id(), "bad_handle");
  EXPECT_EQ((*instance.func("[method]counter.get")->call({**made}))->as_unsigned(), 9u);
  EXPECT_TRUE(instance.drop(**made));
  EXPECT_EQ(instance.drop(**made).error().id(), "bad_handle");
  EXPECT_EQ(*dropped(), 14u);

  Counter kept = *make(1);
  store = ashlar::Store(engine);
  EXPECT_TRUE(kept.drop());
}

TEST_F(ComponentTest, CallsThatAreRefusedGiveNothingAway) {
  const ashlar::ComponentInstance instance = instantiate(kCounter);
  const auto take_two = *instance.func("take-two");
  const auto make = *instance.func("[constructor]counter");
  const auto one = *make.call({Val::u32(5)}), two = *make.call({Val::u32(6)});
  EXPECT_EQ(take_two.call({*one, Val::resource(99)}).error().id(), "bad_handle");
  EXPECT_EQ(take_two.call({*one, *one}).error().id(), "bad_handle");
  EXPECT_EQ(take_two.call({*one, Val::u32(1)}).error().kind(), ashlar::ErrorKind::Usage);
  EXPECT_EQ(take_two.call({*one}).error().kind(), ashlar::ErrorKind::Usage);
  // Neither is the instance hurt.
  EXPECT_EQ((*take_two.call({*one, *two}))->as_unsigned(), 11u);
  EXPECT_EQ(instance.drop(*one).error().id(), "bad_handle");

  // Typed calls have taken what they were given: it goes.
  const auto typed = *instance.func<uint32_t(Counter, Counter)>("take-two");
  const auto typed_make = *instance.func<Counter(uint32_t)>("[constructor]counter");
  const auto dropped = *instance.func<uint32_t()>("dropped");
  EXPECT_EQ(typed.call(*typed_make(7), Counter()).error().id(), "bad_handle");
  EXPECT_EQ(*dropped(), 7u);
  EXPECT_EQ(*typed.call(*typed_make(7), *typed_make(8)), 15u);
  EXPECT_EQ(*dropped(), 7u);
}

/// Uses a resource of the host: makes two, asks them, lends one, gives one back.
constexpr std::string_view kUser = R"((component
  (import "test:host/files@0.3.1" (instance $files
    (export "file" (type $f (sub resource)))
    (export "open" (func (param "size" u32) (result (own $f))))
    (export "size" (func (param "f" (borrow $f)) (result u32)))
    (export "close" (func (param "f" (own $f)) (result u32)))))
  (alias export $files "file" (type $file))
  (core func $open (canon lower (func $files "open")))
  (core func $size (canon lower (func $files "size")))
  (core func $close (canon lower (func $files "close")))
  (core func $drop (canon resource.drop $file))
  (core module $m
    (import "" "open" (func $open (param i32) (result i32)))
    (import "" "size" (func $size (param i32) (result i32)))
    (import "" "close" (func $close (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "run") (result i32) (local $a i32) (local $b i32)
      (local.set $a (call $open (i32.const 3)))
      (local.set $b (call $open (i32.const 40)))
      (i32.add (call $size (local.get $a)) (call $size (local.get $b)))
      (call $drop (local.get $a))
      (i32.add (i32.mul (call $close (local.get $b)) (i32.const 1000)))))
  (core instance $m (instantiate $m (with "" (instance (export "open" (func $open)) (export "size" (func $size))
    (export "close" (func $close)) (export "drop" (func $drop))))))
  (func (export "run") (result u32) (canon lift (core func $m "run")))))";

struct File {
  uint32_t size;
  int& alive;
  File(uint32_t s, int& a) : size(s), alive(a) { ++alive; }
  File(const File&) = delete;
  ~File() { --alive; }
};

TEST_F(ComponentTest, ResourcesOfTheHost) {
  int alive = 0;
  const char* const files = "test:host/files@0.3.0";
  linker.resource<File>(files, "file");
  linker.func(files, "open", [&](uint32_t size) { return std::make_unique<File>(size, alive); });
  linker.func(files, "size", [](File& f) { return f.size; });
  linker.func(files, "close", [&](std::unique_ptr<File> f) {
    EXPECT_EQ(alive, 1);
    return f->size;
  });
  EXPECT_EQ(*instantiate(kUser).call_text("run()"), "40043");
  EXPECT_EQ(alive, 0);

  std::vector<uint32_t> dropped;
  ashlar::ComponentLinker numbers;
  numbers.resource(files, "file", [&](uint32_t rep) { dropped.push_back(rep); });
  using Args = std::span<Val>;
  using Caller = ashlar::ComponentCaller;
  numbers.func(files, "open",
               [](Caller&, Args a) -> ashlar::Result<Val> { return Val::resource(a[0].as_unsigned() + 1); });
  numbers.func(files, "size", [](Caller&, Args a) -> ashlar::Result<Val> { return Val::u32(a[0].rep()); });
  numbers.func(files, "close", [](Caller&, Args a) -> ashlar::Result<Val> { return Val::u32(a[0].rep()); });
  auto instance = numbers.instantiate(store, compile(kUser));
  ASSERT_TRUE(instance) << instance.error().to_string();
  EXPECT_EQ(*instance->call_text("run"), "41045");
  EXPECT_EQ(dropped, (std::vector<uint32_t>{4}));
}

TEST_F(ComponentTest, AnInstanceForAnother) {
  give_host();
  const ashlar::ComponentInstance first = instantiate(kThrough);
  std::string text(kThrough);
  const auto replace = [&](std::string_view from, std::string_view to) {
    text.replace(text.find(from), from.size(), to);
  };
  replace("test:host/api@1.0.0", "test:guest/api@1.0.0");
  replace("test:guest/api@1.2.0", "test:outer/api@1.0.0");
  ashlar::ComponentLinker second;
  ASSERT_TRUE(second.define_instance("test:guest/api@1.2.0", first));
  auto outer = second.instantiate(store, compile(text));
  ASSERT_TRUE(outer) << outer.error().to_string();
  EXPECT_EQ(*outer->call_text("change({x: 1, name: \"n\", data: [3]}, 2)"), "ok({x: 3, name: \"n!\", data: [6]})");
  EXPECT_EQ(second.define_instance("no:such/thing", first).error().kind(), ashlar::ErrorKind::Link);
  ashlar::Store elsewhere(engine);
  EXPECT_EQ(second.instantiate(elsewhere, compile(text)).error().id(), "foreign_store");
}

TEST_F(ComponentTest, AnInstanceWhoseStoreHasEnded) {
  ashlar::ComponentLinker second;
  {
    ashlar::Store gone(engine);
    give_host();
    auto first = linker.instantiate(gone, compile(kThrough));
    ASSERT_TRUE(first) << first.error().to_string();
    ASSERT_TRUE(second.define_instance("test:guest/api@1.2.0", *first));
  }
  EXPECT_EQ(second.instantiate(store, compile(kThrough)).error().id(), "foreign_store");
}

/// Functions of strings and lists of numbers, which call the host's: each passes its arguments on. ENC stands for an
/// encoding.
constexpr std::string_view kTexts = R"((component
  (import "test:host/text@1.0.0" (instance $host
    (export "shout" (func (param "s" string) (param "n" u8) (result string)))
    (export "total" (func (param "l" (list u16)) (param "scale" f64) (result f64)))
    (export "halves" (func (param "l" (list f32)) (result (list f32))))
    (export "note" (func (param "s" string) (param "yes" bool)))))
  (core module $memory
    (memory (export "memory") 1 4)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.const 3)))))
      (memory.copy (local.get $at) (local.get 0) (local.get 1))
      (local.get $at))
    (func (export "reset") (param i32) (global.set $next (i32.const 1024))))
  (core instance $memory (instantiate $memory))
  (core func $shout (canon lower (func $host "shout") (memory $memory "memory") (realloc (func $memory "realloc"))
    string-encoding=ENC))
  (core func $total (canon lower (func $host "total") (memory $memory "memory")))
  (core func $halves (canon lower (func $host "halves") (memory $memory "memory") (realloc (func $memory "realloc"))))
  (core func $note (canon lower (func $host "note") (memory $memory "memory") string-encoding=ENC))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "shout" (func $shout (param i32 i32 i32 i32)))
    (import "host" "total" (func $total (param i32 i32 f64) (result f64)))
    (import "host" "halves" (func $halves (param i32 i32 i32)))
    (import "host" "note" (func $note (param i32 i32 i32)))
    (func $pair (param i32 i32) (result i32)
      (i32.store (i32.const 512) (local.get 0)) (i32.store (i32.const 516) (local.get 1)) (i32.const 512))
    (func (export "shout") (param i32 i32 i32) (result i32)
      (call $shout (local.get 0) (local.get 1) (local.get 2) (i32.const 512)) (i32.const 512))
    (func (export "echo") (param i32 i32) (result i32) (call $pair (local.get 0) (local.get 1)))
    (func (export "total") (param i32 i32 f64) (result f64) (call $total (local.get 0) (local.get 1) (local.get 2)))
    (func (export "halves") (param i32 i32) (result i32)
      (call $halves (local.get 0) (local.get 1) (i32.const 512)) (i32.const 512))
    (func (export "note") (param i32 i32 i32) (call $note (local.get 0) (local.get 1) (local.get 2)))
    (func (export "wild") (result i32) (call $pair (i32.const 0x7ffffff0) (i32.const 4)))
    (func (export "ill") (result i32) (i32.store (i32.const 600) (i32.const 0xdfffdfff))
      (call $pair (i32.const 600) (i32.const 0x80000002)))
    (func (export "odd") (result f64) (call $total (i32.const 1) (i32.const 2) (f64.const 1)))
    (func (export "beyond") (call $note (i32.const 0x7ffffff0) (i32.const 8) (i32.const 1))))
  (core instance $main (instantiate $main (with "host" (instance (export "memory" (memory $memory "memory"))
    (export "shout" (func $shout)) (export "total" (func $total)) (export "halves" (func $halves))
    (export "note" (func $note))))))
  (func (export "shout") (param "s" string) (param "n" u8) (result string) (canon lift (core func $main "shout")
    (memory $memory "memory") (realloc (func $memory "realloc")) string-encoding=ENC (post-return (func $memory "reset"))))
  (func (export "echo") (param "l" (list u32)) (result (list u32)) (canon lift (core func $main "echo")
    (memory $memory "memory") (realloc (func $memory "realloc")) (post-return (func $memory "reset"))))
  (func (export "total") (param "l" (list u16)) (param "scale" f64) (result f64) (canon lift (core func $main "total")
    (memory $memory "memory") (realloc (func $memory "realloc"))))
  (func (export "halves") (param "l" (list f32)) (result (list f32)) (canon lift (core func $main "halves")
    (memory $memory "memory") (realloc (func $memory "realloc")) (post-return (func $memory "reset"))))
  (func (export "note") (param "s" string) (param "yes" bool) (canon lift (core func $main "note")
    (memory $memory "memory") (realloc (func $memory "realloc")) string-encoding=ENC))
  (func (export "wild") (result string) (canon lift (core func $main "wild") (memory $memory "memory")))
  (func (export "ill") (result string)
    (canon lift (core func $main "ill") (memory $memory "memory") string-encoding=latin1+utf16))
  (func (export "odd") (result f64) (canon lift (core func $main "odd")))
  (func (export "beyond") (canon lift (core func $main "beyond")))))";

/// By C++ types without values between, in each encoding of the guest.
struct DirectCalls : ComponentTest, testing::WithParamInterface<const char*> {
  std::string noted;
  std::string text() const {
    std::string out(kTexts);
    for (size_t at = 0; (at = out.find("ENC", at)) != std::string::npos;) out.replace(at, 3, GetParam());
    return out;
  }
  ashlar::ComponentInstance make() {
    constexpr const char* kHost = "test:host/text@1.0.0";
    linker.func(kHost, "shout", [](std::string_view s, uint8_t n) -> ashlar::Result<std::string> {
      if (n == 13) return std::unexpected(ashlar::Error::trap("not that one"));
      return std::string(s) + std::string(n, '!');
    });
    linker.func(kHost, "total", [](std::span<const uint16_t> l, double scale) {
      double out = 0;
      for (const uint16_t v : l) out += v;
      return out * scale;
    });
    linker.func(kHost, "halves", [](ashlar::ComponentCaller& caller, const std::vector<float>& l) {
      EXPECT_EQ(caller.type().params.size(), 1u);
      std::vector<float> out;
      for (const float v : l) out.push_back(v / 2);
      return out;
    });
    linker.func(kHost, "note", [this](std::string s, bool yes) { noted = (yes ? "yes " : "no ") + s; });
    return instantiate(text());
  }
  static std::vector<std::string> samples() {
    std::string many, ascii(1000, 'x');
    for (int i = 0; i < 40; ++i) many += "aé漢😀 words ";
    return {"", "a", "héllo", "漢字", many, ascii, ascii + "é", ascii + "字"};
  }
};

TEST_P(DirectCalls, StringsAndLists) {
  const ashlar::ComponentInstance instance = make();
  auto shout = instance.func<std::string(std::string_view, uint8_t)>("shout");
  ASSERT_TRUE(shout) << shout.error().to_string();
  auto note = instance.func<void(const std::string&, bool)>("note");
  ASSERT_TRUE(note) << note.error().to_string();
  for (const std::string& s : samples()) {
    auto out = shout->call(s, 3);
    ASSERT_TRUE(out) << out.error().to_string();
    EXPECT_EQ(*out, s + "!!!");
    // The same by values.
    auto value = instance.func("shout")->call({Val::string(s), Val::u8(1)});
    ASSERT_TRUE(value && *value) << value.error().to_string();
    EXPECT_EQ((*value)->as_string(), s + "!");
    ASSERT_TRUE(note->call(s, true));
    EXPECT_EQ(noted, "yes " + s);
  }
  auto echo = instance.func<std::vector<uint32_t>(std::span<const uint32_t>)>("echo");
  ASSERT_TRUE(echo) << echo.error().to_string();
  std::vector<uint32_t> numbers;
  // Some do not fit in what memory there is at first.
  for (const size_t size : {0, 1, 1000, 20'000}) {
    while (numbers.size() < size) numbers.push_back(static_cast<uint32_t>(numbers.size() * 0x01010101u));
    EXPECT_EQ(echo->call(numbers), numbers);
  }
  auto total = instance.func<double(std::vector<uint16_t>, double)>("total");
  ASSERT_TRUE(total) << total.error().to_string();
  EXPECT_EQ(total->call({1, 2, 65535}, 0.5), 32769.0);
  auto halves = instance.func<std::vector<float>(std::span<const float>)>("halves");
  ASSERT_TRUE(halves) << halves.error().to_string();
  EXPECT_EQ(halves->call(std::vector<float>{3, -5}), (std::vector<float>{1.5F, -2.5F}));
}

TEST_P(DirectCalls, WhatIsRefusedHasDoneNothing) {
  const ashlar::ComponentInstance instance = make();
  auto shout = instance.func<std::string(std::string_view, uint8_t)>("shout");
  for (const char* bad : {"\xff", "a\xc3", "\xed\xa0\x80"}) {
    auto refused = shout->call(bad, 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ashlar::ErrorKind::Usage) << refused.error().to_string();
  }
  EXPECT_EQ(shout->call("fine", 1), "fine!");
  auto trapped = shout->call("x", 13);
  ASSERT_FALSE(trapped);
  EXPECT_EQ(trapped.error().kind(), ashlar::ErrorKind::Trap);
  EXPECT_NE(trapped.error().message().find("not that one"), std::string::npos);
  auto closed = shout->call("fine", 1);
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message().find("cannot enter"), std::string::npos) << closed.error().to_string();
}

TEST_P(DirectCalls, GuestsThatPointElsewhere) {
  const auto fails = [&](const char* name, auto signature, const char* why) {
    const ashlar::ComponentInstance instance = make();
    auto f = instance.func<std::remove_pointer_t<decltype(signature)>>(name);
    ASSERT_TRUE(f) << f.error().to_string();
    auto out = f->call();
    ASSERT_FALSE(out) << name;
    EXPECT_EQ(out.error().kind(), ashlar::ErrorKind::Trap) << out.error().to_string();
    EXPECT_NE(out.error().message().find(why), std::string::npos) << out.error().to_string();
  };
  fails("wild", static_cast<std::string (*)()>(nullptr), "bounds");
  fails("ill", static_cast<std::string (*)()>(nullptr), "UTF-16");
  fails("odd", static_cast<double (*)()>(nullptr), "aligned");
  fails("beyond", static_cast<void (*)()>(nullptr), "bounds");
}

INSTANTIATE_TEST_SUITE_P(Encodings, DirectCalls, testing::Values("utf8", "utf16", "latin1+utf16"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '+');
                           return name;
                         });

TEST_F(ComponentTest, ErrorsOfLoading) {
  EXPECT_EQ(ashlar::Component::compile(engine, "(component (import").error().kind(), ashlar::ErrorKind::Malformed);
  EXPECT_EQ(ashlar::Component::compile(engine, "(component (export \"f\" (func 3)))").error().kind(),
            ashlar::ErrorKind::Invalid);
  EXPECT_EQ(ashlar::Component::from_file(engine, "/no/such/file").error().kind(), ashlar::ErrorKind::Io);
  const ashlar::Engine other;
  auto component = ashlar::Component::compile(other, kCounter);
  EXPECT_EQ(linker.instantiate(store, *component).error().id(), "foreign_component");
  EXPECT_EQ(instantiate(kCounter).run().error().kind(), ashlar::ErrorKind::Link);
}

TEST_F(ComponentTest, Wasi) {
  linker.define_wasi(ashlar::WasiConfig().args({"hello", "one", "two"}));
  auto component = ashlar::Component::from_file(engine, "examples/components/hello.wat");
  ASSERT_TRUE(component) << component.error().to_string();
  auto instance = linker.instantiate(store, *component);
  ASSERT_TRUE(instance) << instance.error().to_string();
  testing::internal::CaptureStdout();
  const ashlar::Status done = instance->run();
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(done) << done.error().to_string();
  EXPECT_NE(out.find("one"), std::string::npos) << out;
}

TEST_F(ComponentTest, WasiSettings) {
  std::string log;
  linker.define_wasi(ashlar::WasiConfig().config("a", "b").key_value().logging(
      [&](ashlar::LogLevel level, std::string_view context, std::string_view message) {
        if (level == ashlar::LogLevel::Warn) log += std::string(context) + ":" + std::string(message) + "\n";
      }));
  auto component = ashlar::Component::from_file(engine, "tests/component/keyvalue.wat");
  ASSERT_TRUE(component) << component.error().to_string();
  // What is stored is there for the next.
  for (const char* expected : {"5", "10"}) {
    auto instance = linker.instantiate(store, *component);
    ASSERT_TRUE(instance) << instance.error().to_string();
    EXPECT_EQ(*instance->call_text("run()"), expected);
  }
  EXPECT_EQ(log, "keyvalue:stored\nkeyvalue:stored\n");
  ashlar::ComponentLinker other;
  other.define_wasi();
  EXPECT_EQ(other.instantiate(store, *component).error().id(), "component_import_missing");
}

TEST_F(ComponentTest, WasiNetwork) {
  auto component = ashlar::Component::from_file(engine, "tests/component/sockets.wat");
  ASSERT_TRUE(component) << component.error().to_string();
  const auto answer = [&](ashlar::WasiConfig config, const char* call) {
    ashlar::ComponentLinker with;
    with.define_wasi(std::move(config));
    auto instance = with.instantiate(store, *component);
    if (!instance) return std::string(instance.error().id());
    auto out = instance->call_text(call);
    return out ? *out : out.error().to_string();
  };
  using Config = ashlar::WasiConfig;
  EXPECT_EQ(answer(Config(), "bind(0)"), "1");
  EXPECT_EQ(answer(Config().allow_net("10.0.0.0/8").allow_net("localhost"), "bind(0)"), "99");
  EXPECT_EQ(answer(Config(), "resolve(\"localhost\")"), "1");
  EXPECT_EQ(answer(Config().allow_name_lookup(), "resolve(\"a b\")"), "3");
  EXPECT_EQ(answer(Config().allow_net("10.0.0.0/33"), "bind(0)"), "bad_network_rule");

  // Preview 1 has no such grants.
  ashlar::Linker modules(store);
  modules.define_wasi(Config().allow_name_lookup());
  auto module = ashlar::Module::compile(engine, R"((module
    (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))))");
  ASSERT_TRUE(module);
  EXPECT_EQ(modules.instantiate(*module).error().id(), "not_implemented");
}

TEST_F(ComponentTest, PreparedOnceInstantiatedOften) {
  linker.define_wasi(ashlar::WasiConfig().config("a", "b").key_value().logging([](auto, auto, auto) {}));
  auto component = ashlar::Component::from_file(engine, "tests/component/keyvalue.wat");
  ASSERT_TRUE(component) << component.error().to_string();
  auto prepared = linker.prepare(*component);
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  for (int i = 1; i < 5; ++i) {
    ashlar::Store own(engine);
    auto instance = prepared->instantiate(own);
    ASSERT_TRUE(instance) << instance.error().to_string();
    auto again = prepared->instantiate(own);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(*instance->call_text("run()"), std::to_string(10 * i - 5));
    EXPECT_EQ(*again->call_text("run()"), std::to_string(10 * i));
  }
  // A store of another engine, and what is missing.
  ashlar::Engine other_engine;
  ashlar::Store other(other_engine);
  EXPECT_EQ(prepared->instantiate(other).error().id(), "foreign_component");
  auto without = ashlar::ComponentLinker().prepare(*component);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->instantiate(store).error().id(), "component_import_missing");
  EXPECT_EQ(without->instantiate(store).error().id(), "component_import_missing");
}

TEST_F(ComponentTest, PreparedWithTheHostsObjects) {
  const ashlar::ComponentInstance counter = instantiate(kCounter);
  auto prepared = ashlar::ComponentLinker().prepare(counter.component());
  ASSERT_TRUE(prepared);
  ashlar::OwnedResource left;
  for (int i = 0; i < 3; ++i) {
    ashlar::Store own(engine);
    auto instance = prepared->instantiate(own);
    ASSERT_TRUE(instance) << instance.error().to_string();
    // A handle of an earlier instance in the same place is none of this one.
    auto made = instance->func<Counter(uint32_t)>("[constructor]counter")->call(5);
    ASSERT_TRUE(made);
    EXPECT_EQ(*instance->func<uint32_t(const Counter&)>("[method]counter.get")->call(*made), 5u);
    EXPECT_EQ(*instance->func<uint32_t()>("dropped")->call(), 0u);
    left = std::move(*made);
  }
  EXPECT_TRUE(left.drop());
}

/// Says of standard input's stream that it is something to wait for, and asks whether it is ready.
constexpr std::string_view kConfused = R"((component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:cli/stdin@0.2.0" (instance $stdin
    (alias outer 1 $pollable (type $t))
    (export "get-stdin" (func (result (own $t))))))
  (core func $ready (canon lower (func $poll "[method]pollable.ready")))
  (core func $get (canon lower (func $stdin "get-stdin")))
  (core module $m
    (import "" "ready" (func $ready (param i32) (result i32)))
    (import "" "get" (func $get (result i32)))
    (func (export "run") (result i32) (call $ready (call $get))))
  (core instance $m (instantiate $m (with "" (instance (export "ready" (func $ready)) (export "get" (func $get))))))
  (func (export "run") (result bool) (canon lift (core func $m "run")))))";

TEST_F(ComponentTest, ResourcesAreNotTakenForEachOther) {
  linker.define_wasi();
  EXPECT_EQ(linker.instantiate(store, compile(kConfused)).error().id(), "component_import_type");

  // Nor do functions of the host's program take those of others.
  ashlar::ComponentLinker own;
  own.define_wasi();
  own.func("wasi:cli/stdin@0.2.0", "get-stdin", [] { return std::make_unique<int>(3); });
  EXPECT_EQ(own.instantiate(store, compile(kConfused)).error().id(), "component_import_type");
}

/// An interface of another component's counters, which names them `%`.
std::string counters_user(std::string_view resource) {
  std::string text = R"((component
  (import "test:counters/api@1.0.0" (instance $api
    (export "counter" (type $c (sub resource)))
    (export "other" (type $o (sub resource)))
    (export "make" (func (param "start" u32) (result (own %))))
    (export "get" (func (param "c" (borrow $c)) (result u32)))))
  (core func $make (canon lower (func $api "make")))
  (core func $get (canon lower (func $api "get")))
  (core module $m
    (import "" "make" (func $make (param i32) (result i32)))
    (import "" "get" (func $get (param i32) (result i32)))
    (func (export "run") (result i32) (call $get (call $make (i32.const 8)))))
  (core instance $m (instantiate $m (with "" (instance (export "make" (func $make)) (export "get" (func $get))))))
  (func (export "run") (result u32) (canon lift (core func $m "run")))))";
  return text.replace(text.find('%'), 1, resource);
}

TEST_F(ComponentTest, ResourcesOfAnotherInstance) {
  constexpr std::string_view kCounters = R"((component
  (type $counter (resource (rep i32)))
  (type $other (resource (rep i32)))
  (core func $new (canon resource.new $counter))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func $make (param "start" u32) (result (own $counter)) (canon lift (core func $m "make")))
  (func $get (param "c" (borrow $counter)) (result u32) (canon lift (core func $m "get")))
  (instance $out (export "counter" (type $counter)) (export "other" (type $other)) (export "make" (func $make))
    (export "get" (func $get)))
  (export "test:counters/api@1.0.0" (instance $out))))";
  const ashlar::ComponentInstance counters = instantiate(kCounters);
  ASSERT_TRUE(linker.define_instance("test:counters/api@1.0.0", counters));
  EXPECT_EQ(*instantiate(counters_user("$c")).call_text("run()"), "8");
  EXPECT_EQ(linker.instantiate(store, compile(counters_user("$o"))).error().id(), "component_import_type");
}

TEST_F(ComponentTest, WasiThatComponentsDoNotHave) {
  linker.define_wasi(ashlar::WasiConfig().listen("127.0.0.1:0"));
  EXPECT_EQ(linker.instantiate(store, compile(kCounter)).error().id(), "not_implemented");
  linker.define_wasi(ashlar::WasiConfig().threads(2));
  EXPECT_EQ(linker.instantiate(store, compile(kCounter)).error().id(), "not_implemented");
}

}  // namespace

// Two modules linked together: a library of shapes, and a program that uses it. One linker serves many stores.
#include <ashlar/ashlar.h>

#include <cstdio>
#include <string>

namespace {

// The library exports a memory and a function that reads points from it; it asks the host for the scale.
constexpr std::string_view kShapes = R"((module $shapes
  (import "host" "scale" (func $scale (result f64)))
  (memory (export "memory") 1)
  ;; The area of the triangle of three points (x, y as f64) at $at.
  (func (export "area") (param $at i32) (result f64)
    (local $x f64) (local $y f64)
    (local.set $x (f64.load (local.get $at)))
    (local.set $y (f64.load offset=8 (local.get $at)))
    (f64.mul (f64.mul (call $scale) (f64.const 0.5))
      (f64.abs (f64.sub
        (f64.mul (f64.sub (f64.load offset=16 (local.get $at)) (local.get $x))
                 (f64.sub (f64.load offset=40 (local.get $at)) (local.get $y)))
        (f64.mul (f64.sub (f64.load offset=32 (local.get $at)) (local.get $x))
                 (f64.sub (f64.load offset=24 (local.get $at)) (local.get $y)))))))))";

// The program imports both: it writes points into the library's memory and calls the library's function.
constexpr std::string_view kProgram = R"((module $program
  (import "shapes" "memory" (memory 1))
  (import "shapes" "area" (func $area (param i32) (result f64)))
  (func (export "right_triangle") (param $a f64) (param $b f64) (result f64)
    (f64.store (i32.const 0) (f64.const 0))  (f64.store (i32.const 8) (f64.const 0))
    (f64.store (i32.const 16) (local.get $a)) (f64.store (i32.const 24) (f64.const 0))
    (f64.store (i32.const 32) (f64.const 0)) (f64.store (i32.const 40) (local.get $b))
    (call $area (i32.const 0)))))";

/// What belongs to one store: host functions find it by Caller::data().
struct Settings {
  double scale = 1;
};

int fail(const ashlar::Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

int run() {
  ashlar::Engine engine;
  auto shapes = ashlar::Module::compile(engine, kShapes);
  if (!shapes) return fail(shapes.error());
  auto program = ashlar::Module::compile(engine, kProgram);
  if (!program) return fail(program.error());

  ashlar::Linker linker(engine);

  // Without the library nothing fits, and the error says all that is missing.
  auto too_early = linker.prepare(*program);
  std::printf("%s\n", too_early ? "?" : too_early.error().to_string().c_str());

  linker.func("host", "scale", [](ashlar::Caller& caller) { return caller.data<Settings>()->scale; });
  // Each store gets an instance of the library when the first of its exports is needed there.
  if (ashlar::Status defined = linker.define_module("shapes", *shapes); !defined) return fail(defined.error());
  auto prepared = linker.prepare(*program);
  if (!prepared) return fail(prepared.error());

  // From here on threads could go on alone: the linker and what it prepared are only read.
  for (double scale : {1.0, 10.0}) {
    ashlar::Store store(engine);
    store.set_data(Settings{scale});
    auto instance = prepared->instantiate(store);
    if (!instance) return fail(instance.error());
    auto area = instance->func<double(double, double)>("right_triangle");
    if (!area) return fail(area.error());
    auto answer = area->call(3, 4);
    if (!answer) return fail(answer.error());
    std::printf("scale %g: area %g\n", scale, *answer);
  }
  return 0;
}

}  // namespace

int main() { return run(); }

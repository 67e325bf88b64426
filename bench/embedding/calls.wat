;; What a call costs: functions that do next to nothing, and loops that call the host.
(module
  (import "env" "nop" (func $nop))
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (import "env" "mix" (func $mix (param i64 f64 i32 f32) (result f64)))
  (func (export "nop"))
  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  (func (export "mix") (param i64 f64 i32 f32) (result f64)
    (f64.add (f64.add (f64.convert_i64_s (local.get 0)) (local.get 1))
             (f64.add (f64.convert_i32_s (local.get 2)) (f64.promote_f32 (local.get 3)))))
  (func (export "call_nop") (param $n i32)
    (loop $again
      (call $nop)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "call_add") (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (call $add (local.get $sum) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "call_mix") (param $n i32) (result f64)
    (local $sum f64)
    (loop $again
      (local.set $sum (call $mix (i64.const 1) (local.get $sum) (local.get $n) (f32.const 0.5)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))

;; Throws through ten frames and catches, $rounds times; with $throws zero, returns through the same frames.
;; Calls go through a table that anybody could change, so that no compiler makes one frame of several.
(module
  (tag $t (param i64))
  (type $down (func (param $depth i32) (param $n i64) (result i64)))
  (table (export "table") 1 funcref)
  (elem (i32.const 0) func $down)
  (global $rounds (export "rounds") (mut i64) (i64.const 5000000))
  (global $throws (export "throws") (mut i32) (i32.const 1))
  (memory (export "memory") 1)

  ;; Adds behind the call, so that it is no tail call.
  (func $down (type $down) (param $depth i32) (param $n i64) (result i64)
    (if (result i64) (i32.eqz (local.get $depth))
      (then
        (if (global.get $throws) (then (throw $t (local.get $n))))
        (local.get $n))
      (else
        (i64.add (i64.const 1)
          (call_indirect (type $down) (i32.sub (local.get $depth) (i32.const 1)) (local.get $n) (i32.const 0))))))

  ;; The depth 9 are ten frames: of the depths 9 to 0.
  (func $round (param $n i64) (result i64)
    (block $caught (result i64)
      (try_table (catch $t $caught)
        (return (i64.sub
          (call_indirect (type $down) (i32.const 9) (local.get $n) (i32.const 0))
          (i64.const 9))))
      (unreachable)))

  (func (export "_start") (local $n i64) (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (call $round (local.get $n))))
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $n) (global.get $rounds))))
    ;; Each round gives back its number.
    (if (i64.ne (local.get $sum)
          (i64.shr_u (i64.mul (global.get $rounds) (i64.sub (global.get $rounds) (i64.const 1))) (i64.const 1)))
      (then (unreachable)))))

;; References across throws: payloads, locals of frames that are left, exceptions that are kept and thrown again.
;; All of tests/wast/gc runs under --gc-stress, too: everything that is allocated may collect and move.

(module
  (type $cell (struct (field $value (mut i32)) (field $next (mut (ref null $cell)))))
  (type $bytes (array (mut i8)))
  (tag $one (param (ref $cell)))
  (tag $many (param i32 (ref null $cell) externref i64 anyref funcref))
  (global $kept (mut exnref) (ref.null exn))
  (table $exceptions 8 exnref)
  (elem declare func $churn)

  ;; Garbage of several sizes.
  (func $churn (param $n i32)
    (loop $again
      (drop (struct.new $cell (local.get $n) (ref.null $cell)))
      (drop (array.new_default $bytes (i32.and (local.get $n) (i32.const 127))))
      (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))

  (func $cell (param $value i32) (result (ref $cell)) (struct.new $cell (local.get $value) (ref.null $cell)))

  (func $throw_one (param $depth i32) (param $value i32)
    (local $own (ref null $cell))
    (local.set $own (call $cell (local.get $depth)))
    (if (i32.eqz (local.get $depth))
      (then (throw $one (struct.new $cell (local.get $value) (call $cell (i32.const 1000))))))
    (call $throw_one (i32.sub (local.get $depth) (i32.const 1)) (local.get $value))
    (if (i32.ne (struct.get $cell $value (local.get $own)) (local.get $depth)) (then (unreachable))))

  ;; A local of the frame that catches, and the payload, both used after more was allocated.
  (func (export "catch") (param $depth i32) (param $value i32) (result i32)
    (local $mine (ref $cell)) (local $caught (ref null $cell))
    (local.set $mine (call $cell (i32.const 10)))
    (block $handler (result (ref $cell))
      (try_table (catch $one $handler) (call $throw_one (local.get $depth) (local.get $value)))
      (return (i32.const -1)))
    (local.set $caught)
    (call $churn (i32.const 20))
    (i32.add
      (struct.get $cell $value (local.get $mine))
      (i32.add
        (struct.get $cell $value (local.get $caught))
        (struct.get $cell $value (struct.get $cell $next (local.get $caught))))))

  (func $throw_many (param $n i32)
    (throw $many
      (local.get $n)
      (call $cell (i32.const 2))
      (extern.convert_any (call $cell (i32.const 3)))
      (i64.const 4)
      (ref.i31 (i32.const 5))
      (ref.func $churn)))

  (func $sum_many (param i32 (ref null $cell) externref i64 anyref funcref) (result i32)
    (call $churn (i32.const 10))
    (if (ref.is_null (local.get 5)) (then (unreachable)))
    (i32.add (local.get 0)
      (i32.add (struct.get $cell $value (local.get 1))
        (i32.add (struct.get $cell $value (ref.cast (ref $cell) (any.convert_extern (local.get 2))))
          (i32.add (i32.wrap_i64 (local.get 3)) (i31.get_s (ref.cast (ref i31) (local.get 4))))))))

  (func (export "payload") (param $n i32) (result i32)
    (block $handler (result i32 (ref null $cell) externref i64 anyref funcref)
      (try_table (catch $many $handler) (call $throw_many (local.get $n)))
      (unreachable))
    (call $sum_many))

  ;; Kept in a global and in a table, thrown again later.
  (func (export "keep") (param $at i32) (param $n i32)
    (local $e exnref)
    (block $handler (result exnref)
      (try_table (catch_all_ref $handler) (call $throw_many (local.get $n)))
      (unreachable))
    (local.set $e)
    (global.set $kept (local.get $e))
    (table.set $exceptions (local.get $at) (local.get $e))
    (call $churn (i32.const 5)))
  (func (export "again") (param $at i32) (result i32)
    (call $churn (i32.const 30))
    (block $handler (result i32 (ref null $cell) externref i64 anyref funcref exnref)
      (try_table (catch_ref $many $handler) (throw_ref (table.get $exceptions (local.get $at))))
      (unreachable))
    (global.set $kept)
    (call $sum_many))
  (func (export "again_kept") (result i32)
    (block $handler (result i32 (ref null $cell) externref i64 anyref funcref)
      (try_table (catch $many $handler) (throw_ref (global.get $kept)))
      (unreachable))
    (call $sum_many))

  ;; Each round catches, allocates, and throws on a payload that grew by one.
  (func (export "relay") (param $rounds i32) (result i32)
    (local $list (ref null $cell)) (local $sum i32)
    (loop $next
      (block $handler (result (ref $cell))
        (try_table (catch $one $handler)
          (throw $one (struct.new $cell (local.get $rounds) (local.get $list))))
        (unreachable))
      (local.set $list)
      (call $churn (i32.const 2))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (loop $count
      (local.set $sum (i32.add (local.get $sum) (struct.get $cell $value (local.get $list))))
      (br_if $count (i32.eqz (ref.is_null (local.tee $list (struct.get $cell $next (local.get $list)))))))
    (local.get $sum)))

(assert_return (invoke "catch" (i32.const 0) (i32.const 7)) (i32.const 1017))
(assert_return (invoke "catch" (i32.const 100) (i32.const 8)) (i32.const 1018))
(assert_return (invoke "payload" (i32.const 1)) (i32.const 15))
(assert_return (invoke "keep" (i32.const 0) (i32.const 10)))
(assert_return (invoke "keep" (i32.const 1) (i32.const 20)))
(assert_return (invoke "keep" (i32.const 2) (i32.const 30)))
(assert_return (invoke "again_kept") (i32.const 44))
(assert_return (invoke "again" (i32.const 0)) (i32.const 24))
(assert_return (invoke "again" (i32.const 1)) (i32.const 34))
(assert_return (invoke "again_kept") (i32.const 34))
(assert_return (invoke "again" (i32.const 2)) (i32.const 44))
(assert_return (invoke "relay" (i32.const 200)) (i32.const 20100))

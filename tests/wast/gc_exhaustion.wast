;; A heap that is full is a trap that no handler of the guest sees; what only the calls that trapped referred to is
;; free afterwards. Arrays are large and stay untouched, so that the limit (1 GiB) is reached without much memory. A few
;; of them may be kept by numbers on stacks that look like references: limits are approached from some distance.

(module
  (type $bytes (array (mut i8)))
  (type $list (struct (field (ref $bytes)) (field (ref null $list))))
  (type $refs (array (mut anyref)))
  (tag $tag)
  (global $kept (mut (ref null $list)) (ref.null $list))

  ;; A list of n arrays of 64 MB; its length.
  (func $fill (export "fill") (param $n i32) (result i32)
    (local $list (ref null $list)) (local $length i32)
    (loop $next
      (local.set $list
        (struct.new $list (array.new_default $bytes (i32.const 64_000_000)) (local.get $list)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (loop $count
      (local.set $length (i32.add (local.get $length) (i32.const 1)))
      (br_if $count (i32.eqz (ref.is_null
        (local.tee $list (struct.get $list 1 (local.get $list)))))))
    (local.get $length))

  (func (export "keep") (param $n i32)
    (loop $next
      (global.set $kept
        (struct.new $list (array.new_default $bytes (i32.const 64_000_000)) (global.get $kept)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "clear") (global.set $kept (ref.null $list)))

  ;; 1 or 2 when a handler was entered.
  (func (export "caught") (param $n i32) (result i32)
    (block $all
      (block $ref (result exnref)
        (try_table (result i32) (catch $tag $all) (catch_all_ref $ref) (call $fill (local.get $n)))
        (return))
      (drop)
      (return (i32.const 1)))
    (i32.const 2))
  (func (export "caught_all") (param $n i32) (result i32)
    (block $all
      (try_table (result i32) (catch_all $all) (call $fill (local.get $n)))
      (return))
    (i32.const 1))

  (func (export "garbage") (param $n i32)
    (loop $next
      (drop (array.new_default $bytes (i32.const 100_000_000)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "bytes") (param i32) (result i32) (array.len (array.new_default $bytes (local.get 0))))
  (func (export "refs") (param i32) (result i32) (array.len (array.new_default $refs (local.get 0))))
  (func (export "filled_refs") (param i32) (result i32)
    (array.len (array.new $refs (ref.null any) (local.get 0)))))

(assert_return (invoke "fill" (i32.const 8)) (i32.const 8))
(assert_trap (invoke "fill" (i32.const 20)) "GC heap exhausted")
(assert_return (invoke "fill" (i32.const 8)) (i32.const 8))

(assert_return (invoke "caught" (i32.const 8)) (i32.const 8))
(assert_trap (invoke "caught" (i32.const 20)) "GC heap exhausted")
(assert_trap (invoke "caught_all" (i32.const 20)) "GC heap exhausted")
(assert_return (invoke "caught_all" (i32.const 8)) (i32.const 8))

;; What is kept stays, and counts.
(assert_return (invoke "keep" (i32.const 8)))
(assert_trap (invoke "fill" (i32.const 9)) "GC heap exhausted")
(assert_return (invoke "fill" (i32.const 4)) (i32.const 4))
(assert_trap (invoke "keep" (i32.const 9)) "GC heap exhausted")
(assert_trap (invoke "fill" (i32.const 9)) "GC heap exhausted")
(assert_return (invoke "clear"))
(assert_return (invoke "fill" (i32.const 8)) (i32.const 8))

(assert_return (invoke "garbage" (i32.const 20)))
(assert_return (invoke "bytes" (i32.const 100_000_000)) (i32.const 100_000_000))
(assert_return (invoke "bytes" (i32.const 100_000_000)) (i32.const 100_000_000))
(assert_return (invoke "refs" (i32.const 20_000_000)) (i32.const 20_000_000))
(assert_return (invoke "filled_refs" (i32.const 20_000_000)) (i32.const 20_000_000))

;; Beyond any limit: sizes do not wrap around.
(assert_trap (invoke "bytes" (i32.const 0xffff_ffff)) "GC heap exhausted")
(assert_trap (invoke "bytes" (i32.const 0xffff_fff8)) "GC heap exhausted")
(assert_trap (invoke "refs" (i32.const 0xffff_ffff)) "GC heap exhausted")
(assert_trap (invoke "refs" (i32.const 0x4000_0000)) "GC heap exhausted")
(assert_trap (invoke "filled_refs" (i32.const 0x3fff_ffff)) "GC heap exhausted")
(assert_return (invoke "fill" (i32.const 8)) (i32.const 8))

;; Two host references in one call: making the second must not lose the first.
(module
  (func (export "first") (param externref externref) (result externref) (local.get 0))
  (func (export "second") (param externref externref) (result externref) (local.get 1)))
(assert_return (invoke "first" (ref.extern 1) (ref.extern 2)) (ref.extern 1))
(assert_return (invoke "second" (ref.extern 1) (ref.extern 2)) (ref.extern 2))

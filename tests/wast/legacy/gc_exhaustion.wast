;; The older handlers do not see that the heap is full either.

(module
  (type $bytes (array (mut i8)))
  (type $list (struct (field (ref $bytes)) (field (ref null $list))))
  (tag $tag)
  (global $finished (mut i32) (i32.const 0))

  (func $fill (param $n i32) (result i32)
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

  (func (export "caught") (param $n i32) (result i32)
    (try (result i32)
      (do (call $fill (local.get $n)))
      (catch $tag (i32.const 1))
      (catch_all (i32.const 2))))
  (func (export "rethrown") (param $n i32) (result i32)
    (try (result i32)
      (do (call $fill (local.get $n)))
      (catch_all (rethrow 0))))
  (func (export "cleaned_up") (param $n i32) (result i32)
    (try (result i32)
      (do
        (try (result i32)
          (do (call $fill (local.get $n)))
          (delegate 0)))
      (catch_all (global.set $finished (i32.const 1)) (i32.const 0))))
  (func (export "finished") (result i32) (global.get $finished)))

(assert_return (invoke "caught" (i32.const 8)) (i32.const 8))
(assert_trap (invoke "caught" (i32.const 20)) "GC heap exhausted")
(assert_trap (invoke "rethrown" (i32.const 20)) "GC heap exhausted")
(assert_trap (invoke "cleaned_up" (i32.const 20)) "GC heap exhausted")
(assert_return (invoke "finished") (i32.const 0))
(assert_return (invoke "caught" (i32.const 8)) (i32.const 8))

;; References across throws with the older handlers: payloads, rethrow, delegate.

(module
  (type $cell (struct (field $value (mut i32)) (field $next (mut (ref null $cell)))))
  (tag $one (param (ref $cell) anyref))

  (func $cell (param $value i32) (result (ref $cell)) (struct.new $cell (local.get $value) (ref.null $cell)))
  (func $churn (param $n i32)
    (loop $again
      (drop (call $cell (local.get $n)))
      (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))

  (func $throw (param $depth i32)
    (local $own (ref null $cell))
    (local.set $own (call $cell (local.get $depth)))
    (if (i32.eqz (local.get $depth)) (then (throw $one (call $cell (i32.const 7)) (call $cell (i32.const 8)))))
    (call $throw (i32.sub (local.get $depth) (i32.const 1)))
    (struct.set $cell $value (local.get $own) (i32.const 0)))

  (func $sum (param (ref $cell) anyref) (result i32)
    (call $churn (i32.const 10))
    (i32.add (struct.get $cell $value (local.get 0))
      (struct.get $cell $value (ref.cast (ref $cell) (local.get 1)))))

  (func (export "caught") (param $depth i32) (result i32)
    (local $mine (ref $cell))
    (local.set $mine (call $cell (i32.const 100)))
    (i32.add
      (try (result i32)
        (do (call $throw (local.get $depth)) (i32.const -1))
        (catch $one (call $sum)))
      (struct.get $cell $value (local.get $mine))))

  (func (export "rethrown") (param $depth i32) (result i32)
    (local $mine (ref null $cell))
    (try (result i32)
      (do
        (try (result i32)
          (do (call $throw (local.get $depth)) (i32.const -1))
          (catch_all
            (local.set $mine (call $cell (i32.const 1000)))
            (call $churn (i32.const 10))
            (rethrow 0))))
      (catch $one (call $sum) (struct.get $cell $value (local.get $mine)) (i32.add))))

  (func (export "delegated") (param $depth i32) (result i32)
    (try (result i32)
      (do
        (try (result i32)
          (do
            (try (result i32)
              (do (call $churn (i32.const 3)) (call $throw (local.get $depth)) (i32.const -1))
              (delegate 1)))
          (catch_all (i32.const -2))))
      (catch $one (call $sum))))

  ;; A handler within a handler: the outer exception is there until its own ends.
  (func (export "nested") (result i32)
    (try (result i32)
      (do
        (try (result i32)
          (do (call $throw (i32.const 0)) (i32.const -1))
          (catch_all
            (drop
              (try (result i32)
                (do (throw $one (call $cell (i32.const 50)) (ref.null any)) (i32.const -1))
                (catch $one (drop) (struct.get $cell $value) (call $churn (i32.const 5)))))
            (rethrow 0))))
      (catch $one (call $sum)))))

(assert_return (invoke "caught" (i32.const 0)) (i32.const 115))
(assert_return (invoke "caught" (i32.const 50)) (i32.const 115))
(assert_return (invoke "rethrown" (i32.const 0)) (i32.const 1015))
(assert_return (invoke "rethrown" (i32.const 50)) (i32.const 1015))
(assert_return (invoke "delegated" (i32.const 10)) (i32.const 15))
(assert_return (invoke "nested") (i32.const 15))

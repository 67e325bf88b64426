;; Every assertion here is wrong: a runner that reports fewer than three failures is broken.
(module (func (export "one") (result i32) i32.const 1)
        (func (export "boom") unreachable))
(assert_return (invoke "one") (i32.const 2))
(assert_trap (invoke "one") "unreachable")
(assert_invalid (module (func (result i32) i32.const 0)) "type mismatch")
(assert_return (invoke "one") (i32.const 1))

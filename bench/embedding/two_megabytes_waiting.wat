;; The same as two_megabytes.wat, but for a host function that it waits for between its two writes.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 32)
  (data (i32.const 1024) "the first page")
  (data (i32.const 1048576) "one in the middle")
  (func (export "hash") (param i32) (result i32)
    (i32.store (i32.const 2048) (i32.add (i32.load (i32.const 1024)) (local.get 0)))
    (i32.store (i32.const 2000000) (call $wait (i32.load (i32.const 1048576))))
    (i32.load (i32.const 2048))))

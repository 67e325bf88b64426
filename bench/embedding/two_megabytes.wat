;; An instance of the kind of which thousands live: 2 MB of memory, some of it data, two pages of which it writes.
(module
  (memory (export "memory") 32)
  (data (i32.const 1024) "the first page")
  (data (i32.const 1048576) "one in the middle")
  (func (export "hash") (param i32) (result i32)
    (i32.store (i32.const 2048) (i32.add (i32.load (i32.const 1024)) (local.get 0)))
    (i32.store (i32.const 2000000) (i32.load (i32.const 1048576)))
    (i32.load (i32.const 2048))))

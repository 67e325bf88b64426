;; As small, with a page of memory that begins with data and is written.
(module
  (memory (export "memory") 1)
  (data (i32.const 1024) "\01\02\03\04")
  (func (export "hash") (param i32) (result i32)
    (i32.store (i32.const 2048) (i32.add (i32.load (i32.const 1024)) (local.get 0)))
    (i32.load (i32.const 2048))))

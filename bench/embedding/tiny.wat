;; The least that can be called.
(module
  (func (export "hash") (param i32) (result i32)
    (i32.xor (i32.const 0x5bd1e995) (local.get 0))))

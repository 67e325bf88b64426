;; Threads of scripts: each has a store of its own and shares memories with its parent.
(module $Mem (memory (export "shared") 1 1 shared))

(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (i32.atomic.store (i32.const 0) (i32.const 42))
      (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))))
  (invoke "run"))

(register "mem" $Mem)
(module (memory (import "mem" "shared") 1 1 shared)
  (func (export "wait") (result i32)
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (i32.atomic.load (i32.const 0))))
(assert_return (invoke "wait") (i32.const 42))
(wait $T1)

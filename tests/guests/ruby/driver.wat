;; Starts the interpreter, which is a module without a main function, and has it load /program/program.rb.
(module
  (import "ruby" "memory" (memory 0))
  (import "ruby" "_initialize" (func $initialize))
  (import "ruby" "cabi_realloc" (func $allocate (param i32 i32 i32 i32) (result i32)))
  (import "ruby" "ruby-init: func(args: list<string>) -> ()" (func $ruby_init (param i32 i32)))
  (import "ruby" "ruby-init-loadpath: func() -> ()" (func $ruby_init_loadpath))
  (import "ruby" "rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>"
    (func $eval (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (data $name "ruby.wasm")
  (data $encoding "-EUTF-8")
  (data $nothing "-e_=0")
  (data $load "$0 = '/program/program.rb'; load $0; $stdout.flush")

  (func $new (param $size i32) (result i32)
    (call $allocate (i32.const 0) (i32.const 0) (i32.const 4) (local.get $size)))

  ;; Writes a list's element: address and length of a string.
  (func $element (param $list i32) (param $index i32) (param $text i32) (param $size i32)
    (local.set $list (i32.add (local.get $list) (i32.shl (local.get $index) (i32.const 3))))
    (i32.store (local.get $list) (local.get $text))
    (i32.store offset=4 (local.get $list) (local.get $size)))

  (func (export "_start")
    (local $arguments i32) (local $text i32) (local $result i32)
    (call $initialize)
    (local.set $arguments (call $new (i32.const 24)))
    (local.set $text (call $new (i32.const 9)))
    (memory.init $name (local.get $text) (i32.const 0) (i32.const 9))
    (call $element (local.get $arguments) (i32.const 0) (local.get $text) (i32.const 9))
    (local.set $text (call $new (i32.const 7)))
    (memory.init $encoding (local.get $text) (i32.const 0) (i32.const 7))
    (call $element (local.get $arguments) (i32.const 1) (local.get $text) (i32.const 7))
    (local.set $text (call $new (i32.const 5)))
    (memory.init $nothing (local.get $text) (i32.const 0) (i32.const 5))
    (call $element (local.get $arguments) (i32.const 2) (local.get $text) (i32.const 5))
    (call $ruby_init (local.get $arguments) (i32.const 3))
    (call $ruby_init_loadpath)
    (local.set $text (call $new (i32.const 50)))
    (memory.init $load (local.get $text) (i32.const 0) (i32.const 50))
    (local.set $result (call $eval (local.get $text) (i32.const 50)))
    ;; The second field says what went wrong: an exception is 6.
    (call $proc_exit (i32.load offset=4 (local.get $result)))))

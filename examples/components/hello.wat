;; A WASI 0.2 command, written by hand: prints a line and the program's arguments.
;;   ashlar run examples/components/hello.wat one two
(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error-type))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $error-type (type $e'))
    (export "error" (type $e (eq $e')))
    (export "output-stream" (type $out (sub resource)))
    (type $err' (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $err (eq $err')))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $err)))))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $o'))
    (export "output-stream" (type $o (eq $o')))
    (export "get-stdout" (func (result (own $o))))))
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))

  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
    (memory $memory "memory")))
  (core func $drop (canon resource.drop $output-stream))
  (core func $arguments (canon lower (func $environment "get-arguments")
    (memory $memory "memory") (realloc (func $memory "realloc"))))

  (core module $main
    (import "memory" "memory" (memory 1))
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "host" "arguments" (func $arguments (param i32)))
    (data (i32.const 16) "hello from a component\n")
    (data (i32.const 48) "\n")
    (func $put (param $out i32) (param $at i32) (param $size i32)
      (call $write (local.get $out) (local.get $at) (local.get $size) (i32.const 512))
      ;; the result's discriminant: 1 is an error
      (if (i32.load8_u (i32.const 512)) (then (unreachable))))
    (func (export "run") (result i32) (local $out i32) (local $arg i32) (local $left i32)
      (local.set $out (call $get-stdout))
      (call $put (local.get $out) (i32.const 16) (i32.const 23))
      (call $arguments (i32.const 520))
      (local.set $arg (i32.load (i32.const 520)))
      (local.set $left (i32.load (i32.const 524)))
      (block $done
        (loop $next
          ;; the first is the program's name
          (br_if $done (i32.le_u (local.get $left) (i32.const 1)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (local.set $arg (i32.add (local.get $arg) (i32.const 8)))
          (call $put (local.get $out) (i32.load (local.get $arg)) (i32.load offset=4 (local.get $arg)))
          (call $put (local.get $out) (i32.const 48) (i32.const 1))
          (br $next)))
      (call $drop (local.get $out))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "get-stdout" (func $get-stdout))
      (export "write" (func $write))
      (export "drop" (func $drop))
      (export "arguments" (func $arguments))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $cli-run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli-run)))

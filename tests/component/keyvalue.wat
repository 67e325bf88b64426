;; Adds five to a number in wasi:keyvalue's store "", and logs that. The result is the number; 1000 without a store.
;; wasi:config is imported, of two drafts, and not called.
(component
  (import "wasi:config/store@0.2.0-draft" (instance
    (type $error' (variant (case "upstream" string) (case "io" string)))
    (export "error" (type $error (eq $error')))
    (export "get" (func (param "key" string) (result (result (option string) (error $error)))))))
  (import "wasi:config/store@0.2.0-rc.1" (instance
    (type $error' (variant (case "upstream" string) (case "io" string)))
    (export "error" (type $error (eq $error')))
    (export "get" (func (param "key" string) (result (result (option string) (error $error)))))))
  (import "wasi:logging/logging@0.1.0-draft" (instance $logging
    (type $level' (enum "trace" "debug" "info" "warn" "error" "critical"))
    (export "level" (type $level (eq $level')))
    (export "log" (func (param "level" $level) (param "context" string) (param "message" string)))))
  (import "wasi:keyvalue/store@0.2.0-draft2" (instance $store
    (type $error' (variant (case "no-such-store") (case "access-denied") (case "other" string)))
    (export "error" (type $error (eq $error')))
    (export "bucket" (type $bucket (sub resource)))
    (export "open" (func (param "identifier" string) (result (result (own $bucket) (error $error)))))))
  (alias export $store "bucket" (type $bucket))
  (alias export $store "error" (type $error))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" (instance $atomics
    (alias outer 1 $bucket (type $b'))
    (export "bucket" (type $b (eq $b')))
    (alias outer 1 $error (type $e'))
    (export "error" (type $e (eq $e')))
    (export "increment" (func (param "bucket" (borrow $b)) (param "key" string) (param "delta" s64)
      (result (result s64 (error $e)))))))

  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $memory (instantiate $memory))
  (core func $log (canon lower (func $logging "log") (memory $memory "memory")))
  (core func $open (canon lower (func $store "open") (memory $memory "memory") (realloc (func $memory "realloc"))))
  (core func $increment (canon lower (func $atomics "increment") (memory $memory "memory")
    (realloc (func $memory "realloc"))))
  (core module $main
    (import "memory" "memory" (memory 1))
    (import "host" "log" (func $log (param i32 i32 i32 i32 i32)))
    (import "host" "open" (func $open (param i32 i32 i32)))
    (import "host" "increment" (func $increment (param i32 i32 i32 i64 i32)))
    (data (i32.const 64) "keyvaluestored")
    (func (export "run") (result i64)
      (call $open (i32.const 0) (i32.const 0) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (return (i64.const 1000))))
      (call $increment (i32.load (i32.const 20)) (i32.const 64) (i32.const 3) (i64.const 5) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (unreachable)))
      (call $log (i32.const 3) (i32.const 64) (i32.const 8) (i32.const 72) (i32.const 6))
      (i64.load (i32.const 24))))
  (core instance $main (instantiate $main (with "memory" (instance $memory)) (with "host" (instance
    (export "log" (func $log)) (export "open" (func $open)) (export "increment" (func $increment))))))
  (func (export "run") (result s64) (canon lift (core func $main "run"))))

;; Questions to WASI 0.2 that programs.py asks: is the insecure seed the same each time, and what does making a directory
;; in the first granted one give (0: it is made, else the position of the error's label, counted from 1)?
(component
  (import "wasi:random/insecure-seed@0.2.0" (instance $seed (export "insecure-seed" (func (result (tuple u64 u64))))))
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (export "descriptor" (type $descriptor (sub resource)))
    (type $codes (enum
      "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
      "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links"
      "message-size" "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space"
      "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow"
      "not-permitted" "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $error-code (eq $codes)))
    (export "[method]descriptor.create-directory-at"
      (func (param "self" (borrow $descriptor)) (param "path" string) (result (result (error $error-code)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (export "descriptor" (type $descriptor-here (eq $descriptor)))
    (export "get-directories" (func (result (list (tuple (own $descriptor-here) string)))))))
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (core func $insecure-seed (canon lower (func $seed "insecure-seed") (memory $libc "memory")))
  (core func $directories (canon lower (func $preopens "get-directories")
    (memory $libc "memory") (realloc (func $libc "realloc"))))
  (core func $create (canon lower (func $types "[method]descriptor.create-directory-at") (memory $libc "memory")))
  (core module $main
    (import "" "memory" (memory 1))
    (import "" "insecure-seed" (func $seed (param i32)))
    (import "" "directories" (func $directories (param i32)))
    (import "" "create" (func $create (param i32 i32 i32 i32)))
    (data (i32.const 0) "made")
    (func (export "same-seed") (result i32)
      (call $seed (i32.const 16))
      (call $seed (i32.const 32))
      (i32.and (i64.eq (i64.load (i32.const 16)) (i64.load (i32.const 32)))
               (i64.eq (i64.load (i32.const 24)) (i64.load (i32.const 40)))))
    (func (export "make") (result i32)
      (call $directories (i32.const 48))
      (if (i32.eqz (i32.load (i32.const 52))) (then unreachable))
      (call $create (i32.load (i32.load (i32.const 48))) (i32.const 0) (i32.const 4) (i32.const 64))
      (if (result i32) (i32.load8_u (i32.const 64))
        (then (i32.add (i32.load8_u (i32.const 65)) (i32.const 1)))
        (else (i32.const 0)))))
  (core instance $main (instantiate $main (with "" (instance
    (export "memory" (memory $libc "memory"))
    (export "insecure-seed" (func $insecure-seed))
    (export "directories" (func $directories))
    (export "create" (func $create))))))
  (func (export "same-seed") (result bool) (canon lift (core func $main "same-seed")))
  (func (export "make") (result u32) (canon lift (core func $main "make"))))

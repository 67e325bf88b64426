;; Exports to be called with values from the command line.
(component
  (core module $m
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    ;; bytes of a and of all in b
    (func (export "join") (param $a i32) (param $size i32) (param $at i32) (param $left i32) (result i32)
      (loop $next
        (if (local.get $left)
          (then
            (local.set $size (i32.add (local.get $size) (i32.load offset=4 (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $next))))
      (local.get $size))
    (func (export "trap") (unreachable)))
  (core instance $i (instantiate $m))
  (type $pair' (record (field "a" string) (field "b" (list string))))
  (export $pair "pair" (type $pair'))
  (func (export "add") (param "x" u32) (param "y" u32) (result u32) (canon lift (core func $i "add")))
  (func (export "join") (param "p" $pair) (result u32)
    (canon lift (core func $i "join") (memory $i "memory") (realloc (func $i "realloc"))))
  (func (export "trap") (canon lift (core func $i "trap"))))

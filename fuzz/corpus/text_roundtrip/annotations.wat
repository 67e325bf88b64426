(module $named (@custom "note" (before func) "\01\02")
  (; block (; nested ;) ;) ;; line
  (import "spectest" "print" (func $p (@name "weird \"name\"") (param i32)))
  (func $"quoted name" (param $x i32) (local $y i32)
    (@metadata.code.branch_hint "\01")
    (if $lab (local.get $x) (then nop))
    (call $p (local.get $y)))
  (start $s) (func $s))

(module
  (memory $a (export "m") 1 2)
  (memory $b i64 1 0x100)
  (memory $c 1 1 shared)
  (data $d "a\00\ff\u{1f600}")
  (data (memory $b) (offset (i64.add (i64.const 1) (i64.const 2))) "bc" "d")
  (func (param i64) (result v128)
    (memory.copy $a $b (i32.const 0) (local.get 0) (i32.const 5))
    (memory.init $a $d (i32.const 1) (i32.const 2) (i32.const 3))
    (i32.atomic.rmw8.add_u $c offset=7 (i32.const 0) (i32.const 1))
    drop
    (v128.load8_lane $b offset=0xffffffffff align=1 15 (local.get 0) (v128.const i16x8 0 1 2 3 4 5 6 -7))
    (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.const f32x4 0x1p-149 nan inf -0) (v128.const i64x2 1 2))
    i32x4.add))

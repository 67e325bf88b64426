;; Constants on the operand stack that stay there while a loop runs on one of several paths.
(module
  (func (export "arms") (param i32) (result i32)
    i32.const 40
    local.get 0
    if (result i32)
      i32.const 2
      loop
        local.get 0
        i32.const 1
        i32.sub
        local.tee 0
        br_if 0
      end
    else
      i32.const 3
    end
    i32.add)
  (func (export "block") (param i32) (result f64)
    f64.const 5
    block (result f64)
      f64.const 0
      local.get 0
      br_if 0
      loop
      end
      f64.neg
    end
    f64.max)
  (func (export "nested") (param i32) (result i64)
    i64.const 7
    loop (result i64)
      i64.const 100
      block
        local.get 0
        br_if 0
        loop
        end
      end
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      i32.const 0
      i32.gt_s
      if (param i64)
        drop
        br 1
      else
        drop
      end
      i64.const 5
    end
    i64.add))
(assert_return (invoke "arms" (i32.const 0)) (i32.const 43))
(assert_return (invoke "arms" (i32.const 5)) (i32.const 42))
(assert_return (invoke "block" (i32.const 0)) (f64.const 5))
(assert_return (invoke "block" (i32.const 1)) (f64.const 5))
(assert_return (invoke "nested" (i32.const 0)) (i64.const 12))
(assert_return (invoke "nested" (i32.const 3)) (i64.const 12))

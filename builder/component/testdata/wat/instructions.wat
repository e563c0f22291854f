;; Every instruction, one a line, without regard to types: what follows an opcode must be
;; read right or the walk loses its place. The functions are named after the proposals.
(module
  (type (func))
  (type (func (param i32) (result i32)))
  (type (struct (field (mut i32))))
  (type (sub (struct (field (mut i8)))))
  (type (array (mut i8)))
  (type (array (mut funcref)))
  (type (cont 0))
  (rec (type (sub final (struct))) (type (func (param (ref null 7)))))
  (memory 1)
  (memory i64 1)
  (table 1 funcref)
  (table 1 externref)
  (tag (param i32))
  (global (mut i32) (i32.const 0))
  (elem func 0)
  (data "x")
  (func $plain (local i32)
    unreachable
    nop
    br 0
    br_if 0
    br_table 0 0 0 0
    return
    call 0
    call_indirect 0 (type 0)
    drop
    select
    select (result i32)
    local.get 0
    local.set 0
    local.tee 0
    global.get 0
    global.set 0
    table.get 0
    table.set 1
    memory.size
    memory.grow
    i32.const -5
    i64.const -9223372036854775808
    f32.const 1
    f64.const 2
    ref.null func
    ref.is_null
    ref.func 0
    memory.init 0
    data.drop 0
    memory.copy
    memory.fill
    table.init 0 0
    elem.drop 0
    table.copy 0 1
    table.grow 0
    table.size 0
    table.fill 0
    i32.clz
    i32.ctz
    i32.popcnt
    i32.add
    i32.sub
    i32.mul
    i32.div_s
    i32.div_u
    i32.rem_s
    i32.rem_u
    i32.and
    i32.or
    i32.xor
    i32.shl
    i32.shr_s
    i32.shr_u
    i32.rotl
    i32.rotr
    i32.eqz
    i32.eq
    i32.ne
    i32.lt_s
    i32.lt_u
    i32.gt_s
    i32.gt_u
    i32.le_s
    i32.le_u
    i32.ge_s
    i32.ge_u
    i32.extend8_s
    i32.extend16_s
    i32.trunc_f32_s
    i32.trunc_sat_f32_s
    f32.convert_i32_s
    i32.trunc_f32_u
    i32.trunc_sat_f32_u
    f32.convert_i32_u
    i32.trunc_f64_s
    i32.trunc_sat_f64_s
    f64.convert_i32_s
    i32.trunc_f64_u
    i32.trunc_sat_f64_u
    f64.convert_i32_u
    i32.load offset=1000
    i32.store offset=1000
    i32.load8_s offset=1000
    i32.load8_u offset=1000
    i32.load16_s offset=1000
    i32.load16_u offset=1000
    i32.store8 offset=1000
    i32.store16 offset=1000
    i64.clz
    i64.ctz
    i64.popcnt
    i64.add
    i64.sub
    i64.mul
    i64.div_s
    i64.div_u
    i64.rem_s
    i64.rem_u
    i64.and
    i64.or
    i64.xor
    i64.shl
    i64.shr_s
    i64.shr_u
    i64.rotl
    i64.rotr
    i64.eqz
    i64.eq
    i64.ne
    i64.lt_s
    i64.lt_u
    i64.gt_s
    i64.gt_u
    i64.le_s
    i64.le_u
    i64.ge_s
    i64.ge_u
    i64.extend8_s
    i64.extend16_s
    i64.trunc_f32_s
    i64.trunc_sat_f32_s
    f32.convert_i64_s
    i64.trunc_f32_u
    i64.trunc_sat_f32_u
    f32.convert_i64_u
    i64.trunc_f64_s
    i64.trunc_sat_f64_s
    f64.convert_i64_s
    i64.trunc_f64_u
    i64.trunc_sat_f64_u
    f64.convert_i64_u
    i64.load offset=1000
    i64.store offset=1000
    i64.load8_s offset=1000
    i64.load8_u offset=1000
    i64.load16_s offset=1000
    i64.load16_u offset=1000
    i64.store8 offset=1000
    i64.store16 offset=1000
    i64.load32_s offset=7
    i64.load32_u offset=7
    i64.store32 offset=7
    f32.load offset=7
    f64.load offset=7
    f32.store offset=7
    f64.store offset=7
    f32.abs
    f32.neg
    f32.ceil
    f32.floor
    f32.trunc
    f32.nearest
    f32.sqrt
    f32.add
    f32.sub
    f32.mul
    f32.div
    f32.min
    f32.max
    f32.copysign
    f32.eq
    f32.ne
    f32.lt
    f32.gt
    f32.le
    f32.ge
    f64.abs
    f64.neg
    f64.ceil
    f64.floor
    f64.trunc
    f64.nearest
    f64.sqrt
    f64.add
    f64.sub
    f64.mul
    f64.div
    f64.min
    f64.max
    f64.copysign
    f64.eq
    f64.ne
    f64.lt
    f64.gt
    f64.le
    f64.ge
    i32.wrap_i64
    i64.extend_i32_s
    i64.extend_i32_u
    i64.extend32_s
    f32.demote_f64
    f64.promote_f32
    i32.reinterpret_f32
    i64.reinterpret_f64
    f32.reinterpret_i32
    f64.reinterpret_i64
  )
  (func $simd (local i32)
    v128.load offset=300
    v128.load8x8_s offset=300
    v128.load8x8_u offset=300
    v128.load16x4_s offset=300
    v128.load16x4_u offset=300
    v128.load32x2_s offset=300
    v128.load32x2_u offset=300
    v128.load8_splat offset=300
    v128.load16_splat offset=300
    v128.load32_splat offset=300
    v128.load64_splat offset=300
    v128.store offset=300
    v128.load32_zero offset=300
    v128.load64_zero offset=300
    v128.load8_lane 1
    v128.store8_lane offset=9 1
    v128.load16_lane 1
    v128.store16_lane offset=9 1
    v128.load32_lane 1
    v128.store32_lane offset=9 1
    v128.load64_lane 1
    v128.store64_lane offset=9 1
    v128.const i32x4 1 2 3 4
    i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
    i8x16.swizzle
    i8x16.splat
    i8x16.extract_lane_s 1
    i8x16.extract_lane_u 1
    i8x16.replace_lane 1
    i8x16.eq
    i8x16.ne
    i8x16.abs
    i8x16.neg
    i8x16.add
    i8x16.sub
    i16x8.splat
    i16x8.extract_lane_s 1
    i16x8.extract_lane_u 1
    i16x8.replace_lane 1
    i16x8.eq
    i16x8.ne
    i16x8.abs
    i16x8.neg
    i16x8.add
    i16x8.sub
    i32x4.splat
    i32x4.extract_lane 1
    i32x4.replace_lane 1
    i32x4.eq
    i32x4.ne
    i32x4.abs
    i32x4.neg
    i32x4.add
    i32x4.sub
    i64x2.splat
    i64x2.extract_lane 1
    i64x2.replace_lane 1
    i64x2.eq
    i64x2.ne
    i64x2.abs
    i64x2.neg
    i64x2.add
    i64x2.sub
    f32x4.splat
    f32x4.extract_lane 1
    f32x4.replace_lane 1
    f32x4.eq
    f32x4.ne
    f32x4.abs
    f32x4.neg
    f32x4.add
    f32x4.sub
    f64x2.splat
    f64x2.extract_lane 1
    f64x2.replace_lane 1
    f64x2.eq
    f64x2.ne
    f64x2.abs
    f64x2.neg
    f64x2.add
    f64x2.sub
    i8x16.lt_s
    i8x16.lt_u
    i8x16.gt_s
    i8x16.gt_u
    i8x16.le_s
    i8x16.le_u
    i8x16.ge_s
    i8x16.ge_u
    i8x16.min_s
    i8x16.min_u
    i8x16.max_s
    i8x16.max_u
    i8x16.all_true
    i8x16.bitmask
    i8x16.shl
    i8x16.shr_s
    i8x16.shr_u
    i16x8.lt_s
    i16x8.lt_u
    i16x8.gt_s
    i16x8.gt_u
    i16x8.le_s
    i16x8.le_u
    i16x8.ge_s
    i16x8.ge_u
    i16x8.min_s
    i16x8.min_u
    i16x8.max_s
    i16x8.max_u
    i16x8.all_true
    i16x8.bitmask
    i16x8.shl
    i16x8.shr_s
    i16x8.shr_u
    i32x4.lt_s
    i32x4.lt_u
    i32x4.gt_s
    i32x4.gt_u
    i32x4.le_s
    i32x4.le_u
    i32x4.ge_s
    i32x4.ge_u
    i32x4.min_s
    i32x4.min_u
    i32x4.max_s
    i32x4.max_u
    i32x4.all_true
    i32x4.bitmask
    i32x4.shl
    i32x4.shr_s
    i32x4.shr_u
    i64x2.lt_s
    i64x2.gt_s
    i64x2.le_s
    i64x2.ge_s
    i64x2.all_true
    i64x2.bitmask
    i64x2.shl
    i64x2.shr_s
    i64x2.shr_u
    i64x2.mul
    i64x2.extend_low_i32x4_s
    i64x2.extend_high_i32x4_s
    i64x2.extend_low_i32x4_u
    i64x2.extend_high_i32x4_u
    i64x2.extmul_low_i32x4_s
    i64x2.extmul_high_i32x4_s
    i64x2.extmul_low_i32x4_u
    i64x2.extmul_high_i32x4_u
    f32x4.lt
    f32x4.gt
    f32x4.le
    f32x4.ge
    f32x4.ceil
    f32x4.floor
    f32x4.trunc
    f32x4.nearest
    f32x4.sqrt
    f32x4.mul
    f32x4.div
    f32x4.min
    f32x4.max
    f32x4.pmin
    f32x4.pmax
    f64x2.lt
    f64x2.gt
    f64x2.le
    f64x2.ge
    f64x2.ceil
    f64x2.floor
    f64x2.trunc
    f64x2.nearest
    f64x2.sqrt
    f64x2.mul
    f64x2.div
    f64x2.min
    f64x2.max
    f64x2.pmin
    f64x2.pmax
    v128.not
    v128.and
    v128.andnot
    v128.or
    v128.xor
    v128.bitselect
    v128.any_true
    i8x16.popcnt
    i8x16.narrow_i16x8_s
    i8x16.narrow_i16x8_u
    i8x16.add_sat_s
    i8x16.add_sat_u
    i8x16.sub_sat_s
    i8x16.sub_sat_u
    i8x16.avgr_u
    i16x8.extadd_pairwise_i8x16_s
    i16x8.extadd_pairwise_i8x16_u
    i32x4.extadd_pairwise_i16x8_s
    i32x4.extadd_pairwise_i16x8_u
    i16x8.q15mulr_sat_s
    i16x8.narrow_i32x4_s
    i16x8.narrow_i32x4_u
    i16x8.add_sat_s
    i16x8.sub_sat_u
    i16x8.mul
    i16x8.avgr_u
    i32x4.mul
    i32x4.dot_i16x8_s
    i32x4.trunc_sat_f32x4_s
    i32x4.trunc_sat_f32x4_u
    f32x4.convert_i32x4_s
    f32x4.convert_i32x4_u
    i32x4.trunc_sat_f64x2_s_zero
    i32x4.trunc_sat_f64x2_u_zero
    f64x2.convert_low_i32x4_s
    f64x2.convert_low_i32x4_u
    f32x4.demote_f64x2_zero
    f64x2.promote_low_f32x4
  )
  (func $relaxed-simd (local i32)
    i8x16.relaxed_swizzle
    i32x4.relaxed_trunc_f32x4_s
    i32x4.relaxed_trunc_f32x4_u
    i32x4.relaxed_trunc_f64x2_s_zero
    i32x4.relaxed_trunc_f64x2_u_zero
    f32x4.relaxed_madd
    f32x4.relaxed_nmadd
    f64x2.relaxed_madd
    f64x2.relaxed_nmadd
    i8x16.relaxed_laneselect
    i16x8.relaxed_laneselect
    i32x4.relaxed_laneselect
    i64x2.relaxed_laneselect
    f32x4.relaxed_min
    f32x4.relaxed_max
    f64x2.relaxed_min
    f64x2.relaxed_max
    i16x8.relaxed_q15mulr_s
    i16x8.relaxed_dot_i8x16_i7x16_s
    i32x4.relaxed_dot_i8x16_i7x16_add_s
  )
  (func $threads (local i32)
    memory.atomic.notify
    memory.atomic.wait32
    memory.atomic.wait64
    atomic.fence
    i32.atomic.load
    i32.atomic.store
    i32.atomic.load8_u
    i32.atomic.load16_u
    i32.atomic.store8
    i32.atomic.store16
    i32.atomic.rmw.add offset=4
    i32.atomic.rmw8.add_u
    i32.atomic.rmw16.add_u
    i32.atomic.rmw.sub offset=4
    i32.atomic.rmw8.sub_u
    i32.atomic.rmw16.sub_u
    i32.atomic.rmw.and offset=4
    i32.atomic.rmw8.and_u
    i32.atomic.rmw16.and_u
    i32.atomic.rmw.or offset=4
    i32.atomic.rmw8.or_u
    i32.atomic.rmw16.or_u
    i32.atomic.rmw.xor offset=4
    i32.atomic.rmw8.xor_u
    i32.atomic.rmw16.xor_u
    i32.atomic.rmw.xchg offset=4
    i32.atomic.rmw8.xchg_u
    i32.atomic.rmw16.xchg_u
    i32.atomic.rmw.cmpxchg offset=4
    i32.atomic.rmw8.cmpxchg_u
    i32.atomic.rmw16.cmpxchg_u
    i64.atomic.load
    i64.atomic.store
    i64.atomic.load8_u
    i64.atomic.load16_u
    i64.atomic.store8
    i64.atomic.store16
    i64.atomic.rmw.add offset=4
    i64.atomic.rmw8.add_u
    i64.atomic.rmw16.add_u
    i64.atomic.rmw32.add_u
    i64.atomic.rmw.sub offset=4
    i64.atomic.rmw8.sub_u
    i64.atomic.rmw16.sub_u
    i64.atomic.rmw32.sub_u
    i64.atomic.rmw.and offset=4
    i64.atomic.rmw8.and_u
    i64.atomic.rmw16.and_u
    i64.atomic.rmw32.and_u
    i64.atomic.rmw.or offset=4
    i64.atomic.rmw8.or_u
    i64.atomic.rmw16.or_u
    i64.atomic.rmw32.or_u
    i64.atomic.rmw.xor offset=4
    i64.atomic.rmw8.xor_u
    i64.atomic.rmw16.xor_u
    i64.atomic.rmw32.xor_u
    i64.atomic.rmw.xchg offset=4
    i64.atomic.rmw8.xchg_u
    i64.atomic.rmw16.xchg_u
    i64.atomic.rmw32.xchg_u
    i64.atomic.rmw.cmpxchg offset=4
    i64.atomic.rmw8.cmpxchg_u
    i64.atomic.rmw16.cmpxchg_u
    i64.atomic.rmw32.cmpxchg_u
    i64.atomic.load32_u
    i64.atomic.store32
  )
  (func $gc (local i32)
    struct.new 2
    struct.new_default 2
    struct.get 2 0
    struct.get_s 3 0
    struct.get_u 3 0
    struct.set 2 0
    array.new 4
    array.new_default 4
    array.new_fixed 4 3
    array.new_data 4 0
    array.new_elem 5 0
    array.get 5
    array.get_s 4
    array.get_u 4
    array.set 4
    array.len
    array.fill 4
    array.copy 4 4
    array.init_data 4 0
    array.init_elem 5 0
    ref.test (ref 2)
    ref.test (ref null any)
    ref.cast (ref eq)
    ref.cast (ref null 2)
    br_on_cast 0 (ref null any) (ref 2)
    br_on_cast_fail 0 anyref (ref i31)
    any.convert_extern
    extern.convert_any
    ref.i31
    i31.get_s
    i31.get_u
    ref.eq
    ref.null none
  )
  (func $function-references (local i32)
    call_ref 0
    ref.as_non_null
    br_on_null 0
    br_on_non_null 0
    ref.null 0
  )
  (func $tail-call (local i32)
    return_call 0
    return_call_indirect 0 (type 0)
    return_call_ref 0
  )
  (func $exceptions (local i32)
    throw 0
    throw_ref
    try_table (catch 0 0) (catch_ref 0 0) (catch_all 0) (catch_all_ref 0)
    end
    try_table (result i32)
    end
  )
  (func $multi-memory (local i32)
    memory.size 1
    memory.grow 1
    i32.load 1 offset=5000000000
    memory.copy 0 1
    memory.fill 1
    memory.init 1 0
  )
  (func $wide-arithmetic (local i32)
    i64.add128
    i64.sub128
    i64.mul_wide_s
    i64.mul_wide_u
  )
  (func $stack-switching (local i32)
    cont.new 6
    cont.bind 6 6
    suspend 0
    resume 6 (on 0 0) (on 0 switch)
    resume_throw 6 0 (on 0 0)
    resume_throw_ref 6 (on 0 0)
    switch 6 0
  )
  (func $blocks (local i32)
    block
    end
    block (type 1)
    end
    block (result i32)
    end
    loop
    if (result i64)
    else
    end
    end
    block (result (ref null 2))
    end
  )
  (func $legacy-exceptions (local i32)
    try
    catch 0
    rethrow 0
    catch_all
    end
    try
    delegate 0
  )
)

// Package atomic: declarations for fixtures.
package atomic

type Bool struct{ v uint32 }
type Int32 struct{ v int32 }
type Int64 struct{ v int64 }
type Uint32 struct{ v uint32 }
type Uint64 struct{ v uint64 }
type Value struct{ v any }

func (x *Bool) Load() bool
func (x *Bool) Store(val bool)
func (x *Bool) Swap(new bool) (old bool)
func (x *Bool) CompareAndSwap(old, new bool) (swapped bool)
func (x *Int32) Load() int32
func (x *Int32) Store(val int32)
func (x *Int32) Add(delta int32) (new int32)
func (x *Int32) CompareAndSwap(old, new int32) (swapped bool)
func (x *Int64) Load() int64
func (x *Int64) Store(val int64)
func (x *Int64) Add(delta int64) (new int64)
func (x *Uint32) Load() uint32
func (x *Uint32) Store(val uint32)
func (x *Uint64) Load() uint64
func (x *Uint64) Store(val uint64)
func (v *Value) Load() any
func (v *Value) Store(val any)
func AddInt32(addr *int32, delta int32) (new int32)
func AddInt64(addr *int64, delta int64) (new int64)
func LoadInt32(addr *int32) (val int32)
func StoreInt32(addr *int32, val int32)
func CompareAndSwapInt32(addr *int32, old, new int32) (swapped bool)

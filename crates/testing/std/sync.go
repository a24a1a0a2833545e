// Package sync: declarations for fixtures.
package sync

type Locker interface {
	Lock()
	Unlock()
}
type Mutex struct{ state int32 }
type RWMutex struct{ w Mutex }
type WaitGroup struct{ state uint64 }
type Once struct{ done uint32 }
type Cond struct {
	L Locker
	n uint32
}
type Map struct{ n int }
type Pool struct{ New func() any }

func (m *Mutex) Lock()
func (m *Mutex) Unlock()
func (m *Mutex) TryLock() bool
func (rw *RWMutex) Lock()
func (rw *RWMutex) Unlock()
func (rw *RWMutex) RLock()
func (rw *RWMutex) RUnlock()
func (rw *RWMutex) TryLock() bool
func (rw *RWMutex) TryRLock() bool
func (rw *RWMutex) RLocker() Locker
func (wg *WaitGroup) Add(delta int)
func (wg *WaitGroup) Done()
func (wg *WaitGroup) Wait()
func (wg *WaitGroup) Go(f func())
func (o *Once) Do(f func())
func NewCond(l Locker) *Cond
func (c *Cond) Wait()
func (c *Cond) Signal()
func (c *Cond) Broadcast()
func (m *Map) Load(key any) (value any, ok bool)
func (m *Map) Store(key, value any)
func (m *Map) Delete(key any)
func (m *Map) Range(f func(key, value any) bool)
func (p *Pool) Get() any
func (p *Pool) Put(x any)

// Package time: declarations for fixtures.
package time

type Duration int64
type Month int
type Time struct{ wall uint64 }
type Timer struct {
	C <-chan Time
	r int
}
type Ticker struct {
	C <-chan Time
	r int
}

const (
	Nanosecond  Duration = 1
	Microsecond          = 1000 * Nanosecond
	Millisecond          = 1000 * Microsecond
	Second               = 1000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
)

func Now() Time
func Since(t Time) Duration
func Until(t Time) Duration
func (t Time) Add(d Duration) Time
func (t Time) Sub(u Time) Duration
func (t Time) After(u Time) bool
func (t Time) Before(u Time) bool
func (t Time) IsZero() bool
func (d Duration) Seconds() float64
func Sleep(d Duration)
func After(d Duration) <-chan Time
func Tick(d Duration) <-chan Time
func AfterFunc(d Duration, f func()) *Timer
func NewTimer(d Duration) *Timer
func NewTicker(d Duration) *Ticker
func (t *Timer) Stop() bool
func (t *Timer) Reset(d Duration) bool
func (t *Ticker) Stop()
func (t *Ticker) Reset(d Duration)

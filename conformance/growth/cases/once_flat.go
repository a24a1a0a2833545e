// A once lets in one call.
package once

import "sync"

var once sync.Once
var started []int

func Step(i int) { once.Do(func() { started = append(started, i) }) }

// What is stored is taken out.
package load_and_delete

import "sync"

var pending sync.Map

func Step(i int) {
	pending.Store(i, i)
	pending.LoadAndDelete(i)
}

// A part of the one worker keeps every error.
package errors_in_part

import (
	"fmt"
)

type multi struct{ errs []error }

func (m *multi) add(err error) {
	if err != nil {
		m.errs = append(m.errs, err)
	}
}

type worker struct{ errs multi }

var w = &worker{}

func (w *worker) do(i int) { w.errs.add(fmt.Errorf("no %d", i)) }
func Step(i int)           { w.do(i) }

// A history that is never cut.
package append_log

import "strconv"

var history []string

func Step(i int) { history = append(history, "event "+strconv.Itoa(i)) }

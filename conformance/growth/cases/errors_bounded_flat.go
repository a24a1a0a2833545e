// The last ten failures are remembered.
package errors_bounded

import "fmt"

type checker struct{ failures []error }

var health checker

func (c *checker) check(i int) {
	if err := probe(i); err != nil {
		c.failures = append(c.failures, err)
		if n := len(c.failures); n > 10 {
			c.failures = append([]error(nil), c.failures[n-10:]...)
		}
	}
}

func probe(i int) error {
	if i%2 == 0 {
		return fmt.Errorf("probe %d failed", i)
	}
	return nil
}

func Step(i int) { health.check(i) }

// Each failure is remembered.
package errors_remembered

import "fmt"

type checker struct{ failures []error }

var health checker

func (c *checker) check(i int) {
	if err := probe(i); err != nil {
		c.failures = append(c.failures, err)
	}
}

func probe(i int) error {
	if i%2 == 0 {
		return fmt.Errorf("probe %d failed", i)
	}
	return nil
}

func Step(i int) { health.check(i) }

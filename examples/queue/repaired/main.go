// Popped jobs are let go.
package main

import (
	"fmt"
	"sync"
)

type job struct {
	payload [1 << 12]byte
}

type queue struct {
	mu   sync.Mutex
	jobs []*job
}

func (q *queue) push(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
}

func (q *queue) pop() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[0]
	q.jobs[0] = nil // lets the job go
	q.jobs = q.jobs[1:]
	return j
}

func main() {
	q := &queue{}
	for range 1000 {
		q.push(&job{})
	}
	for range 1000 {
		q.pop()
	}
	fmt.Println("waiting:", len(q.jobs))
}

// Popped jobs stay in the array of the queue.
//
// `jobs[1:]` moves the start of the slice. The slot before it still refers to the job, and the array
// lives as long as the queue: after a burst, all its jobs stay in memory.
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
	q.jobs = q.jobs[1:] // leaks: the slot still holds j
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

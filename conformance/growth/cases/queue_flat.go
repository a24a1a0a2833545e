// What is pushed is popped.
package queue

var queue []int

func pop() int {
	v := queue[0]
	queue = queue[1:]
	return v
}

func Step(i int) {
	queue = append(queue, i)
	pop()
}

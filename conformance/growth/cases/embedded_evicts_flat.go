// The outer struct evicts from the embedded one.
package embedded_evicts

type base struct{ m map[int]int }

type server struct{ base }

var theServer = server{base{map[int]int{}}}

func (s *server) evict(k int) { delete(s.m, k) }

func Step(i int) {
	theServer.m[i] = i
	theServer.evict(i - 10)
}

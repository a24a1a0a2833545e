// A sweeper goes over the shards.
package shards_with_sweeper

type shard struct{ m map[int]int }

var shards [8]shard

func sweep(now int) {
	for i := range shards {
		for k, at := range shards[i].m {
			if now-at > 100 {
				delete(shards[i].m, k)
			}
		}
	}
}

func Step(i int) {
	s := &shards[i%8]
	if s.m == nil {
		s.m = map[int]int{}
	}
	s.m[i] = i
	if i%100 == 0 {
		sweep(i)
	}
}

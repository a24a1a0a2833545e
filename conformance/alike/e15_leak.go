package e15leak

// work stealing with cond: Close wakes; idle count decides the end
import "sync"

type Crawl struct {
	mu   sync.Mutex
	cond *sync.Cond
	todo []string
	idle int
	n    int
	seen map[string]bool
}

func Run(root string, n int, links func(string) []string) map[string]bool {
	c := &Crawl{n: n, todo: []string{root}, seen: map[string]bool{root: true}}
	c.cond = sync.NewCond(&c.mu)
	var wg sync.WaitGroup
	for range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				u, ok := c.next()
				if !ok {
					return
				}
				c.add(links(u))
			}
		}()
	}
	wg.Wait()
	return c.seen
}

func (c *Crawl) next() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle++
	for len(c.todo) == 0 {
		if c.idle == c.n {
			return "", false
		}
		c.cond.Wait()
	}
	c.idle--
	u := c.todo[len(c.todo)-1]
	c.todo = c.todo[:len(c.todo)-1]
	return u, true
}

func (c *Crawl) add(us []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, u := range us {
		if !c.seen[u] {
			c.seen[u] = true
			c.todo = append(c.todo, u)
			c.cond.Signal()
		}
	}
}

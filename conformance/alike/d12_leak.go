package d12leak

// must-helpers that never return; lock held across fatal
import (
	"fmt"
	"os"
	"sync"
)

type Conf struct {
	mu sync.Mutex
	kv map[string]string
}

func New() *Conf { return &Conf{kv: map[string]string{}} }

func fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}

func (c *Conf) Must(k string) string {
	c.mu.Lock()
	v, ok := c.kv[k]
	if !ok {
		return ""
	}
	c.mu.Unlock()
	return v
}

func (c *Conf) Set(k, v string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k == "" {
		panic("empty")
	}
	c.kv[k] = v
}

package a16

// ownership of a file passed through a channel to a closer goroutine
import (
	"os"
	"sync"
)

func SizeAll(names []string) (int64, error) {
	files := make(chan *os.File)
	var wg sync.WaitGroup
	var total int64
	wg.Add(1)
	go func() {
		defer wg.Done()
		for f := range files {
			if st, err := f.Stat(); err == nil {
				total += st.Size()
			}
			f.Close()
		}
	}()
	var first error
	for _, n := range names {
		f, err := os.Open(n)
		if err != nil {
			first = err
			break
		}
		files <- f
	}
	close(files)
	wg.Wait()
	return total, first
}

package a06

// io.Pipe: the reader closes with an error so that the writer ends
import (
	"bufio"
	"encoding/json"
	"io"
)

type Rec struct{ ID int }

func Stream(recs []Rec, limit int) ([]string, error) {
	pr, pw := io.Pipe()
	go func() {
		enc := json.NewEncoder(pw)
		for _, r := range recs {
			if err := enc.Encode(r); err != nil {
				pw.CloseWithError(err)
				return
			}
		}
		pw.Close()
	}()
	defer pr.Close()
	var out []string
	sc := bufio.NewScanner(pr)
	for sc.Scan() {
		out = append(out, sc.Text())
		if len(out) == limit {
			break
		}
	}
	return out, sc.Err()
}

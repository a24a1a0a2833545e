package f07leak

// check on the resource's own nil
import (
	"context"
	"database/sql"
	"net"
	"os"
)

func Host(addr string) string {
	c, _ := net.Dial("tcp", addr)
	if c == nil {
		return ""
	}
	defer c.Close()
	return c.RemoteAddr().String()
}

func First(names ...string) string {
	var f *os.File
	for _, n := range names {
		if g, _ := os.Open(n); g != nil {
			f = g
		}
	}
	if f == nil {
		return ""
	}
	defer f.Close()
	return f.Name()
}

func Exists(ctx context.Context, db *sql.DB, q string) (ok bool, err error) {
	rows, err := db.QueryContext(ctx, q)
	if err == nil {
		defer rows.Close()
		ok, err = rows.Next(), rows.Err()
	}
	return
}

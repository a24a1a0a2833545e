// A buffer that every request writes into is emptied when it is long.
package buffer_drained

import (
	"bytes"
	"net/http"
)

var log bytes.Buffer

func handle(_ http.ResponseWriter, r *http.Request) {
	log.WriteString(r.RemoteAddr)
	flush()
}

func flush() {
	if n := log.Len(); n > 4096 {
		log.Next(n)
	}
}

func Step(i int) {
	handle(nil, &http.Request{RemoteAddr: "some address of some length"})
}

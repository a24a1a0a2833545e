// A buffer that every request writes into, and nobody reads.
package buffer_written

import (
	"bytes"
	"net/http"
)

var log bytes.Buffer

func handle(_ http.ResponseWriter, r *http.Request) {
	log.WriteString(r.RemoteAddr)
	log.WriteByte('\n')
}

func Step(i int) {
	handle(nil, &http.Request{RemoteAddr: "some address of some length"})
}

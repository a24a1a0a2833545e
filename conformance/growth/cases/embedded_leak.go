// The map is in an embedded struct.
package embedded

type base struct{ m map[int]*[64]byte }

type server struct{ base }

var theServer = server{base{map[int]*[64]byte{}}}

func Step(i int) { theServer.m[i] = new([64]byte) }

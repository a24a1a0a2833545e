// Package net: declarations for fixtures.
package net

import "time"

type conn struct{ fd int }

func (c *conn) Read(b []byte) (int, error)
func (c *conn) Write(b []byte) (int, error)
func (c *conn) Close() error

type UDPConn struct{ conn }

type UDPAddr struct{ Port int }

func DialUDP(network string, laddr, raddr *UDPAddr) (*UDPConn, error)

type Conn interface {
	Read(b []byte) (int, error)
	Write(b []byte) (int, error)
	Close() error
	SetDeadline(t time.Time) error
}

func Dial(network, address string) (Conn, error)

type Listener interface {
	Accept() (Conn, error)
	Close() error
	Addr() Addr
}

type Addr interface {
	Network() string
	String() string
}

type TCPListener struct{ fd int }

func (l *TCPListener) Accept() (Conn, error)
func (l *TCPListener) Close() error
func (l *TCPListener) Addr() Addr

func Listen(network, address string) (Listener, error)
func SplitHostPort(hostport string) (host, port string, err error)

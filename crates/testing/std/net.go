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
}

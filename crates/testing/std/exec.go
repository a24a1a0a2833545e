package exec

import (
	"io"
	"os"
)

type Cmd struct {
	Path       string
	Args       []string
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	ExtraFiles []*os.File
}

func Command(name string, arg ...string) *Cmd
func (c *Cmd) Run() error
func (c *Cmd) Start() error
func (c *Cmd) Wait() error

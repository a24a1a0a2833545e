package d18

// file passed to a child process, closed after start; wait in goroutine
import (
	"context"
	"os"
	"os/exec"
)

type Proc struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

func Start(ctx context.Context, log string, name string, args ...string) (*Proc, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Proc{cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *Proc) Wait() error {
	<-p.done
	return p.err
}

func (p *Proc) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	return p.Wait()
}

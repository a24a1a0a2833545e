package a19leak

// exec with pipes and Wait
import (
	"bufio"
	"context"
	"os/exec"
)

func Lines(ctx context.Context, name string, fn func(string) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		if !fn(sc.Text()) {
			return nil
		}
	}
	return cmd.Wait()
}

package b05leak

// multi-file writer: os.CreateTemp, rename; cleanup through closure variable set to nil
import (
	"fmt"
	"os"
	"path/filepath"
)

func WriteAtomic(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	tmp := f.Name()
	cleanup := func() {
		f.Close()
		os.Remove(tmp)
	}
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	_ = cleanup
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		return err
	}
	cleanup = nil
	return nil
}

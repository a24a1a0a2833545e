package c19

// try candidates; the first that opens is passed to a consumer that closes it
import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
)

type Conf struct{ Name string }

func decode(rc io.ReadCloser) (c Conf, err error) {
	defer func() {
		if cerr := rc.Close(); cerr != nil && err == nil {
			err = cerr
		}
	}()
	err = json.NewDecoder(rc).Decode(&c)
	return c, err
}

func Load(dirs []string) (Conf, error) {
	for _, d := range dirs {
		f, err := os.Open(d + "/conf.json")
		switch {
		case os.IsNotExist(err):
			continue
		case err != nil:
			return Conf{}, err
		}
		return decode(f)
	}
	return Conf{}, fs.ErrNotExist
}

func LoadFS(fsys fs.FS) (Conf, error) {
	f, err := fsys.Open("conf.json")
	if err != nil {
		return Conf{}, err
	}
	if st, err := f.Stat(); err != nil || st.IsDir() {
		f.Close()
		return Conf{}, fs.ErrInvalid
	}
	return decode(f)
}

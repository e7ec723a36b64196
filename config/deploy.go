package config

import (
	"embed"
	"io/fs"
)

//go:embed deploy/systemd
var deploy embed.FS

// Units are the files that `zest install systemd` writes, by name.
func Units() (map[string][]byte, error) {
	files, err := fs.Glob(deploy, "deploy/systemd/*")
	if err != nil {
		return nil, err
	}
	units := map[string][]byte{}
	for _, f := range files {
		body, err := deploy.ReadFile(f)
		if err != nil {
			return nil, err
		}
		units[f[len("deploy/systemd/"):]] = body
	}
	return units, nil
}

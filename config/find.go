package config

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/zest-digest/zest/digest"
)

const fileName = "zest.yaml"

// Find says which file holds the configuration: the one named explicitly, the
// one in ZEST_CONFIG, ./zest.yaml, zest/zest.yaml in the user's configuration
// folder, /etc/zest/zest.yaml; the first that is there. A file that was asked
// for by name must be there. It returns an error wrapping [digest.ErrNotFound]
// that lists where it looked.
func Find(explicit string, getenv func(string) string) (string, error) {
	for _, named := range []struct{ path, by string }{
		{explicit, "--config"}, {getenv("ZEST_CONFIG"), "ZEST_CONFIG"},
	} {
		if named.path == "" {
			continue
		}
		if _, err := os.Stat(named.path); err != nil {
			return "", fmt.Errorf("configuration %s, given by %s: %w", named.path, named.by, digest.ErrNotFound)
		}
		return named.path, nil
	}
	places := searched(getenv)
	for _, path := range places {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("configuration %w; looked for %s; `zest init` writes one",
		digest.ErrNotFound, strings.Join(places, ", "))
}

// searched lists the default places. The user's folder is worked out from the
// environment given, as [os.UserConfigDir] would from the process's.
func searched(getenv func(string) string) []string {
	places := []string{fileName}
	var user string
	switch home := getenv("HOME"); {
	case runtime.GOOS == "windows":
		user = getenv("AppData")
	case runtime.GOOS == "darwin" && home != "":
		user = filepath.Join(home, "Library", "Application Support")
	case filepath.IsAbs(getenv("XDG_CONFIG_HOME")):
		user = getenv("XDG_CONFIG_HOME")
	case home != "":
		user = filepath.Join(home, ".config")
	}
	if user != "" {
		places = append(places, filepath.Join(user, "zest", fileName))
	}
	return append(places, filepath.Join("/etc", "zest", fileName))
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
)

func (a *app) installCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "install", Short: "Make zest a service of this machine"})
	var dir string
	var dryRun, force bool
	systemd := &cobra.Command{
		Use:   "systemd",
		Short: "Write hardened systemd units: a daemon, its socket, and a timer",
		Long: `Write zest.service (the daemon), zest.socket (its socket), zest-send.service and
zest-send.timer (for whoever wants no daemon) for this program and this
configuration. A file that is there and differs is left alone unless --force is
given. Nothing is enabled or started. The packages for Debian and Fedora bring
the same units.
` + exitHelp,
		Example: "  zest install systemd --dry-run\n  sudo zest install systemd --config /etc/zest/zest.yaml",
		Args:    exactly(0),
		RunE: func(*cobra.Command, []string) error {
			units, err := a.units()
			if err != nil {
				return err
			}
			for _, name := range slices.Sorted(maps.Keys(units)) {
				if err := a.installUnit(filepath.Join(dir, name), units[name], dryRun, force); err != nil {
					return err
				}
			}
			if !dryRun {
				a.notef("then, as root:\n  useradd --system --home-dir /var/lib/zest --shell /usr/sbin/nologin zest   # once\n  systemctl daemon-reload\n  systemctl enable --now zest.service      # or zest-send.timer, without a daemon")
			}
			return nil
		},
	}
	systemd.Flags().StringVar(&dir, "dir", "/etc/systemd/system", "the `folder` to write to")
	systemd.Flags().BoolVar(&dryRun, "dry-run", false, "print the units, and write nothing")
	systemd.Flags().BoolVar(&force, "force", false, "replace what is there")
	c.AddCommand(systemd)
	return c
}

// units are the shipped ones, for this program and this configuration.
func (a *app) units() (map[string][]byte, error) {
	units, err := config.Units()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	file := "/etc/zest/zest.yaml"
	if found, err := config.Find(a.configPath, a.getenv); err == nil && a.configPath != "" {
		if file, err = filepath.Abs(found); err != nil {
			return nil, err
		}
	}
	for name, unit := range units {
		unit = bytes.ReplaceAll(unit, []byte("/usr/bin/zest"), []byte(self))
		units[name] = bytes.ReplaceAll(unit, []byte("/etc/zest/zest.yaml"), []byte(file))
	}
	return units, nil
}

func (a *app) installUnit(path string, unit []byte, dryRun, force bool) error {
	if dryRun {
		a.printf("# %s\n%s\n", path, unit)
		return nil
	}
	there, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(there, unit):
		a.printf("%s is as it should be.\n", path)
		return nil
	case err == nil && !force:
		return usagef("%s is there already and differs; --force replaces it", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(path, unit, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	a.printf("%s written.\n", path)
	return nil
}

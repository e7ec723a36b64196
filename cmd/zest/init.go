package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
)

func (a *app) initCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented configuration to start from",
		Long: `Write a commented configuration to FILE (zest.yaml when none is named).
A file that is there already is never touched. Below /etc it is the configuration of
the machine's own service, with the store in /var/lib/zest.`,
		Example: "  zest init\n  zest init /etc/zest/zest.yaml",
		Args:    atMost(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := "zest.yaml"
			if len(args) > 0 {
				path = args[0]
			}
			text, mode := config.Example(), fs.FileMode(0o600)
			if whole, err := filepath.Abs(path); err == nil && strings.HasPrefix(whole, "/etc/") {
				// A machine's own configuration is read by the service's group, and its
				// store is not kept among settings.
				text, mode = bytes.Replace(text, []byte("#store: zest.db"), []byte("store: /var/lib/zest/zest.db"), 1), 0o640
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
			if errors.Is(err, fs.ErrExist) {
				return usagef("%s is there already, and is left as it is", path)
			}
			if err != nil {
				return fmt.Errorf("writing a configuration: %w", err)
			}
			if _, err := f.Write(text); err != nil {
				f.Close()
				return fmt.Errorf("writing %s: %w", path, err)
			}
			if err := f.Close(); err != nil {
				return fmt.Errorf("writing %s: %w", path, err)
			}
			a.printf("%s written. Put in your sources and your sender, then:\n\n  zest config check\n  zest plan weekly\n", path)
			return nil
		},
	}
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
)

func (a *app) initCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented configuration to start from",
		Long: `Write a commented configuration to FILE (zest.yaml when none is named).
A file that is there already is never touched.`,
		Example: "  zest init\n  zest init /etc/zest/zest.yaml",
		Args:    atMost(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := "zest.yaml"
			if len(args) > 0 {
				path = args[0]
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return usagef("%s is there already, and is left as it is", path)
			}
			if err != nil {
				return fmt.Errorf("writing a configuration: %w", err)
			}
			if _, err := f.Write(config.Example()); err != nil {
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

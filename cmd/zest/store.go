package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
)

func (a *app) storeCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "store", Short: "Look after what zest remembers"})
	c.AddCommand(a.storeBackupCmd(), a.storeRestoreCmd(), a.storeCheckCmd(), a.storeAcceptCmd(), a.storeMoveCmd(), a.storeReopenCmd())
	return c
}

// mustExist refuses the path of a store that is not there, rather than make an
// empty one of a typing error.
func mustExist(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &digest.InvalidError{Field: "store", Value: path, Reason: "is not there"}
	} else if err != nil {
		return err
	}
	return nil
}

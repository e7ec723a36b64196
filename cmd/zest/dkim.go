package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/doctor"
)

func (a *app) dkimCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "dkim", Short: "Keys to sign messages with"})
	var kind, out string
	keygen := &cobra.Command{
		Use:   "keygen SELECTOR DOMAIN",
		Short: "Make a DKIM key and print the DNS record to publish",
		Long: `Make a private key, write it to a file that is not there yet, and print the DNS
record that goes with it. Name the file as dkim.key_file in the configuration.
` + exitHelp,
		Example: "  zest dkim keygen zest example.org --out dkim.pem",
		Args:    exactly(2),
		RunE: func(_ *cobra.Command, args []string) error {
			key, record, err := deliver.NewKey(deliver.KeyKind(kind))
			if err != nil {
				return err
			}
			f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return usagef("%s is there already, and is left as it is", out)
			}
			if err != nil {
				return fmt.Errorf("writing the key: %w", err)
			}
			if _, err := f.Write(key); err != nil {
				f.Close()
				return fmt.Errorf("writing the key: %w", err)
			}
			if err := f.Close(); err != nil {
				return fmt.Errorf("writing the key: %w", err)
			}
			a.notef("the key is in %s; publish this TXT record:", out)
			a.printf("%s._domainkey.%s. TXT %s\n", args[0], args[1], doctor.TXT(record))
			return nil
		},
	}
	keygen.Flags().StringVar(&kind, "kind", string(deliver.KeyRSA), "rsa or ed25519")
	keygen.Flags().StringVarP(&out, "out", "o", "dkim.pem", "the `file` to write the key to")
	c.AddCommand(keygen)
	return c
}

//go:build !manual

package main

import "github.com/spf13/cobra"

func (a *app) manualCmd(*cobra.Command) *cobra.Command { return nil }

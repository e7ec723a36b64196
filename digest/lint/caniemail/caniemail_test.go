package caniemail_test

import (
	"slices"
	"testing"

	"github.com/zest-digest/zest/digest/lint/caniemail"
)

func TestTheTableIsWhole(t *testing.T) {
	table, err := caniemail.Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Clients) < 40 || len(table.Support) < 300 || table.Updated == "" {
		t.Errorf("%d clients, %d features, of %q", len(table.Clients), len(table.Support), table.Updated)
	}
	if lack := table.Without("css-display-grid"); !slices.Contains(lack, "Outlook Windows") {
		t.Errorf("clients without grid: %v", lack)
	}
	if lack := table.Without("html-table"); len(lack) > 0 {
		t.Errorf("clients without tables: %v", lack)
	}
}

package templates

import (
	"io/fs"
	"slices"
)

// Over is the shipped files with the operator's own on top: a file of theirs
// stands for ours of the same name. A nil folder is none.
func Over(own fs.FS) fs.FS {
	if own == nil {
		return FS
	}
	return over{own}
}

type over struct{ own fs.FS }

// Open opens the operator's file, else the shipped one.
func (o over) Open(name string) (fs.File, error) {
	if f, err := o.own.Open(name); err == nil {
		return f, nil
	}
	return FS.Open(name)
}

// Glob lists the files of both.
func (o over) Glob(pattern string) ([]string, error) {
	own, err := fs.Glob(o.own, pattern)
	if err != nil {
		return nil, err
	}
	shipped, err := fs.Glob(FS, pattern)
	all := append(own, shipped...)
	slices.Sort(all)
	return slices.Compact(all), err
}

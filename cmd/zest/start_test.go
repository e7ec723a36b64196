//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStart measures whole processes: what cron pays every few minutes.
// Beside the time it reports the most memory a process held.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	zest := filepath.Join(dir, "zest")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", zest, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	config := `public_url: https://news.example.org
smtp: {host: 127.0.0.1, port: 9, tls: none}
newsletters:
  - {name: hebdo, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [./articles], schedule: [every monday at 7:30]}
`
	article := "# The bridge is open\n\nAfter two years of works the bridge over the harbour opens on Monday, wider by a lane.\n"
	if err := os.Mkdir(filepath.Join(dir, "articles"), 0o700); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"zest.yaml": config, "articles/bridge.md": article} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for _, command := range []string{"version", "plan hebdo --json", "send --due"} {
		b.Run(strings.ReplaceAll(command, " ", "_"), func(b *testing.B) {
			var most, busy int64
			for b.Loop() {
				cmd := exec.Command(zest, strings.Fields(command)...)
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "ZEST_CONFIG="+filepath.Join(dir, "zest.yaml"))
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatal(fmt.Errorf("%w: %s", err, out))
				}
				usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
				most = max(most, int64(usage.Maxrss))
				busy += int64(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime())
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Millisecond), "ms/start")
			b.ReportMetric(float64(busy)/float64(b.N)/float64(time.Millisecond), "cpu-ms/start")
			b.ReportMetric(float64(most)/1000, "MB")
		})
	}
}

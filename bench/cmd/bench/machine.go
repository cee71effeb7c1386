package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is where a report was measured, without names that say whose it is.
type machine struct {
	cpu, system, kernel string
	cores               int
	memory              int64 // bytes
	date                time.Time
}

func machineOf() machine {
	return machine{
		cpu:    field("/proc/cpuinfo", "model name", ":", "unknown processor"),
		system: strings.Trim(field("/etc/os-release", "PRETTY_NAME", "=", runtime.GOOS), `"`),
		kernel: kernel(),
		cores:  cores(),
		memory: memory(),
		date:   time.Now().UTC(),
	}
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, %d GB, %s, Linux %s", m.cpu, m.cores, (m.memory+1<<29)>>30, m.system, m.kernel)
}

// field returns the value of the first line with a name, in files of names and values.
func field(path, name, separator, fallback string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return fallback
	}
	for line := range strings.Lines(string(text)) {
		k, v, ok := strings.Cut(line, separator)
		if ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return fallback
}

// kernel returns the numbers of the kernel's release; what follows them may name a provider.
func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	release, _, _ := strings.Cut(strings.TrimSpace(string(text)), "-")
	return release
}

func memory() int64 {
	kb, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal", ":", "0 kB"), " kB"), 10, 64)
	return kb << 10
}

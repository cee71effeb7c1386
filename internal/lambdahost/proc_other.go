//go:build unix && !linux

package lambdahost

import (
	"net/netip"
	"syscall"
)

// Elsewhere than on Linux an environment is a process group and nothing more: there is no
// parent-death signal, no memory watch, and any local process may call a Runtime API port. The manual
// says so.

func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func limit(pid, memoryMB int) {}

// awaitExit would have to reap the child.
func awaitExit(pid int) bool { return false }

func sweep(mark string) {}

func privateMemory(pid int) int64 { return 0 }

func census() map[int][]int { return nil }

func mayCall(leader int, client, server netip.AddrPort) bool { return true }

func canTellCallers() bool { return false }

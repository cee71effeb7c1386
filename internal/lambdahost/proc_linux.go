package lambdahost

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// childAttributes makes a child lead a process group and die with us.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit sets the resource limits of a process that has just been started, from outside: no shim has to
// run between fork and exec. A runtime that is quicker keeps what it opened before, which is harmless.
//
// RLIMIT_AS would kill Node, which reserves address space by the gigabyte; RLIMIT_DATA counts only
// what is private and writable. It is a far stop behind the memory watch: twice the memory size and
// a gigabyte.
func limit(pid, memoryMB int) {
	data := (2*uint64(memoryMB) + 1024) << 20
	for _, l := range []struct {
		resource int
		max      uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, 1024}, // as on AWS
		{unix.RLIMIT_DATA, data},
		// The largest ephemeral storage on AWS; one file cannot fill a disk.
		{unix.RLIMIT_FSIZE, 10 << 30},
		// Counted over all processes of the user, but only the function's own forks fail. Not for root.
		{unix.RLIMIT_NPROC, 8192},
	} {
		_ = unix.Prlimit(pid, l.resource, &unix.Rlimit{Cur: l.max, Max: l.max}, nil)
	}
}

// awaitExit returns true when a child has ended and is left unreaped.
func awaitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}

// sweep kills processes outside the group that carry the environment's mark: children that called
// setsid. One that also changed its own environment escapes until stronger isolation exists.
func sweep(mark string) {
	if mark == "" {
		return
	}
	for range 3 { // a child may fork while we look
		found := false
		for _, pid := range processes() {
			env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
			if err == nil && bytes.Contains(env, []byte(mark)) && pid != os.Getpid() {
				if state, _ := readStat(pid); state == 'Z' || state == 'X' {
					continue
				}
				found = unix.Kill(pid, unix.SIGKILL) == nil || found
			}
		}
		if !found {
			return
		}
	}
}

// processes lists the process ids of the machine.
func processes() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer func() { _ = dir.Close() }()
	names, _ := dir.Readdirnames(-1)
	pids := make([]int, 0, len(names))
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// readStat returns the state letter and the process group of a process; 0 when it is gone.
func readStat(pid int) (state byte, group int) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0
	}
	// "pid (name) S ppid pgrp …": the name may contain anything, so search its end from the right.
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return 0, 0
	}
	f := strings.Fields(string(b[i+1:]))
	if len(f) < 3 {
		return 0, 0
	}
	group, _ = strconv.Atoi(f[2])
	return f[0][0], group
}

// privateMemory is what a process has for itself, in bytes: resident pages that are not shared with a
// file. The text of the interpreter does not count.
func privateMemory(pid int) int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 3 {
		return 0
	}
	resident, _ := strconv.ParseInt(f[1], 10, 64)
	shared, _ := strconv.ParseInt(f[2], 10, 64)
	return (resident - shared) * int64(os.Getpagesize())
}

// census groups the processes of the machine by process group.
func census() map[int][]int {
	groups := map[int][]int{}
	for _, pid := range processes() {
		if _, g := readStat(pid); g > 0 {
			groups[g] = append(groups[g], pid)
		}
	}
	return groups
}

// mayCall reports whether the client of a Runtime API connection is a process of the environment's
// process group. TCP has no peer credentials; the kernel's socket table names the client's inode, and
// a process that may call has that inode open.
func mayCall(leader int, client, server netip.AddrPort) bool {
	inode, ok := socketInode(client, server)
	if !ok {
		return false
	}
	link := "socket:[" + inode + "]"
	if holds(leader, link) {
		return true
	}
	for _, pid := range processes() {
		if _, g := readStat(pid); g == leader && pid != leader && holds(pid, link) {
			return true
		}
	}
	return false
}

// socketInode finds the client's end of a loopback connection in the kernel's tables. A client with a
// dual-stack socket is in the second one.
func socketInode(client, server netip.AddrPort) (string, bool) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		inode, ok := findSocket(f, hexAddr(client), hexAddr(server))
		_ = f.Close()
		if ok {
			return inode, true
		}
	}
	return "", false
}

// findSocket reads a socket table. The addresses of the IPv6 table end with the IPv4 address that they
// map.
func findSocket(table io.Reader, local, remote string) (inode string, ok bool) {
	for s := bufio.NewScanner(table); s.Scan(); {
		c := strings.Fields(s.Text())
		if len(c) > 9 && c[9] != "0" && strings.HasSuffix(c[1], local) && strings.HasSuffix(c[2], remote) {
			return c[9], true
		}
	}
	return "", false
}

// canTellCallers tries mayCall on a connection of our own: where /proc does not show what it needs, no
// caller can be told from another.
func canTellCallers() bool {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return false
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }()
	return mayCall(os.Getpid(), addrPort(c.LocalAddr()), addrPort(c.RemoteAddr()))
}

// hexAddr writes an IPv4 address as /proc/net/tcp does: the 32-bit word as the machine holds it.
func hexAddr(a netip.AddrPort) string {
	ip := a.Addr().Unmap().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), a.Port())
}

// holds reports whether a process has a file open.
func holds(pid int, link string) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer func() { _ = d.Close() }()
	names, _ := d.Readdirnames(-1)
	for _, n := range names {
		if target, err := os.Readlink(dir + "/" + n); err == nil && target == link {
			return true
		}
	}
	return false
}

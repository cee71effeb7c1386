//go:build unix

package upstream

import "syscall"

// alive reports whether an idle connection is still open and silent: a back end that closed it, or sent
// something that nobody asked for, is not spoken to again on it.
func (n *conn) alive() bool {
	s, ok := n.tcp.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	open := false
	// Control and not Read: the deadline of the last call may have passed.
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		open = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	})
	return err == nil && open
}

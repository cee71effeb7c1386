//go:build unix

package upstream

import "syscall"

// alive reports whether an idle connection is still open and silent: a back end that closed it, or sent
// something that nobody asked for, is not spoken to again on it.
func (n *conn) alive() bool {
	if n.raw == nil {
		s, ok := n.tcp.(syscall.Conn)
		if !ok {
			return true
		}
		raw, err := s.SyscallConn()
		if err != nil {
			return false
		}
		n.raw = raw
		n.peek = func(fd uintptr) {
			_, _, err := syscall.Recvfrom(int(fd), n.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			n.open = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		}
	}
	n.open = false
	return n.raw.Control(n.peek) == nil && n.open
}

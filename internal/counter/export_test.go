package counter

// Known is the number of clients and buckets that are known.
func (l *Local) Known() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.clients) + len(l.buckets)
}

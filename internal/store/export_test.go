package store

// NewMemoryKeeping is NewMemory with a short feed.
func NewMemoryKeeping(changes int) *Memory {
	m := NewMemory()
	m.keeps = changes
	return m
}

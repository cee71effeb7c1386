package lambdahost

import (
	"time"
)

// The beats of the keeper.
const (
	memoryBeat = 250 * time.Millisecond
	// censusEvery is how many beats pass between two looks at all processes of the machine.
	censusEvery = 8
	// maxProcesses is what one environment may run at once; AWS allows 1,024 as well.
	maxProcesses = 1024
)

// reserve takes a place for a process. A pool's first process always gets one.
func (h *Host) reserve(first bool) bool {
	if h.places.Add(1) <= int64(h.cfg.MaxEnvironments) || first {
		return true
	}
	h.places.Add(-1)
	return false
}

func (h *Host) release() { h.places.Add(-1) }

// starve wakes the keeper to make room for a pool that waits.
func (h *Host) starve() {
	select {
	case h.hungry <- struct{}{}:
	default:
	}
}

// keep reaps idle environments and makes room when all places are taken.
func (h *Host) keep() {
	beat := time.NewTicker(max(time.Second, h.cfg.IdleAfter/8))
	defer beat.Stop()
	for {
		select {
		case <-h.closing:
			return
		case <-beat.C:
			h.reap()
		case <-h.hungry:
			h.makeRoom()
		}
	}
}

// reap stops what was idle for too long.
func (h *Host) reap() {
	now := h.now()
	before := now.Add(-h.cfg.IdleAfter)
	for _, p := range h.list() {
		p.reap(before)
	}
	if h.cfg.MaxAge <= 0 {
		return
	}
	for _, e := range h.living() {
		if e.spawned.Before(now.Add(-h.cfg.MaxAge)) && e.pool.uses(e) {
			e.pool.recycle(false)
		}
	}
}

// makeRoom lets waiting pools grow, and stops the environment that is idle longest when there is no
// place. While there is nothing to stop either, every environment that becomes idle calls it again.
func (h *Host) makeRoom() {
	crowded := false
	var donor *pool
	var since time.Time
	for _, p := range h.list() {
		p.mu.Lock()
		crowded = !p.tryGrow() || crowded
		p.mu.Unlock()
		if s, ok := p.oldest(); ok && (donor == nil || s.Before(since)) {
			donor, since = p, s
		}
	}
	h.crowded.Store(crowded)
	if crowded && donor != nil {
		donor.evict()
	}
}

// evict stops the longest idle environment.
func (p *pool) evict() {
	p.mu.Lock()
	var e *environment
	if len(p.idle) > 0 {
		e = p.idle[0]
		p.remove(e)
	}
	p.mu.Unlock()
	if e != nil {
		e.stop()
	}
}

// born and buried keep the list of environments with a process.
func (h *Host) born(e *environment) {
	h.aliveMu.Lock()
	h.alive[e] = struct{}{}
	h.aliveMu.Unlock()
	if h.isClosing() {
		e.proc.Kill() // Close may have looked before
	}
}

func (h *Host) buried(e *environment) {
	h.aliveMu.Lock()
	delete(h.alive, e)
	h.aliveMu.Unlock()
}

// living lists the environments with a process.
func (h *Host) living() []*environment {
	h.aliveMu.Lock()
	defer h.aliveMu.Unlock()
	list := make([]*environment, 0, len(h.alive))
	for e := range h.alive {
		list = append(list, e)
	}
	return list
}

// each calls fn for every process.
func (h *Host) each(fn func(Process)) {
	for _, e := range h.living() {
		fn(e.proc)
	}
}

// watchMemory kills environments that use more memory than their function declares, or run more
// processes than Lambda allows.
func (h *Host) watchMemory() {
	beat := time.NewTicker(memoryBeat)
	defer beat.Stop()
	for n := 0; ; n++ {
		select {
		case <-h.closing:
			return
		case <-beat.C:
		}
		var groups map[int][]int
		for _, e := range h.living() {
			if !e.works() {
				continue
			}
			if groups == nil && n%censusEvery == 0 {
				groups = census()
			}
			e.weigh(groups[e.proc.PID()])
		}
	}
}

// works reports whether code of the function runs now.
func (e *environment) works() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == starting || e.state == busy
}

// weigh measures the environment and kills it when it is too large. others are the processes of its
// group, or nil when only the leader is looked at.
func (e *environment) weigh(others []int) {
	leader := e.proc.PID()
	used := privateMemory(leader)
	for _, pid := range others {
		if pid != leader {
			used += privateMemory(pid)
		}
	}
	mb := used >> 20
	if mb > e.usedMB.Load() {
		e.usedMB.Store(mb)
	}
	switch {
	case mb > int64(e.cfg.MemoryMB):
		e.host.log.Warn("a function uses more memory than it declares and is killed",
			"function", e.cfg.Name, "used_mb", mb, "memory_mb", e.cfg.MemoryMB)
	case len(others) > maxProcesses:
		e.host.log.Warn("a function runs too many processes and is killed",
			"function", e.cfg.Name, "processes", len(others))
	default:
		return
	}
	e.proc.Kill()
}

// memoryUsed is the largest memory use seen, in MB, capped at the declared size as AWS prints it.
func (e *environment) memoryUsed() int {
	mb := e.usedMB.Load()
	if mb == 0 {
		mb = max(1, privateMemory(e.proc.PID())>>20)
		e.usedMB.Store(mb)
	}
	return int(min(mb, int64(e.cfg.MemoryMB)))
}

package sqlite

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/store"
)

// childVar makes the test binary a process that writes to the database it names, to be killed.
const childVar = "GATEHOUSE_TEST_STORE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVar); path != "" {
		writeForEver(path)
		return
	}
	os.Exit(m.Run())
}

const writers = 3

// writeForEver writes numbered pairs of documents and prints "writer number" after each acknowledgement.
// After a failure it prints "refused", whether the database calls itself broken, and why, and goes on for
// a little. It ends after 60 numbers, should nobody kill it.
func writeForEver(path string) {
	db, err := Open(context.Background(), path)
	if err != nil {
		fmt.Println("open", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			first := 0
			db.View(context.Background(), func(tx store.Tx) error {
				doc, err := tx.Get("last", home, strconv.Itoa(w))
				if err == nil {
					first, err = strconv.Atoi(string(doc.Body))
				}
				return err
			})
			for n, refused := first+1, 0; refused < 20 && n <= first+60; {
				_, err := db.Update(context.Background(), func(tx store.Tx) error { return putPair(tx, w, n) })
				if err != nil {
					refused++
					fmt.Println("refused", errors.Is(err, ErrBroken) && db.Broken() != nil, err)
					continue
				}
				// One write call, so that a line is never mixed with another.
				os.Stdout.WriteString(fmt.Sprintf("ack %d %d\n", w, n))
				n++
			}
		})
	}
	wg.Wait()
	if db.View(context.Background(), func(tx store.Tx) error { _, err := tx.Get("last", home, "0"); return err }) == nil {
		fmt.Println("readable")
	}
}

// bodyOf is what the documents of a number hold; the sizes vary, so that pages split and overflow.
func bodyOf(w, n int) string {
	return strings.Repeat(fmt.Sprintf("%d-%d;", w, n), 1+n*n*31%700)
}

// putPair writes two documents which belong together, with index entries, removes an older pair and moves
// the writer's counter on.
func putPair(tx store.Tx, w, n int) error {
	body := []byte(bodyOf(w, n))
	for _, half := range []string{"a", "b"} {
		ref := store.Ref{Name: "number", Value: fmt.Sprintf("%d/%d/%s", w, n, half), Unique: true}
		if err := tx.Put("pair", home, fmt.Sprintf("%d/%08d/%s", w, n, half), body, []store.Ref{ref}, true, true); err != nil {
			return err
		}
		if n%3 == 0 {
			if err := tx.Delete("pair", home, fmt.Sprintf("%d/%08d/%s", w, n-1, half), true); err != nil {
				return err
			}
		}
	}
	return tx.Put("last", home, strconv.Itoa(w), []byte(strconv.Itoa(n)), nil, false, true)
}

// checkPairs tells what is wrong with a database that writeForEver wrote to, and returns how far each
// writer came.
func checkPairs(db *DB) (last [writers]int, err error) {
	if err := db.Check(context.Background()); err != nil {
		return last, err
	}
	err = db.View(context.Background(), func(tx store.Tx) error {
		for w := range last {
			doc, err := tx.Get("last", home, strconv.Itoa(w))
			if err == nil {
				last[w], err = strconv.Atoi(string(doc.Body))
			}
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			seen := 0
			for doc, err := range tx.List("pair", home, fmt.Sprintf("%d/", w), "") {
				if err != nil {
					return err
				}
				var n int
				var half string
				if _, err := fmt.Sscanf(doc.ID[len(strconv.Itoa(w))+1:], "%d/%s", &n, &half); err != nil {
					return err
				}
				switch {
				case n > last[w]:
					return fmt.Errorf("writer %d: number %d is visible, the counter says %d", w, n, last[w])
				case (n+1)%3 == 0 && n < last[w]:
					return fmt.Errorf("writer %d: number %d should have been deleted", w, n)
				case string(doc.Body) != bodyOf(w, n):
					return fmt.Errorf("writer %d: number %d%s holds %.40q", w, n, half, doc.Body)
				}
				for doc2, err := range tx.By("pair", home, "number", fmt.Sprintf("%d/%d/%s", w, n, half)) {
					if err != nil || doc2.ID != doc.ID {
						return fmt.Errorf("writer %d: number %d%s is indexed as %s, %v", w, n, half, doc2.ID, err)
					}
					seen++
				}
			}
			want := 0
			for n := 1; n <= last[w]; n++ {
				if (n+1)%3 != 0 || n == last[w] {
					want += 2
				}
			}
			if seen != want {
				return fmt.Errorf("writer %d: %d documents are there and indexed, want %d", w, seen, want)
			}
		}
		return nil
	})
	if err != nil {
		return last, err
	}
	// The feed ends with the last revision and has no gap.
	after := db.Rev() - min(db.Rev(), 50)
	for after != db.Rev() {
		for c, err := range db.Watch(context.Background(), after) {
			if err != nil || c.Rev != after+1 {
				return last, fmt.Errorf("feed: %+v after %d, %v", c, after, err)
			}
			after = c.Rev
			break
		}
	}
	return last, nil
}

// TestKill kills a writing process again and again: what was acknowledged is there, and nothing half
// written is visible (R1). GATEHOUSE_TEST_KILLS sets how often.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 25
	if text := os.Getenv("GATEHOUSE_TEST_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "db")
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	var acknowledged [writers]int
	total, unchecked := 0, 0
	for round := range kills {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childVar+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		kill := sync.OnceFunc(func() { child.Process.Kill() })
		lines := bufio.NewReader(out)
		var started [writers]bool
		// The first acknowledgement tells that it runs; then it dies at a random moment.
		for count := 0; ; count++ {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // the pipe is empty and the child is gone; half a line is no acknowledgement
			}
			var w, n int
			if _, err := fmt.Sscanf(line, "ack %d %d\n", &w, &n); err != nil {
				t.Fatalf("round %d: the writer said %q", round, line)
			}
			if skipped := n - acknowledged[w] - 1; skipped != 0 && (started[w] || skipped < 0 || skipped > unchecked) {
				t.Fatalf("round %d: writer %d acknowledged %d after %d", round, w, n, acknowledged[w])
			}
			started[w], acknowledged[w] = true, n
			total++
			if count == 0 {
				time.AfterFunc(time.Duration(rnd.IntN(60_000))*time.Microsecond, kill)
			}
		}
		child.Wait()
		if unchecked++; round%3 == 1 {
			continue // the next child has to recover by itself
		}

		db, err := Open(t.Context(), path)
		if err != nil {
			t.Fatalf("round %d (seed %d): %v", round, seed, err)
		}
		last, err := checkPairs(db)
		if err != nil {
			t.Fatalf("round %d (seed %d): %v", round, seed, err)
		}
		for w := range last {
			// One more than acknowledged may be there per kill: committed, but not yet said.
			if last[w] < acknowledged[w] || last[w] > acknowledged[w]+unchecked {
				t.Fatalf("round %d (seed %d): writer %d acknowledged %d, the database holds %d", round, seed, w, acknowledged[w], last[w])
			}
		}
		acknowledged, unchecked = last, 0
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d acknowledged updates, none lost", kills, total)
}

// faults runs the writing process with failing system calls, and returns what it said. The faults are
// injected by strace, where there is one.
func faults(t *testing.T, path, inject string) []string {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil || exec.Command(strace, "-o", os.DevNull, "true").Run() != nil {
		t.Skip("there is no strace that could inject the fault")
	}
	openTest(t, path).Close()
	calls, _, _ := strings.Cut(inject, ":")
	child := exec.Command(strace, "-f", "-o", os.DevNull, "-e", "trace="+calls, "-e", "inject="+inject, os.Args[0])
	child.Env = append(os.Environ(), childVar+"="+path)
	out, err := child.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// checkAcknowledged tells whether the database holds what the lines acknowledge.
func checkAcknowledged(t *testing.T, path string, lines []string) {
	t.Helper()
	last, err := checkPairs(openTest(t, path))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		var w, n int
		if _, err := fmt.Sscanf(line, "ack %d %d", &w, &n); err == nil && n > last[w] {
			t.Errorf("writer %d acknowledged %d, the database holds %d", w, n, last[w])
		}
	}
}

// TestFailingFlush: after the disk refused a flush nothing is acknowledged any more, reading goes on, and
// the database says why (R3).
func TestFailingFlush(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	lines := faults(t, path, "fsync,fdatasync:error=EIO:when=20+")
	acknowledged, refused, late := 0, 0, 0
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "ack"):
			if acknowledged++; refused > 0 {
				late++ // committed before the failure, said after it: once per writer
			}
		case strings.HasPrefix(line, "refused"):
			if refused++; !strings.HasPrefix(line, "refused true") {
				t.Errorf("after the failure: got %q, want ErrBroken and Broken", line)
			}
		case line != "readable":
			t.Errorf("the writer said %q", line)
		}
	}
	if acknowledged == 0 || refused != 20*writers || late >= writers || lines[len(lines)-1] != "readable" {
		t.Errorf("%d acknowledged, %d of them after the failure, %d refused; the last words were %q", acknowledged, late, refused, lines[len(lines)-1])
	}
	checkAcknowledged(t, path, lines)
}

// TestNoSpace: a disk that is full for a while refuses for a while, without a restart (R4).
func TestNoSpace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	lines := faults(t, path, "pwrite64:error=ENOSPC:when=100..105")
	acknowledged, refused, after := 0, 0, 0
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "ack"):
			if acknowledged++; refused > 0 {
				after++
			}
		case strings.HasPrefix(line, "refused"):
			if refused++; !strings.HasPrefix(line, "refused false") {
				t.Errorf("with a full disk: got %q, want no ErrBroken", line)
			}
		case line != "readable":
			t.Errorf("the writer said %q", line)
		}
	}
	if refused == 0 || after < 20 || acknowledged == after {
		t.Errorf("%d acknowledged, %d of them after %d refusals", acknowledged, after, refused)
	}
	checkAcknowledged(t, path, lines)
}

// TestTornLog replays crash images: the log cut at any byte, or with any page after the last flush of a
// commit lost or overwritten. Each opens to a state that some commit left, and never to one before a
// commit whose flush the image holds (R2, the part that the log decides).
func TestTornLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "db")
	db := openTest(t, path)
	if err := db.writer.script("PRAGMA wal_autocheckpoint=0"); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return b
	}
	flushed := []int{len(read(path + "-wal"))} // by number of commits
	for n := 1; n <= 15; n++ {
		update(t, db, func(tx store.Tx) error { return putPair(tx, 0, n) })
		flushed = append(flushed, len(read(path+"-wal")))
	}
	main, wal := read(path), read(path+"-wal")

	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 45 {
		image := bytes.Clone(wal)
		safe := flushed[0] + rnd.IntN(len(wal)-flushed[0]) // what lies before it reached the disk
		switch i % 3 {
		case 0:
			image = image[:safe]
		case 1: // pages lost
			for at := safe; at < len(image); at += 4096 {
				if rnd.IntN(2) == 0 {
					clear(image[at:min(at+4096, len(image))])
				}
			}
		case 2: // pages of something else
			for at := safe; at < len(image); at += 4096 {
				if rnd.IntN(3) == 0 {
					copy(image[at:min(at+4096, len(image))], wal[rnd.IntN(len(wal)-4096):])
				}
			}
		}
		torn := filepath.Join(dir, fmt.Sprint(i), "db")
		if err := errors.Join(os.Mkdir(filepath.Dir(torn), 0o700), os.WriteFile(torn, main, 0o600), os.WriteFile(torn+"-wal", image, 0o600)); err != nil {
			t.Fatal(err)
		}
		atLeast := 0
		for n, size := range flushed {
			if size <= safe {
				atLeast = n
			}
		}
		db, err := Open(t.Context(), torn)
		if err != nil {
			t.Fatalf("image %d: %v", i, err)
		}
		last, err := checkPairs(db)
		if err != nil || last[0] < atLeast {
			t.Errorf("image %d: the state is that of commit %d, want %d or later; %v", i, last[0], atLeast, err)
		}
		db.Close()
	}
}

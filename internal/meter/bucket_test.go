package meter

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const second = int64(time.Second)

func TestRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		burst int32
		rate  float64
	}{
		{"0/0", 0, 0}, // [observed] for stage throttles
		{"burst 0", 0, 100},
		{"burst negative", -1, 100},
		{"burst smallest", math.MinInt32, 100},
		{"burst 0, rate infinite", 0, math.Inf(1)},
	} {
		b := Bucket{}
		for now := range 100 * second / 1e7 {
			next, ok := b.Take(now*1e7, tt.burst, tt.rate)
			if ok || next != b {
				t.Fatalf("%s: Take admitted or changed the bucket: %+v", tt.name, next)
			}
		}
	}
}

// admitted counts how many of the requests at the given times pass.
func admitted(b *Bucket, times []int64, burst int32, rate float64) (n int) {
	for _, now := range times {
		next, ok := b.Take(now, burst, rate)
		if ok {
			n++
		} else if next != *b {
			if before, after := b.Tokens(now, burst, rate), next.Tokens(now, burst, rate); after != before {
				panic("a refused request took something")
			}
		}
		*b = next
	}
	return n
}

func repeat(now int64, n int) []int64 {
	times := make([]int64, n)
	for i := range times {
		times[i] = now
	}
	return times
}

func TestTake(t *testing.T) {
	at := int64(1e18)
	for _, tt := range []struct {
		name  string
		burst int32
		rate  float64
		steps [][2]int64 // time after at in ns, admitted out of 1000 requests at that time
	}{
		{"burst, then rate", 5, 10, [][2]int64{{0, 5}, {99_999_999, 0}, {100_000_000, 1}, {1_000_000_000, 5}, {1_000_000_001, 0}}},
		{"burst over rate", 10, 0.5, [][2]int64{{0, 10}, {1_999_999_999, 0}, {2 * second, 1}, {3 * second, 0}, {4 * second, 1}}},
		{"burst below rate", 2, 100, [][2]int64{{0, 2}, {10_000_000, 1}, {second, 2}}},
		{"no refill", 3, 0, [][2]int64{{0, 3}, {second, 0}, {1e15, 0}}},
		{"rate is not a number", 3, math.NaN(), [][2]int64{{0, 3}, {1e15, 0}}},
		{"rate negative", 3, -5, [][2]int64{{0, 3}, {1e15, 0}}},
		{"clock back an hour", 5, 10, [][2]int64{{0, 5}, {-3600 * second, 0}, {-3599 * second, 5}}},
		{"clock forward a day", 5, 10, [][2]int64{{0, 5}, {86400 * second, 5}, {86400*second + 1, 0}}},
		{"forward and back", 5, 10, [][2]int64{{0, 5}, {86400 * second, 5}, {0, 0}, {100_000_000, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b Bucket
			for _, step := range tt.steps {
				if got := admitted(&b, repeat(at+step[0], 1000), tt.burst, tt.rate); got != int(step[1]) {
					t.Errorf("at %v: admitted %d, want %d", time.Duration(step[0]), got, step[1])
				}
			}
		})
	}
}

func TestExtremeTimes(t *testing.T) {
	times := []int64{0, math.MaxInt64, math.MinInt64, math.MaxInt64, -1, math.MinInt64, 0}
	for _, from := range times { // 1 ns is no time, so -1 and 0 are the same here
		for _, to := range times {
			var b Bucket
			admitted(&b, repeat(from, 10), 3, 1)
			got := admitted(&b, repeat(to, 10), 3, 1)
			want := 0
			if to > math.MinInt64 && to-1 > from {
				want = 3
			}
			if got != want {
				t.Errorf("from %d to %d: admitted %d, want %d", from, to, got, want)
			}
		}
	}
}

// A limit that changes under way keeps what was taken.
func TestChangedLimit(t *testing.T) {
	for _, tt := range []struct {
		name     string
		burst    int32
		rate     float64
		takes    int
		newBurst int32
		newRate  float64
		want     int // at once
		later    int // and a tenth of a second later
	}{
		{"raised", 5, 1, 5, 20, 10, 15, 1},
		{"lowered", 20, 1, 15, 5, 10, 0, 1},
		{"lowered, some left", 20, 1, 3, 5, 10, 2, 1},
		{"slow to fast", 5, 0.001, 5, 5, 100, 0, 5},
		{"fast to slow", 200, 100, 200, 200, 0.001, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b Bucket
			if got := admitted(&b, repeat(second, tt.takes), tt.burst, tt.rate); got != tt.takes {
				t.Fatalf("admitted %d before the change, want %d", got, tt.takes)
			}
			if got := admitted(&b, repeat(second, 1000), tt.newBurst, tt.newRate); got != tt.want {
				t.Errorf("admitted %d after the change, want %d", got, tt.want)
			}
			if got := admitted(&b, repeat(second+second/10, 1000), tt.newBurst, tt.newRate); got != tt.later {
				t.Errorf("admitted %d a tenth of a second later, want %d", got, tt.later)
			}
		})
	}
}

// The promise: in any stretch of T seconds no more than burst + rate·T + 1 pass, however the requests
// come, out of order by less than a millisecond included; and no less than that when there is demand.
func TestPromise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		burst := int32(1 + rnd.IntN(300))
		rate := math.Pow(10, rnd.Float64()*7-3) // 0.001 to 10,000 a second
		gap := math.Pow(10, rnd.Float64()*9)    // 1 ns to 1 s between requests, on average
		var b Bucket
		var passed []float64
		now, from := int64(1e17), int64(1e17)
		for range 3000 {
			now += int64(rnd.ExpFloat64() * gap)
			next, ok := b.Take(now-rnd.Int64N(1e6), burst, rate)
			b = next
			if ok {
				passed = append(passed, float64(now-from)/1e9)
			}
		}
		for i := range passed {
			// Requests i..j are j-i+1; the largest excess for each i is found by a look at every j.
			for j := i; j < len(passed); j += 1 + len(passed)/64 {
				span := passed[j] - passed[i] + 1e-3
				if limit := float64(burst) + rate*span + 1; float64(j-i+1) > limit {
					t.Fatalf("burst %d, rate %v: %d admitted in %v s, at most %v promised", burst, rate, j-i+1, span, limit)
				}
			}
		}
		if demand, supply := 3000.0, float64(burst)+rate*float64(now-from)/1e9; supply < demand {
			if perRequest := float64(now-from) / 1e9 / 3000 * rate; perRequest < 0.5 && float64(len(passed)) < 0.98*supply-2-rate*2e-3 {
				t.Fatalf("burst %d, rate %v: only %d admitted of %v due", burst, rate, len(passed), supply)
			}
		}
	}
}

// Steps back, as requests that overtake one another make them, give nothing: by less than a millisecond
// when they queue, by minutes when one of them waited for something else first.
func TestOvertakingGivesNothing(t *testing.T) {
	const burst, rate = 10, 1000
	for _, late := range []time.Duration{900 * time.Microsecond, 2 * time.Second, 4 * time.Minute} {
		var b Bucket
		var n int
		for i := range int64(100_000) {
			n += admitted(&b, []int64{second + i*1000, second + i*1000 - int64(late)}, burst, rate)
		}
		if limit := burst + rate/10 + 1; n > limit || n < limit-2 {
			t.Errorf("admitted %d in 100 ms with every other request %v late, want about %d", n, late, limit)
		}
	}
}

func TestTokens(t *testing.T) {
	var b Bucket
	if got := b.Tokens(0, 7, 1); got != 7 {
		t.Errorf("Tokens of a new bucket = %v, want 7", got)
	}
	admitted(&b, repeat(0, 5), 7, 1)
	if got := b.Tokens(second/2, 7, 1); got != 2.5 {
		t.Errorf("Tokens after 5 takes and half a second = %v, want 2.5", got)
	}
	if got := b.Tokens(0, 2, 1); got != 0 {
		t.Errorf("Tokens under a lowered limit = %v, want 0", got)
	}
}

func TestGive(t *testing.T) {
	var b Bucket
	if got := b.Give().Tokens(0, 3, 0); got != 3 {
		t.Errorf("a full bucket holds %v of 3 after Give", got)
	}
	admitted(&b, repeat(0, 3), 3, 0)
	b = b.Give()
	if got := admitted(&b, repeat(0, 3), 3, 0); got != 1 {
		t.Errorf("admitted %d after one Give, want 1", got)
	}
}

func BenchmarkTake(b *testing.B) {
	var bucket Bucket
	var now int64
	for b.Loop() {
		now += 1000
		bucket, _ = bucket.Take(now, 200, 100)
	}
}

// Package meter is the arithmetic of usage plans: token buckets and quota windows.
//
// It owns the numbers and nothing else: every function maps values to values, the time is an argument,
// and what is kept between two requests is a Bucket of 16 bytes or one count per day. Who is counted,
// where the counts live and what a refusal looks like is not known here (package counter).
//
// It follows the developer guide, "Throttle requests to your REST APIs" and "Usage plans and API keys":
// a bucket holds burst tokens and is filled with rate tokens a second, each request takes one; a quota is
// a number of requests in a day, week or month that begins at 00:00 UTC.
package meter

// Bucket is the state of a token bucket. It holds the tokens that are missing, not those that are left,
// so the zero value is a full bucket of any size, and a changed limit applies at once while what was taken
// stays taken.
type Bucket struct {
	missing float64
	at      int64 // the time for which missing holds
}

// skew is how far, in nanoseconds, time may run backwards between two calls without the bucket being
// dated back: requests take their time when they arrive and may spend long before they come to the bucket,
// behind a slow authorizer say, and their lateness must not be turned into tokens. A larger step is a clock
// that was set back, which must not stop the refill until it has caught up.
const skew = 5 * 60e9

// Take takes one token at the time now and returns the bucket as it is afterwards; false means that there
// was none and that none was taken, for a refused request costs nothing.
//
// now is in nanoseconds on any clock that does not jump; a jump forward fills the bucket once, a jump back
// gives nothing. burst below one refuses everything; a rate that is not a positive number never refills.
func (b Bucket) Take(now int64, burst int32, rate float64) (Bucket, bool) {
	if now < b.at && b.at-now > skew || now < b.at && b.at-now < 0 {
		b.at = now
	}
	next := b.age(now, rate)
	if size := float64(max(0, burst)); next.missing > size {
		next.missing = size // the limit was lowered: the bucket is empty, not in debt
		b = next
	}
	next.missing++
	// Written so that no limit, however odd, passes by being incomparable. The bucket of a refused request
	// is not aged: many tiny refills would be lost in rounding.
	if !(next.missing <= float64(burst)) {
		return b, false
	}
	return next, true
}

// Give puts one token back, for a request that was admitted here and refused further on.
func (b Bucket) Give() Bucket {
	b.missing = max(0, b.missing-1)
	return b
}

// Tokens is how many tokens the bucket has at the time now.
func (b Bucket) Tokens(now int64, burst int32, rate float64) float64 {
	return max(0, float64(burst)-b.age(now, rate).missing)
}

// age refills the bucket up to now.
func (b Bucket) age(now int64, rate float64) Bucket {
	if now <= b.at {
		return b
	}
	switch passed := now - b.at; {
	case passed < 0: // more than 292 years
		b.missing = 0
	case rate > 0:
		b.missing = max(0, b.missing-float64(passed)*rate/1e9)
	}
	b.at = now
	return b
}

//go:build race

package policy

// raceDetector says that everything takes five times as long.
const raceDetector = true

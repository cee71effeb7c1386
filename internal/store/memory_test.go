package store_test

import (
	"testing"

	"gatehouse/internal/store"
	"gatehouse/internal/store/storetest"
)

func TestMemoryTrims(t *testing.T) {
	storetest.RunTrimmed(t, store.NewMemoryKeeping(100), 100)
}

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.DB { return store.NewMemory() })
}

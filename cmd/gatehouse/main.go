// Command gatehouse gives people Amazon API Gateway's access control without AWS.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"gatehouse/internal/cli"
)

func main() {
	// The live heap is a few megabytes, so that Go's default would collect dozens of times a second under load.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		// The first signal drains; the second one finds the default handling and ends the program at once.
		<-ctx.Done()
		stop()
	}()
	os.Exit(cli.Run(ctx, os.Args[1:], cli.Standard()))
}

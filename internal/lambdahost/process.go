package lambdahost

import (
	"os"
	"syscall"
)

// Command is a process to start for one environment.
type Command struct {
	// Args is the argument vector; Args[0] is an absolute path. There is never a shell in between.
	Args []string
	// Env is the whole environment, "NAME=value".
	Env []string
	// Dir is the working directory, the task root.
	Dir string
	// Stdout and Stderr are the write ends of the log pipes; the starter keeps ownership.
	Stdout, Stderr *os.File
	// MemoryMB is the declared memory size.
	MemoryMB int
	// Mark is a text that occurs in Env of this environment only. It identifies descendants that left
	// the process group.
	Mark string
}

// Exit is how a process ended.
type Exit struct {
	// Code is the exit status when Signal is 0.
	Code int
	// Signal is the signal that ended the process, or 0.
	Signal syscall.Signal
}

// Process is a started Command with everything that it started itself.
type Process interface {
	// PID is the id of the leading process.
	PID() int
	// Terminate asks the processes to end (SIGTERM). It returns at once.
	Terminate()
	// Kill ends the processes (SIGKILL). It returns at once and may be called at any time.
	Kill()
	// Wait returns when the leading process has ended and no other process of the environment is left.
	// It is called once.
	Wait() Exit
}

// Sandbox starts processes. The default one gives every environment a process group of its own, with
// a clean environment; it is no defence against malicious code. Stronger ones (landlock, other user
// ids, namespaces, containers) are further implementations.
type Sandbox interface {
	Start(*Command) (Process, error)
	// Close releases what the sandbox holds; all processes have ended by then.
	Close()
}

//go:build !windows

package hashing

import "syscall"

// Nonblock keeps the opening of a pipe from waiting for its other end. It is a
// flag of os.OpenFile.
const Nonblock = syscall.O_NONBLOCK

// Package filelock locks files against other processes, and other opened files of this
// one. The system drops the lock of a process that ends, however it ends.
package filelock

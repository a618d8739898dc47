// Package hashing opens regular files and takes the sha256 of what is read.
package hashing

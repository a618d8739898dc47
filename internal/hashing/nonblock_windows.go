package hashing

// Nonblock is nothing here: opening does not wait on Windows.
const Nonblock = 0

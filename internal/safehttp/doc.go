// Package safehttp asks addresses that somebody else wrote down, without being led to
// where a machine's own credentials are, and shows them without their secrets.
package safehttp

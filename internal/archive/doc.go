// Package archive judges and unpacks the archives that components come as. Both
// are one walk over the archive, so that what is judged good unpacks.
package archive

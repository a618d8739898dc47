// Package directory is the embedded default of a target: a directory on this
// machine, or one mounted on it.
//
//	<path>/current                    a link to the release in service, switched in one step
//	<path>/current/<component>        a component, as a file
//	<path>/current/<component>/…      a component of kind "archive", unpacked
//	<path>/releases/<version>-<digest>/       releases, the newest few of which are kept
//	<path>/releases/<version>-<digest>.json   what was put there, beside it
//	<path>/.portal.json               the newest epoch and key that has been here
//	<path>/.portal.lock               held by the process at work
//
// What matches ignore_patterns below current counts as somebody else's: it is not
// compared, and goes when its release does. Other files in <path> are left alone. A file system that is not mounted looks
// like an empty directory and cannot be distinguished from one.
package directory

// Package artifact brings the bytes of components: it fetches them from where a
// release says they are, checks their sha256 while reading them once, and keeps
// them in a content-addressed cache. What is deployed is always the copy in the
// cache, so a source that changes between check and use changes nothing.
package artifact

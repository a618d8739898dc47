package sqlite

import "context"

// WithFileSystem sets what names a network file system.
func WithFileSystem(name func(dir string) string) Option {
	return func(e *Engine) { e.fileSystem = name }
}

// Exec runs statements as the owner of the file could.
func (e *Engine) Exec(ctx context.Context, statements string) (changed int64, err error) {
	result, err := e.write.ExecContext(ctx, statements)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Formats is how many formats there are.
func Formats() int { return len(migrations) }

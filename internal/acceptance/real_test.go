package acceptance

var built struct{ dir string }

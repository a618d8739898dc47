package portal

// Projection is the version of the stored state: of the events that the fold knows, of its results
// and of how entities are stored.
//
// Raise it with every change of an event, of a stored entity or of State.Apply, as TestProjection
// checks. The ledger then makes its stored state again from the entries, and builds that know an
// older version refuse to work on it: they would misread what they do not know.
const Projection = 2

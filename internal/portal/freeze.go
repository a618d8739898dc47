package portal

// Freeze blocks regular deployments to stages for a time: from StartsAt, up to but not including
// EndsAt.
type Freeze struct {
	Name     string   `json:"name"`
	Stages   []string `json:"stages,omitempty"` // empty: the final one
	StartsAt Time     `json:"starts_at"`
	EndsAt   Time     `json:"ends_at"`
	Reason   string   `json:"reason"`
}

func (z *Freeze) inForce(at Time) bool { return !at.Before(z.StartsAt) && at.Before(z.EndsAt) }

package portal

import "fmt"

// CheckWithdrawal fails if a request withdraws a fix, or is about a withdrawn one, and declares
// another fix than is recorded: that declaration would never take effect.
func (x *FixState) CheckWithdrawal(w FixWish) error {
	const cure = "Declare it as it is recorded. To replace it, declare a new fix with another name."
	declared := w.canonical()
	changed := x.differsFrom(&declared)
	switch {
	case changed == "approvals_expire_at":
		return nil // a withdrawal needs no approval
	case changed != "" && x.Withdrawal != nil:
		return reject(fmt.Sprintf("emergency fix %s is withdrawn, and its %s cannot change", x.Name, changed), cure)
	case changed != "":
		return reject(fmt.Sprintf("emergency fix %s cannot change its %s while it is withdrawn", x.Name, changed), cure)
	case x.Withdrawal != nil && w.Withdraw != "" && w.Withdraw != x.Withdrawal.Reason:
		return reject(fmt.Sprintf("emergency fix %s is withdrawn for another reason", x.Name), "Recorded is %q, and what is recorded is never rewritten.", x.Withdrawal.Reason)
	}
	return nil
}

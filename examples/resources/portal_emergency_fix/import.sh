# The next plan shows expect, approvals and relative paths as changes: the configuration has them, the record does not. Applying
# it does nothing but note them in the state.
terraform import portal_emergency_fix.links intranet/EF-2026-017

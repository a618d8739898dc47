terraform import portal_emergency_fix.links intranet/EF-2026-017

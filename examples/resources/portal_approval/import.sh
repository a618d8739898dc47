# The id has the number of the ledger entry, as receipt has it.
terraform import portal_approval.jane intranet/42

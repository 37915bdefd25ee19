"""The lab: what researchers see. Nothing here changes the ledger."""

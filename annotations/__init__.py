"""The ledger: who preferred what, and what follows from it. It knows no screen."""
